// Bundles the page into one file, with nothing to load: `../page.html`, which the program carries and puts runs into.
//
// Invariant: the same sources give the same bytes. `JURY_TITLE` and `JURY_DATA` are left for the program to replace.

import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
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
});

const text = (ending) => bundled.outputFiles.find((file) => file.path.endsWith(ending)).text.trim();
const script = text(".js");
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
await writeFile(join(here, "../page.html"), page);
console.log(`page.html: ${(bytes / 1000).toFixed(1)} kB`);
