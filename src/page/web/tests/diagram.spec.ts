// The diagram: what is drawn, what is folded, and that only what is in sight is in the document.

import { expect, test } from "@playwright/test";
import { rowsOf, type Folding } from "../diagram/rows.ts";
import { arrowsIn, geometryOf, indexOf } from "../diagram/geometry.ts";
import { edgeOf } from "../diagram/arrows.tsx";
import { partsOf } from "../diagram/spans.tsx";
import { openPage } from "./open.ts";
import { blocked, long, pageOf, violated } from "./sample.ts";

const PLAIN: Folding = { kinds: new Map(), repeats: false, opened: new Set(), lit: null };

test.describe("rows", () => {
  test("every step has one", () => {
    const run = long(400);
    for (const folding of [
      PLAIN,
      { ...PLAIN, repeats: true },
      { ...PLAIN, kinds: new Map([["Heartbeat", "hide" as const]]) },
      {
        ...PLAIN,
        kinds: new Map(["Heartbeat", "AppendEntries", "Appended"].map((kind) => [kind, "fold" as const])),
      },
    ]) {
      const { rows, of } = rowsOf(run, folding);
      const isBelow = (row: number, step: number) => row >= (of[step - 1] ?? 0) && row < rows.length;
      expect(of.every(isBelow)).toBe(true);
    }
  });

  test("what is quiet of a kind folds, what matters does not", () => {
    const run = long(400);
    const kinds = new Map(["Heartbeat", "AppendEntries", "Appended"].map((kind) => [kind, "fold" as const]));
    const { rows } = rowsOf(run, { ...PLAIN, kinds });
    const steps = rows.flatMap((row) =>
      row.kind === "step" && row.step > 0 ? [run.told[row.step - 1]!] : [],
    );
    expect(steps.length).toBeGreaterThan(2);
    expect(steps.every((told) => told.weight > 0)).toBe(true);
    const fold = rows.find((row) => row.kind === "fold")!;
    expect(fold.kind === "fold" && fold.words).toMatch(
      /^\d+ quiet steps: \d+ AppendEntries, \d+ Appended, \d+ Heartbeat$/,
    );
  });

  test("equal repeats become a line", () => {
    const { rows } = rowsOf(blocked(), { ...PLAIN, repeats: true });
    const folds = rows.filter((row) => row.kind === "fold");
    expect(folds).toMatchObject([{ step: 7, last: 11, words: "P1's Inquiry fires ×5" }]);
  });

  test("a fold that is open keeps its line", () => {
    const { rows, of } = rowsOf(blocked(), { ...PLAIN, repeats: true, opened: new Set([7]) });
    expect(rows[of[7]! - 1]).toMatchObject({ kind: "fold", isOpen: true });
    expect(rows).toHaveLength(13);
  });

  test("lit steps are not folded", () => {
    const { isInside } = rowsOf(blocked(), { ...PLAIN, repeats: true, lit: new Set([9]) });
    expect(isInside[9]).toBe(0);
  });

  test("what was not recorded has a line", () => {
    const run = blocked();
    run.trace.unrecorded = { after: 4, steps: 500 };
    const { rows, of } = rowsOf(run, PLAIN);
    expect(rows[of[4]! + 1]).toEqual({ kind: "gap", step: 4, count: 500 });
    expect(of[5]).toBe(of[4]! + 2);
  });
});

test.describe("places", () => {
  test("time goes down, and rows never stand too close", () => {
    const run = long(200);
    const rows = rowsOf(run, PLAIN);
    const times = [0, ...run.trace.steps.map((_, index) => (index % 7 === 0 ? index * 3 : index * 3 - 2))];
    const { ys } = geometryOf(rows, 5, { width: 900, axis: "time", times });
    for (let row = 1; row < ys.length; row += 1) expect(ys[row]! - ys[row - 1]!).toBeGreaterThanOrEqual(16);
  });

  test("a height is the row that is nearest", () => {
    const geometry = geometryOf(rowsOf(blocked(), PLAIN), 3, { width: 900, axis: "steps", times: null });
    geometry.ys.forEach((y, row) => {
      expect(geometry.rowAt(y)).toBe(row);
      expect(geometry.rowAt(y + 12)).toBe(row);
      expect(geometry.rowAt(y - 12)).toBe(row);
    });
  });

  test("arrows are found by the rows that they cross", () => {
    const run = long(3000);
    const index = indexOf(run, rowsOf(run, PLAIN));
    const all = run.arrows.filter(({ from, to }) => from <= 1500 && to !== undefined && to >= 1480);
    expect(arrowsIn(index, 1480, 1500)).toHaveLength(all.length);
  });

  test("a message ends at the wall that it meets", () => {
    const lanes = [0, 100, 200, 300];
    expect(
      edgeOf(
        [
          [0, 2],
          [0, 3],
        ],
        0,
        3,
        lanes,
      ),
    ).toBe(150);
    expect(edgeOf([[3, 0]], 3, 0, lanes)).toBe(50);
  });

  test("a cut leaves parts, or does not", () => {
    const both = (pairs: [number, number][]) =>
      pairs.flatMap(([a, b]): [number, number][] => [
        [a, b],
        [b, a],
      ]);
    expect(
      partsOf(
        both([
          [0, 2],
          [1, 2],
        ]),
        ["A", "B", "C"],
      ),
    ).toBe("A B | C");
    expect(partsOf(both([[0, 1]]), ["A", "B", "C"])).toBe("");
    expect(partsOf([[0, 1]], ["A", "B"])).toBe("");
  });
});

