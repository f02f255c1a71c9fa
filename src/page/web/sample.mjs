// Puts the data of a page into it, as the program does: `npm run sample DATA.json OUT.html`.

import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { filled } from "./fill.mjs";

const [from, to] = process.argv.slice(2);
if (!from || !to) {
  console.error("usage: npm run sample DATA.json OUT.html");
  process.exit(2);
}
const here = dirname(fileURLToPath(import.meta.url));
const page = await readFile(join(here, "../page.html"), "utf8");
await writeFile(to, filled(page, JSON.parse(await readFile(from, "utf8"))));
