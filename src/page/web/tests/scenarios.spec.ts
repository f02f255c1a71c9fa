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
  test.setTimeout(600_000);
  const all = await readdir(folder!, { recursive: true });
  const files = all.filter((file) => file.endsWith(".html")).sort();
  expect(files.length).toBeGreaterThan(0);
  const complaints: string[] = [];
  const counts = { drawn: 0, empty: 0, list: 0, missing: 0 };
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
      await tab.goto(pathToFileURL(join(folder!, file)).href, { waitUntil: "domcontentloaded" });
      const what = await shown(tab);
      if (what === "missing") complaints.push(`${file}: no diagram is drawn`);
      counts[what] += 1;
    }
  };
  await Promise.all(Array.from({ length: TABS }, work));
  expect(complaints).toEqual([]);
  // Nearly all pages of a site have a run.
  expect(counts.drawn).toBeGreaterThan(0.9 * files.length);
});

/** What a page shows: the site's own lists have no data, and a scenario whose search found nothing to show says so. */
async function shown(tab: Tab): Promise<"drawn" | "empty" | "list" | "missing"> {
  if ((await tab.locator("#data").count()) === 0) return "list";
  const row = tab.locator("#diagram [role=option]");
  const nothing = tab.getByText("There is no run in this page.");
  try {
    await row.or(nothing).first().waitFor({ timeout: 30_000 });
  } catch {
    return "missing";
  }
  return (await row.count()) > 0 ? "drawn" : "empty";
}
