// What stands around the diagram: links, keys, bar, search, filters, and pages of two runs.

import { expect, test } from "@playwright/test";
import { patched, stepOf, numberOf, unpack, millis } from "../data.ts";
import { openPage } from "./open.ts";
import { blocked, long, pageOf, SCRIPT, violated } from "./sample.ts";

const position = (tab: import("@playwright/test").Page) => tab.locator(".position b");

test.describe("data", () => {
  test("a patch replaces, changes members and cuts arrays", () => {
    const before = { a: 1, b: { c: [1, 2, 3] }, gone: true };
    const after = patched(before, { o: { b: { o: { c: { a: [1, 9] } } }, d: { v: null } }, x: ["gone"] });
    expect(after).toEqual({ a: 1, b: { c: [1, 9] }, d: null });
    expect(before.b.c).toEqual([1, 2, 3]);
  });

  test("a patch shares what it does not touch", () => {
    const before = { kept: { deep: [1] }, changed: 1 };
    const after = patched(before, { o: { changed: { v: 2 } } }) as typeof before;
    expect(after.kept).toBe(before.kept);
  });

  test("a member may be called __proto__", () => {
    const patch = JSON.parse('{"o":{"__proto__":{"v":{"polluted":true}}}}');
    const after = patched({}, patch) as object;
    expect(Object.keys(after)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(after)).toBe(Object.prototype);
  });

  test("each record is whole", () => {
    const [first] = unpack(blocked().trace);
    expect(first!.steps).toEqual([0, 1, 4]);
    expect(first!.records.map((record) => record.status)).toEqual(["initial", "collecting", "down"]);
    expect(first!.records[1]!.state).toEqual({ phase: "Initial" });
    expect(first!.records[2]!.state).toBeNull();
  });

  test("numbers jump over what was not recorded", () => {
    const trace = { ...blocked().trace, unrecorded: { after: 3, steps: 1000 } };
    expect([3, 4].map((step) => numberOf(trace, step))).toEqual([3, 1004]);
    expect([3, 500, 1004].map((number) => stepOf(trace, number))).toEqual([3, 3, 4]);
  });

  test("times have units", () => {
    expect(["0ms", "1.5s", "250us", "7ns"].map(millis)).toEqual([0, 1500, 0.25, 7e-6]);
    expect(millis(undefined)).toBeUndefined();
  });
});

test("opens at the end of a run that is stuck, and says so", async ({ page }, info) => {
  const complaints = await openPage(page, info, pageOf(blocked()));
  await expect(page.locator(".verdict")).toContainText("P1 is blocked");
  await expect(position(page)).toHaveText("11");
  await expect(page.locator(".pill.stuck-end")).toHaveCount(2);
  expect(complaints).toEqual([]);
});

test("opens where a run breaks", async ({ page }, info) => {
  await openPage(page, info, pageOf(violated()));
  await expect(position(page)).toHaveText("4");
  await expect(page.locator(".line.selected")).toContainText("atomicity breaks");
});

test("a name that is markup stays text", async ({ page }, info) => {
  const complaints = await openPage(page, info, { ...pageOf(blocked()), title: SCRIPT });
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(SCRIPT);
  await expect(page.locator(".head .name").nth(2)).toHaveText(SCRIPT);
  expect(await page.title()).toBe(SCRIPT);
  expect(complaints).toEqual([]);
});

test("the address names the step, and a link selects it", async ({ page }, info) => {
  await openPage(page, info, pageOf(blocked()), "#1a2b3c4d-4");
  await expect(position(page)).toHaveText("4");
  await expect(page.locator(".line.selected")).toContainText("C crashes");
  await page.keyboard.press("j");
  await expect.poll(() => new URL(page.url()).hash).toBe("#1a2b3c4d-5");
  await page.evaluate(() => (location.hash = "#1a2b3c4d-2"));
  await expect(position(page)).toHaveText("2");
});

