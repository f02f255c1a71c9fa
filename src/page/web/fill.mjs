// What the program does to a page before it writes it.

import { gzipSync } from "node:zlib";

/** The page with this data in it. */
export function filled(page, data) {
  const title = data.title.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  const packed = gzipSync(JSON.stringify(data)).toString("base64");
  return page.replace("JURY_TITLE", () => title).replace("JURY_DATA", () => packed);
}
