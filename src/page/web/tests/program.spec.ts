// The page and the program write the same: JURY is the program, and JURY_PAGES a folder that its `site` made.

import { execFile } from "node:child_process";
import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "@playwright/test";
import { load, type Page } from "../data.ts";
import { itf } from "../exports/itf.ts";
import { mermaid } from "../exports/mermaid.ts";
import { shiviz } from "../exports/shiviz.ts";

const program = process.env["JURY"];
const folder = process.env["JURY_PAGES"];
const run = promisify(execFile);

const FORMATS = { mermaid, shiviz, itf };

/** The data of a page; nothing if it has none, as the site's own lists. */
async function dataOf(file: string): Promise<Page | null> {
  const html = await readFile(file, "utf8");
  const found = /<script id="data"[^>]*>([^<]*)<\/script>/.exec(html);
  const data = found && (await load(found[1]!));
  return data && data.runs.length > 0 ? data : null;
}

/** The smallest page of each folder, and the largest. */
async function some(): Promise<string[]> {
  const all = await readdir(folder!, { recursive: true });
  const folders = new Map<string, { file: string; size: number }[]>();
  for (const file of all.filter((file) => file.endsWith(".html")).sort()) {
    const { size } = await stat(join(folder!, file));
    const of = folders.get(dirname(file)) ?? [];
    folders.set(dirname(file), [...of, { file, size }]);
  }
  return [...folders.values()].flatMap((of) => {
    of.sort((one, other) => one.size - other.size);
    return [...new Set([of[0]!.file, of.at(-1)!.file])];
  });
}

test("the program exports what the page does, byte by byte", async () => {
  test.skip(!program || !folder, "JURY and JURY_PAGES name no program and no folder of its pages");
  test.setTimeout(240_000);
  let compared = 0;
  const protocols = new Set<string>();
  for (const file of await some()) {
    const path = join(folder!, file);
    const data = await dataOf(path);
    if (!data) continue;
    const [first] = data.runs;
    protocols.add(first!.trace.protocol);
    for (const [format, write] of Object.entries(FORMATS)) {
      const { stdout } = await run(program!, ["export", path, "--format", format], { maxBuffer: 1 << 30 });
      // A whole text of megabytes as a difference would say nothing.
      const [here, there] = [write(first!).split("\n"), stdout.split("\n")];
      const apart = here.findIndex((line, at) => line !== there[at]);
      const where = `${file} as ${format}, line ${apart + 1}`;
      if (apart >= 0) expect(here[apart]!.slice(0, 2000), where).toBe((there[apart] ?? "").slice(0, 2000));
      expect(there.length, `lines of ${file} as ${format}`).toBe(here.length);
      compared += 1;
    }
  }
  expect(compared).toBeGreaterThanOrEqual(36);
  expect(protocols.size).toBeGreaterThanOrEqual(5);
});

test("a picture in dots is drawn by a browser, twice as large as its lines", async ({ page }, info) => {
  test.skip(!program || !folder, "JURY and JURY_PAGES name no program and no folder of its pages");
  const [file] = await some();
  const path = join(folder!, file!);
  const to = info.outputPath("run.png");
  const env = { ...process.env, JURY_BROWSER: process.env["CHROMIUM"] ?? "/usr/bin/chromium" };
  await run(program!, ["export", path, "--format", "png", "-o", to], { env });
  const { stdout: svg } = await run(program!, ["export", path, "--format", "svg"]);
  const [, width, height] = /width="(\d+)" height="(\d+)" role/.exec(svg)!;
  const png = await readFile(to);
  const sizes = await page.evaluate(async (data) => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob());
    return [image.width, image.height];
  }, png.toString("base64"));
  expect(sizes).toEqual([2 * Number(width), 2 * Number(height)]);
});