test("draws what became of each message", async ({ page }, info) => {
  const complaints = await openPage(page, info, pageOf(blocked()), "#1a2b3c4d-0");
  await expect(page.locator("#diagram .arrow.arrived")).toHaveCount(2);
  await expect(page.locator("#diagram .arrow.refused .lost")).toHaveCount(2);
  await expect(page.locator("#diagram .down .hatch")).toHaveCount(1);
  await expect(page.locator("#diagram .holds")).toHaveCount(2);
  await expect(page.locator("#diagram rect.stuck")).toHaveCount(2);
  await expect(page.locator("#diagram .forced")).toHaveCount(2);
  expect(complaints).toEqual([]);
});

test("draws cuts, decisions and what breaks", async ({ page }, info) => {
  await openPage(page, info, pageOf(violated()));
  await expect(page.locator("#diagram .network text")).toHaveText("cut A B | C");
  await expect(page.locator("#diagram .wall")).toHaveCount(1);
  await expect(page.locator("#diagram .pill.commit text")).toHaveText("✓ commit");
  await expect(page.locator("#diagram .pill.abort text")).toHaveText("✗ abort");
  await expect(page.locator("#diagram .line.breaks")).toHaveCount(1);
});

test("the status under a name is that of the selected step", async ({ page }, info) => {
  await openPage(page, info, pageOf(blocked()), "#1a2b3c4d-0");
  const status = page.locator(".head .status");
  await expect(status).toHaveText(["initial", "initial", "initial"]);
  await page.keyboard.press("End");
  await expect(status).toHaveText(["down", "prepared", "prepared"]);
});

test("a click selects a row, and one on a message where it arrives", async ({ page }, info) => {
  await openPage(page, info, pageOf(blocked()));
  await page.locator(".line", { hasText: "C crashes" }).click();
  await expect(page.locator(".line.selected .number")).toHaveText("4");
  await page.locator("#diagram .arrow.arrived .reach").first().dispatchEvent("click");
  await expect(page.locator(".line.selected .number")).toHaveText("2");
});

test("a click opens a fold, Enter closes it", async ({ page }, info) => {
  await openPage(page, info, pageOf(blocked()), "#1a2b3c4d-0");
  const fold = page.locator(".line.fold");
  await expect(fold).toContainText("P1's Inquiry fires ×5");
  await expect(page.locator(".line.step")).toHaveCount(7);
  await fold.click();
  await expect(page.locator(".line.step")).toHaveCount(12);
  await fold.click();
  await expect(page.locator(".line.step")).toHaveCount(7);
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await expect(page.locator(".line.step")).toHaveCount(12);
});

test("kinds can be hidden and shown", async ({ page }, info) => {
  await openPage(page, info, pageOf(blocked()));
  await page.getByRole("button", { name: "kinds" }).click();
  await page.getByLabel("fold equal repeats").uncheck();
  await expect(page.locator(".line.step")).toHaveCount(12);
  await page.getByLabel("hide Inquiry").check();
  await expect(page.locator(".line.step")).toHaveCount(7);
  await page.getByRole("button", { name: "show all" }).click();
  await expect(page.locator(".line.step")).toHaveCount(12);
});

test("a long run begins with what it turns on", async ({ page }, info) => {
  await openPage(page, info, pageOf(long(300)), "#10000000-0");
  await expect(page.locator(".line.fold").first()).toContainText("quiet steps");
  await expect(page.locator(".line.turns").first()).toBeVisible();
  await expect(page.getByRole("button", { name: "kinds (3)" })).toBeVisible();
});

test("what is not lit is dimmed", async ({ page }, info) => {
  await openPage(page, info, pageOf(blocked()), "#1a2b3c4d-5");
  await page.getByRole("tab", { name: "Story" }).click();
  await page.getByRole("button", { name: "Light the past of step 5" }).click();
  await expect(page.locator(".line.step:not(.dim)")).toHaveCount(3);
  await page.keyboard.press("Escape");
  await expect(page.locator(".line.dim")).toHaveCount(0);
});

