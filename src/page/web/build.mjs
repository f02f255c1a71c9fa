// Bundles the page into one file, with nothing to load: `../page.html`, which the program carries and puts runs into.
//
// usage: node build.mjs [OUT.html]
//
// Invariant: the same sources give the same bytes. `JURY_TITLE` and `JURY_DATA` are left for the program to replace.

import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "../page.html");
const BYTES_MAX = 300_000;

const bundled = await build({
  absWorkingDir: here,
  entryPoints: ["main.tsx"],
  outdir: "out",
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022"],
  charset: "utf8",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  write: false,
  metafile: true,
});

/** The licences of what is bundled: they ask to be kept with it. */
async function licences() {
  const found = Object.keys(bundled.metafile.inputs).map(
    (input) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1],
  );
  const packages = new Map();
  for (const name of [...new Set(found)].filter((name) => name !== undefined).sort()) {
    const licence = (await readFile(join(here, "node_modules", name, "LICENSE"), "utf8")).trim();
    packages.set(licence, [...(packages.get(licence) ?? []), name]);
  }
  const texts = [...packages].map(([licence, names]) => `In here: ${names.join(", ")}\n\n${licence}`);
  return `/*!\n${texts.join("\n\n").replaceAll("*/", "* /")}\n*/`;
}

const text = (ending) => bundled.outputFiles.find((file) => file.path.endsWith(ending)).text.trim();
const script = `${text(".js")}\n${await licences()}`;
const style = text(".css");
const hash = createHash("sha256").update(script).digest("base64");
// Nothing may be loaded, and no script may run but this one. Styles may be inline, for what is drawn carries widths
// and places.
const policy = [
  "default-src 'none'",
  `script-src 'sha256-${hash}'`,
  "style-src 'unsafe-inline'",
  "img-src data: blob:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const parts = { JURY_POLICY: policy, JURY_STYLE: style, JURY_SCRIPT: script, JURY_DATA: "JURY_DATA" };
const template = await readFile(join(here, "index.html"), "utf8");
// A part stands alone, without the blanks that the template has around it: they would count in the hash.
const page = template
  .replace(/>\s+(JURY_[A-Z]+)\s+</g, ">$1<")
  .replace(/JURY_(POLICY|STYLE|SCRIPT|DATA)/g, (name) => parts[name]);

for (const name of ["JURY_TITLE", "JURY_DATA"]) {
  const found = page.split(name).length - 1;
  if (found !== 1) throw new Error(`${name} must stand in the page once, and does so ${found} times`);
}
const bytes = Buffer.byteLength(page);
if (bytes > BYTES_MAX) throw new Error(`the page has ${bytes} bytes, and may have ${BYTES_MAX}`);
await writeFile(out, page);
console.log(`page.html: ${(bytes / 1000).toFixed(1)} kB`);
