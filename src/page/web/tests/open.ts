// Opens pages as a reader does: from files.

import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, type Page as Tab, type TestInfo } from "@playwright/test";
import type { Page } from "../data.ts";
import { filled } from "../fill.mjs";

const template = join(dirname(fileURLToPath(import.meta.url)), "../../page.html");

/** Opens a page with these data. What the browser complains about fails the test. */
export async function openPage(tab: Tab, info: TestInfo, data: Page, hash = ""): Promise<string[]> {
  const complaints: string[] = [];
  tab.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  tab.on("pageerror", (error) => complaints.push(error.message));
  tab.on("dialog", (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  const file = info.outputPath("page.html");
  await writeFile(file, filled(await readFile(template, "utf8"), data));
  await tab.goto(`file://${file}${hash}`);
  await expect(tab.locator(".rows [role=option]").first()).toBeVisible();
  return complaints;
}