test("a link of another run is called so", async ({ page }, info) => {
  await openPage(page, info, pageOf(blocked()), "#00000000-4");
  await expect(page.getByRole("alert")).toContainText("made for another run");
  await expect(position(page)).toHaveText("11");
  await page.getByRole("button", { name: "close" }).click();
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("a step beyond the end is the end", async ({ page }, info) => {
  await openPage(page, info, pageOf(blocked()), "#1a2b3c4d-999");
  await expect(position(page)).toHaveText("11");
});

test("keys walk and jump", async ({ page }, info) => {
  await openPage(page, info, pageOf(blocked()));
  const presses: [string, string][] = [
    ["Home", "0"],
    ["ArrowDown", "1"],
    ["j", "2"],
    ["k", "1"],
    ["n", "4"],
    ["f", "4"],
    ["End", "11"],
    ["p", "4"],
  ];
  for (const [key, step] of presses) {
    await page.keyboard.press(key);
    await expect(position(page), key).toHaveText(step);
  }
});

test("keys find decisions and violations", async ({ page }, info) => {
  await openPage(page, info, pageOf(violated()));
  await page.keyboard.press("Home");
  await page.keyboard.press("d");
  await expect(position(page)).toHaveText("2");
  await page.keyboard.press("v");
  await expect(position(page)).toHaveText("4");
  await page.getByRole("button", { name: "Next fault" }).click();
  await expect(position(page)).toHaveText("3");
});

test("what there is none of cannot be jumped to", async ({ page }, info) => {
  await openPage(page, info, pageOf(blocked()));
  await expect(page.getByRole("button", { name: "Next violation, 0 in this run" })).toBeDisabled();
});

test("the help lists the keys", async ({ page }, info) => {
  await openPage(page, info, pageOf(blocked()));
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Signs in this run, and keys" });
  await expect(help).toBeVisible();
  await expect(help).toContainText("next or previous fault");
  await page.keyboard.press("Escape");
  await expect(help).toBeHidden();
});

test("w opens why it came to this, or its story, and arrows go from tab to tab", async ({ page }, info) => {
  await openPage(page, info, pageOf(blocked()));
  await page.keyboard.press("w");
  await expect(page.getByRole("tab", { name: "Story" })).toBeFocused();
  await expect(page.getByRole("tab", { name: "Story" })).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("ArrowRight");
  await expect(page.getByRole("tab", { name: "State over time" })).toBeFocused();
  await expect(page.getByRole("tabpanel")).toHaveAttribute("id", "panel-table");
});

test("the scrubber goes anywhere", async ({ page }, info) => {
  await openPage(page, info, pageOf(blocked()));
  const scrubber = page.getByRole("slider", { name: "Step of the run" });
  await scrubber.fill("3");
  await expect(position(page)).toHaveText("3");
  await scrubber.focus();
  await page.keyboard.press("ArrowRight");
  await expect(position(page)).toHaveText("4");
});

test("it plays to the end and stops", async ({ page }, info) => {
  await openPage(page, info, pageOf(violated()), "#aaaaaaaa-0");
  await page.getByLabel("Steps in a second").selectOption("10");
  await page.getByRole("button", { name: "Play" }).click();
  await expect(position(page)).toHaveText("4");
  await expect(page.getByRole("button", { name: "Play" })).toBeVisible();
});

test("the search marks and finds", async ({ page }, info) => {
  await openPage(page, info, pageOf(blocked()), "#1a2b3c4d-0");
  await page.keyboard.press("/");
  await page.keyboard.type("is lost");
  await expect(page.locator(".hits")).toHaveText("2 hits");
  await expect(page.locator(".line.hit")).toHaveCount(2);
  await page.keyboard.press("Enter");
  await expect(position(page)).toHaveText("5");
  await page.keyboard.press("Enter");
  await expect(position(page)).toHaveText("6");
  await page.keyboard.press("Shift+Enter");
  await expect(position(page)).toHaveText("5");
});

test("a hit in a fold opens it", async ({ page }, info) => {
  await openPage(page, info, pageOf(long(300)), "#10000000-1");
  await page.keyboard.press("/");
  await page.keyboard.type("S3 gets AppendEntries");
  await page.keyboard.press("Enter");
  await expect(page.locator(".line.step.selected")).toContainText("S3 gets AppendEntries");
});

test("the selected step is announced", async ({ page }, info) => {
  await openPage(page, info, pageOf(blocked()), "#1a2b3c4d-3");
  await page.keyboard.press("j");
  await expect(page.locator("[aria-live=polite]")).toHaveText("Step 4: C crashes");
});

test("colours can be chosen", async ({ page }, info) => {
  await page.emulateMedia({ colorScheme: "dark" });
  await openPage(page, info, pageOf(blocked()));
  const theme = () => page.evaluate(() => document.documentElement.dataset["theme"]);
  expect(await theme()).toBe("dark");
  const button = page.getByRole("button", { name: /^Colours/ });
  await button.click();
  await button.click();
  expect(await theme()).toBe("light");
});

test.describe("several runs, one at a time", () => {
  const several = () => {
    const { beside, ...one } = pageOf(blocked(), violated());
    return one;
  };

  test("the first is shown, and another can be chosen", async ({ page }, info) => {
    const complaints = await openPage(page, info, several());
    await expect(page.locator("section.diagram")).toHaveCount(1);
    await expect(page.locator(".head .name").first()).toHaveText("C");
    const choice = page.getByRole("combobox", { name: "Run 1 of 2" });
    await choice.selectOption({ label: "violated" });
    await expect(page.locator(".head .name").first()).toHaveText("A");
    await expect(page.getByText("Run 2 of 2")).toBeVisible();
    await expect.poll(() => new URL(page.url()).hash).toBe("#aaaaaaaa-4");
    expect(complaints).toEqual([]);
  });

  test("a link chooses the run that it names", async ({ page }, info) => {
    await openPage(page, info, several(), "#aaaaaaaa-2");
    await expect(page.locator("section.diagram")).toHaveCount(1);
    await expect(page.locator(".head .name").first()).toHaveText("A");
    await expect(position(page)).toHaveText("2");
  });

  test("a run that is alone has no choice", async ({ page }, info) => {
    await openPage(page, info, pageOf(blocked()));
    await expect(page.locator(".top select")).toHaveCount(0);
  });
});

test.describe("two runs", () => {
  const pair = () => {
    const other = { ...violated(), id: "bbbbbbbb", name: "the other" };
    const side = { words: "", event: "" };
    const nothing = { both: [], only: [[], []] as [string[], string[]] };
    return {
      ...pageOf(violated(), other),
      diff: {
        "in-common": 2,
        parting: {
          step: 3,
          by: "event" as const,
          runs: [side, side] as [typeof side, typeof side],
          why: [],
          nodes: [],
          "in-flight": nothing,
          cuts: nothing,
        },
        ends: [
          { steps: 4, sentences: [] },
          { steps: 4, sentences: [] },
        ] as [never, never],
      },
    };
  };
  const rows = (tab: import("@playwright/test").Page, diagram: string) =>
    tab.locator(`#${diagram} .line.selected .number`);

  test("stand side by side and move together while they are one", async ({ page }, info) => {
    const complaints = await openPage(page, info, pair());
    await page.keyboard.press("Home");
    await expect(rows(page, "other-diagram")).toHaveText("0");
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await expect(rows(page, "diagram")).toHaveText("2");
    await expect(rows(page, "other-diagram")).toHaveText("2");
    await page.keyboard.press("j");
    await expect(rows(page, "diagram")).toHaveText("3");
    await expect(rows(page, "other-diagram")).toHaveText("2");
    expect(complaints).toEqual([]);
  });

  test("the keys act on the one that was clicked, or chosen with o", async ({ page }, info) => {
    await openPage(page, info, pair());
    await page.keyboard.press("o");
    await page.keyboard.press("j");
    await expect(rows(page, "diagram")).toHaveText("3");
    await expect(rows(page, "other-diagram")).toHaveText("4");
    await page.locator("#diagram .line", { hasText: "C's Silence" }).first().click();
    await expect(rows(page, "diagram")).toHaveText("4");
    await page.keyboard.press("k");
    await expect(rows(page, "diagram")).toHaveText("3");
    await expect(rows(page, "other-diagram")).toHaveText("4");
  });

  test("a link names both steps", async ({ page }, info) => {
    await openPage(page, info, pair(), "#aaaaaaaa-3+bbbbbbbb-4");
    await expect(rows(page, "diagram")).toHaveText("3");
    await expect(rows(page, "other-diagram")).toHaveText("4");
  });

  test("both begin where they part, and it is marked", async ({ page }, info) => {
    await openPage(page, info, pair());
    for (const diagram of ["diagram", "other-diagram"]) {
      await expect(rows(page, diagram)).toHaveText("3");
      await expect(page.locator(`#${diagram} .line.parts`)).toContainText("they part here");
    }
    await expect(page.getByRole("tab", { name: "Where they part" })).toHaveAttribute("aria-selected", "true");
  });

  test("names are told without folders, and without what they have in common", async ({ page }, info) => {
    const name = "/home/somebody/of/a/long/name/mine.json, seed";
    const [one, other] = pair().runs;
    const runs = [
      { ...one!, name: `${name} 1` },
      { ...other!, name: `${name} 2` },
    ];
    await openPage(page, info, { ...pair(), title: `2pc · ${name} 1 | ${name} 2`, runs });
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(
      "2pc · mine.json, seed 1 | mine.json, seed 2",
    );
    await expect(page.locator(".run-head h2")).toHaveText(["Aseed 1", "Bseed 2"]);
  });

  test("on a phone they stand one below the other", async ({ page }, info) => {
    await page.setViewportSize({ width: 390, height: 844 });
    await openPage(page, info, pair());
    const [one, other] = await Promise.all(
      ["#diagram", "#other-diagram"].map((id) => page.locator(id).boundingBox()),
    );
    expect(one!.height).toBeGreaterThan(150);
    expect(other!.height).toBeGreaterThan(150);
    expect(other!.y).toBeGreaterThan(one!.y + one!.height);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  });

  test("one can be shown alone", async ({ page }, info) => {
    await openPage(page, info, pair());
    await page.getByLabel("Run at the right").selectOption({ label: "alone" });
    await expect(page.locator("#other-diagram")).toHaveCount(0);
    await expect(page.locator("#diagram")).toHaveCount(1);
  });
});
