// An accessibility checker finds nothing serious, in any panel.

import { AxeBuilder } from "@axe-core/playwright";
import { expect, test, type Page as Tab } from "@playwright/test";
import { everything, pair } from "./everything.ts";
import { openPage } from "./open.ts";
import { pageOf } from "./sample.ts";

const PANELS = ["What happened", "Why", "State over time", "Operations", "Transcript", "Scenario"];

const SCREENS = [
  { name: "desktop", size: { width: 1280, height: 800 }, colours: "light" },
  { name: "desktop, dark", size: { width: 1280, height: 800 }, colours: "dark" },
  { name: "phone", size: { width: 390, height: 844 }, colours: "light" },
  { name: "phone, dark", size: { width: 390, height: 844 }, colours: "dark" },
] as const;

/** What is serious or critical: which rule, and where. */
async function findings(page: Tab, within = "html"): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).include(within).analyze();
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  return serious.flatMap(({ id, nodes }) =>
    nodes.map(({ target, html }) => `${id}: ${target.join(" ")} ${html}`),
  );
}

for (const { name, size, colours } of SCREENS) {
  test(`nothing serious on ${name}`, async ({ page }, info) => {
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme: colours, reducedMotion: "reduce" });
    await openPage(page, info, pageOf(everything()));
    expect(await findings(page)).toEqual([]);
    for (const panel of PANELS) {
      await page.getByRole("tab", { name: panel }).click();
      expect(await findings(page, "[role=tabpanel]"), panel).toEqual([]);
    }
    await page.getByRole("button", { name: "Export" }).click();
    expect(await findings(page, "header"), "exports").toEqual([]);
  });

  // What colours two runs have of their own they have on any screen.
  if (name === "desktop, dark" || name === "phone")
    test(`nothing serious with two runs on ${name}`, async ({ page }, info) => {
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme: colours, reducedMotion: "reduce" });
      await openPage(page, info, pair());
      expect(await findings(page)).toEqual([]);
    });
}

test("nothing serious while steps are dimmed", async ({ page }, info) => {
  await openPage(page, info, pageOf(everything()));
  await page.getByRole("button", { name: "Light the past", exact: true }).click();
  expect(await findings(page)).toEqual([]);
});

test("every panel has a heading, and every link and button a name", async ({ page }, info) => {
  await openPage(page, info, pageOf(everything()));
  for (const panel of PANELS) {
    await page.getByRole("tab", { name: panel }).click();
    await expect(page.getByRole("tabpanel").getByRole("heading", { level: 2 })).toHaveCount(1);
    for (const control of await page.getByRole("tabpanel").locator("a, button").all()) {
      await expect(control).toHaveAccessibleName(/./);
    }
  }
});
