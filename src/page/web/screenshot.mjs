// Takes a picture of a page as a reader opens it: `npm run screenshot -- PAGE.html OUT.png`.
//
// Of its colours the 256 most frequent are kept, for that takes a third of the bytes and nobody sees it.

import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { deflateSync } from "node:zlib";
import { chromium } from "@playwright/test";
import { launchOptions, viewport } from "./browser.mjs";

const [from, to] = process.argv.slice(2);
if (!from || !to) {
  console.error("usage: npm run screenshot -- PAGE.html OUT.png");
  process.exit(2);
}
// Where it was called, and not where this file is.
const place = (path) => resolve(process.env["INIT_CWD"] ?? ".", path);
const browser = await chromium.launch({ ...launchOptions });
try {
  const page = await browser.newPage({ viewport, colorScheme: "light" });
  await page.goto(pathToFileURL(place(from)).href);
  await page.locator("#diagram [role=option]").first().waitFor();
  // What is selected has come into sight two frames later.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  const picture = await page.screenshot({ animations: "disabled", caret: "hide" });
  const blank = await browser.newPage();
  const pixels = await blank.evaluate(pixelsOf, picture.toString("base64"));
  await writeFile(place(to), png(viewport, pixels));
} finally {
  await browser.close();
}

/** Runs in a browser: the colours of a picture, row by row, as numbers. */
async function pixelsOf(base64) {
  const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
  const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  const pixels = [];
  for (let at = 0; at < data.length; at += 4) {
    pixels.push((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
  }
  return pixels;
}

function png({ width, height }, pixels) {
  const counts = new Map();
  for (const colour of pixels) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const palette = [...counts]
    .sort((one, other) => other[1] - one[1])
    .slice(0, 256)
    .map(([colour]) => colour);
  const nearest = new Map(
    [...counts.keys()].map((colour) => {
      const distances = palette.map((other) => distance(colour, other));
      return [colour, distances.indexOf(Math.min(...distances))];
    }),
  );
  const rows = Buffer.alloc((width + 1) * height);
  pixels.forEach((colour, at) => {
    rows[Math.floor(at / width) * (width + 1) + 1 + (at % width)] = nearest.get(colour);
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // Eight bits for each pixel, which name a colour.
  header.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("PLTE", Buffer.from(palette.flatMap(parts))),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function parts(colour) {
  return [colour >> 16, (colour >> 8) & 255, colour & 255];
}

function distance(one, other) {
  const [here, there] = [parts(one), parts(other)];
  return here.reduce((sum, part, at) => sum + (part - there[at]) ** 2, 0);
}

function chunk(name, content) {
  const named = Buffer.concat([Buffer.from(name), content]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc(named));
  return Buffer.concat([length, named, check]);
}

/** The sum that a PNG has behind each chunk. */
function crc(bytes) {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}