test("the axis can be time", async ({ page }, info) => {
  await openPage(page, info, pageOf(blocked()), "#1a2b3c4d-0");
  await page.keyboard.press("t");
  await expect(page.getByRole("button", { name: /^Axis: time/ })).toBeVisible();
  await page.keyboard.press("t");
  await expect(page.getByRole("button", { name: /^Axis: steps/ })).toBeVisible();
});

test("a run without times has steps alone", async ({ page }, info) => {
  const run = blocked();
  for (const step of run.trace.steps) delete step.at;
  const complaints = await openPage(page, info, pageOf(run));
  await expect(page.getByRole("button", { name: /^Axis/ })).toHaveCount(0);
  await page.keyboard.press("t");
  expect(complaints).toEqual([]);
});

test("10,000 steps open within a second, and few rows are in the document", async ({ page }, info) => {
  await page.addInitScript(() => {
    const observer = new MutationObserver(() => {
      if (!document.querySelector(".rows [role=option]")) return;
      observer.disconnect();
      // Two frames later it has been painted.
      requestAnimationFrame(() => requestAnimationFrame(() => performance.mark("painted")));
    });
    observer.observe(document, { childList: true, subtree: true });
  });
  /** How long it takes until the page is painted: the fastest of some times, for the machine may do other things. */
  const opening = async (isEnough: (ms: number) => boolean) => {
    const times: number[] = [];
    while (times.length < 4 && !times.some(isEnough)) {
      if (times.length > 0) await page.reload();
      const painted = () => performance.getEntriesByName("painted")[0]?.startTime ?? 0;
      await page.waitForFunction(painted);
      times.push(await page.evaluate(painted));
    }
    info.annotations.push({ type: "opened in ms", description: times.map(Math.round).join(", ") });
    return Math.min(...times);
  };
  // A run of eleven steps says how quick the machine is just now.
  await openPage(page, info, pageOf(blocked()));
  const least = await opening((ms) => ms < 100);
  await page.goto("about:blank");
  const complaints = await openPage(page, info, pageOf(long(10_000)), "#10000000-5000");
  // Within a second, where nothing else is done.
  const most = Math.max(1000, 8 * least);
  expect(await opening((ms) => ms < most)).toBeLessThan(most);

  await page.getByRole("button", { name: /^kinds/ }).click();
  await page.getByLabel("fold equal repeats").uncheck();
  await page.getByRole("button", { name: "show all" }).click();
  await page.keyboard.press("Escape");
  const rows = page.locator(".rows [role=option]");
  expect(await rows.count()).toBeLessThan(300);
  const height = await page.locator(".canvas").evaluate((canvas) => canvas.clientHeight);
  expect(height).toBeGreaterThan(9_000 * 26);
  // A long scroll, in strides that have new rows each time.
  const frames = await page.evaluate(async () => {
    const box = document.querySelector(".scroller")!;
    const measured = async (stride: number) => {
      const frames: number[] = [];
      for (let at = 0; at < 60; at += 1) {
        const before = performance.now();
        box.scrollTop = at * stride;
        await new Promise(requestAnimationFrame);
        await new Promise(requestAnimationFrame);
        frames.push(performance.now() - before);
      }
      return frames.sort((one, other) => one - other);
    };
    return { still: await measured(0), moving: await measured(3700) };
  });
  info.annotations.push({
    type: "two frames of a scroll in ms",
    description: `${frames.still.map(Math.round).join(" ")}, ${frames.moving.map(Math.round).join(" ")}`,
  });
  expect(frames.moving[30]).toBeLessThan(Math.max(150, 4 * frames.still[30]!));
  await expect(page.locator(".line.step").first()).toBeVisible();
  expect(await rows.count()).toBeLessThan(300);
  expect(complaints).toEqual([]);
});

test("on a phone the words stand below the diagram", async ({ page }, info) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await openPage(page, info, pageOf(blocked()), "#1a2b3c4d-4");
  await expect(page.locator(".selected-words")).toHaveText("4 C crashes");
  await expect(page.locator(".bar")).toBeInViewport();
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
});

test("on paper the diagram is whole, and there is no bar", async ({ page }, info) => {
  await openPage(page, info, pageOf(long(150)));
  await page.getByRole("button", { name: /^kinds/ }).click();
  await page.getByLabel("fold equal repeats").uncheck();
  await page.getByRole("button", { name: "show all" }).click();
  await page.emulateMedia({ media: "print" });
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  await expect(page.locator(".bar")).toBeHidden();
  await expect.poll(() => page.locator(".rows [role=option]").count()).toBeGreaterThan(150);
});
