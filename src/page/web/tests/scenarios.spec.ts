// Every page of a folder opens without a complaint: JURY_PAGES names one that `jury site` made.

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test, type Page as Tab } from "@playwright/test";

const folder = process.env["JURY_PAGES"];
/** So many pages are open at once. */
const TABS = 6;

test("every page of the site opens without a complaint", async ({ browser }) => {
  test.skip(!folder, "JURY_PAGES names no folder");
  test.setTimeout(120_000);
  const all = await readdir(folder!, { recursive: true });
  const files = all.filter((file) => file.endsWith(".html")).sort();
  expect(files.length).toBeGreaterThan(0);
  const complaints: string[] = [];
  const context = await browser.newContext();
  let next = 0;
  const work = async () => {
    const tab = await context.newPage();
    let file = "";
    tab.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(`${file}: ${message.text()}`);
    });
    tab.on("pageerror", (error) => complaints.push(`${file}: ${error.message}`));
    for (; next < files.length;) {
      file = files[next++]!;
      await tab.goto(pathToFileURL(join(folder!, file)).href, { waitUntil: "commit" });
      const sought = await shown(tab);
      if (sought) complaints.push(`${file}: ${sought}`);
    }
  };
  await Promise.all(Array.from({ length: TABS }, work));
  expect(complaints).toEqual([]);
});

/** What is missing in a page of a scenario; the site's own lists have no data, and a scenario whose search found
 * nothing to show says so. */
async function shown(tab: Tab): Promise<string | undefined> {
  if ((await tab.locator("#data").count()) === 0) return undefined;
  const row = tab.locator("#diagram [role=option]");
  const nothing = tab.getByText("There is no run in this page.");
  try {
    await row.or(nothing).first().waitFor({ timeout: 5000 });
    return undefined;
  } catch {
    return "no diagram is drawn";
  }
}
