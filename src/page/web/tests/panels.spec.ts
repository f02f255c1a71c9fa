// The panels: each says what it should, and its links go where they say.

import { expect, test, type Page as Tab } from "@playwright/test";
import type { Operations } from "../data.ts";
import { chart } from "../panels/intervals.ts";
import { inFlight } from "../panels/messages.ts";
import { changes, inline, lines, named, same } from "../panels/values.ts";
import { everything, pair } from "./everything.ts";
import { openPage } from "./open.ts";
import { blocked, long, pageOf, SCRIPT } from "./sample.ts";

const NAMES = ["C", "P1", "P2"];

test.describe("values", () => {
  test("ids are names, where they stand alone", () => {
    expect(named("Id(2) hears Id(0), not MyId(1) nor Id(9)", NAMES)).toBe(
      "P2 hears C, not MyId(1) nor Id(9)",
    );
  });

  test("values are said in a line", () => {
    expect(inline({ Prepared: { asked: ["Id(1)"] } }, NAMES)).toBe("Prepared {asked: [P1]}");
    expect(inline([null, "", 1, true, { "Id(0)": 2, b: {} }], NAMES)).toBe(
      "[none, “”, 1, true, {C: 2, b: {}}]",
    );
  });

  test("only what has changed is told, by its place", () => {
    const before = {
      Server: { term: 1, votes: ["Id(1)"], log: [{ term: 1 }], next: { "Id(2)": 1 }, kept: [1] },
    };
    const after = {
      Server: { term: 2, votes: ["Id(1)", "Id(2)"], log: [], next: { "Id(2)": 4 }, kept: [1], more: 1 },
    };
    expect(changes(before, after, NAMES)).toEqual([
      { place: "term", was: "1", is: "2" },
      { place: "votes", was: "[P1]", is: "[P1, P2]" },
      { place: "log[0]", was: "{term: 1}" },
      { place: "next.P2", was: "1", is: "4" },
      { place: "more", is: "1" },
    ]);
    expect(changes(after, after, NAMES)).toEqual([]);
    expect(changes(null, ["Prepared"], NAMES)).toEqual([{ place: "", was: "none", is: "[Prepared]" }]);
  });

  test("two variants are not compared member by member", () => {
    const [was, is] = [{ phase: { Working: { vote: "Yes" } } }, { phase: { Prepared: { asked: [] } } }];
    expect(changes(was, is, NAMES)).toEqual([
      { place: "phase", was: "Working {vote: Yes}", is: "Prepared {asked: []}" },
    ]);
  });

  test("what is long takes several lines", () => {
    const told = lines({ Server: { log: ["a".repeat(30), "b".repeat(30)], term: 1 } }, NAMES);
    expect(told.map(({ depth, text }) => `${depth} ${text}`)).toEqual([
      "0 Server:",
      "1 log:",
      `2 · ${"a".repeat(30)}`,
      `2 · ${"b".repeat(30)}`,
      "1 term: 1",
    ]);
    expect(same({ a: [1, { b: null }] }, { a: [1, { b: null }] })).toBe(true);
    expect(same({ a: 1 }, { b: 1 })).toBe(false);
  });
});

test.describe("messages and operations", () => {
  test("what is in flight has been sent and has not come to its end", () => {
    const run = everything();
    const flying = (step: number) => inFlight(run, step).map(({ src, dst, from }) => [src, dst, ...from]);
    expect(flying(0)).toEqual([]);
    expect(flying(1)).toEqual([
      [0, 1, 1],
      [0, 2, 1],
    ]);
    expect(flying(3)).toEqual([
      [0, 2, 1, 3],
      [1, 0, 2],
    ]);
    expect(flying(13)).toEqual([]);
  });

  test("points of an order stand in that order, each within its operation", () => {
    const list = [
      { client: 5, asked: "a", answer: "1", from: 1, until: 9 },
      { client: 5, asked: "b", answer: "1", from: 9, until: 12 },
      { client: 6, asked: "c", answer: "1", from: 2, until: 3 },
      { client: 6, asked: "d", from: 4 },
      { client: 6, asked: "e", answer: "1", from: 5, until: 10 },
    ];
    const operations: Operations = { list, order: [2, 3, 0, 4, 1] };
    const { lanes, columns, steps } = chart(operations);
    expect(columns).toBe(10);
    expect(steps).toEqual([1, 2, 3, 4, 5, 9, 9, 10, 12, 12]);
    expect(lanes.map(({ client, rows }) => [client, rows])).toEqual([
      [5, 1],
      [6, 2],
    ]);
    const placed = lanes.flatMap((lane) => lane.placed).sort((a, b) => a.at - b.at);
    const points = operations.order!.map((at) => placed[at]!.point!);
    expect(points.map(({ nth }) => nth)).toEqual([1, 2, 3, 4, 5]);
    points.reduce((before, { x }) => (expect(x).toBeGreaterThan(before), x), -1);
    for (const { from, until, point } of placed) {
      expect(point!.x).toBeGreaterThan(from);
      expect(point!.x).toBeLessThan(until);
    }
    // An answer comes before the question of the same step.
    expect(placed[0]!.until).toBe(placed[1]!.from - 1);
  });
});

const tab = (page: Tab, name: string) => page.getByRole("tab", { name }).click();
const position = (page: Tab) => page.locator(".position b");

test("a step is told in full", async ({ page }, info) => {
  const complaints = await openPage(page, info, pageOf(everything()), "#1a2b3c4d-2");
  await tab(page, "What happened");
  const panel = page.locator(".what-happened");
  await expect(panel.locator("h2")).toContainText("Step 2");
  await expect(panel.locator(".sentence")).toHaveText("P1 gets Prepare #1: votes yes");
  await expect(panel.locator(".rule")).toHaveText("BHG 7.4, step 2: vote");
  await expect(panel.locator(".past")).toContainText("directly after #1");
  await expect(panel.locator(".event code")).toContainText("deliver");
  await expect(panel.getByText("forced to the disk")).toBeVisible();
  await expect(panel.getByText("votes yes", { exact: true })).toBeVisible();
  const node = panel.locator(".node-change");
  await expect(node).toContainText("was initial → is now prepared, after C");
  await expect(node.locator("ins.timer")).toContainText("Inquiry(1)");
  await node.locator("summary").click();
  await expect(node.locator("pre").first()).toContainText(`${SCRIPT}: 1`);
  await expect(panel.locator(".fate")).toContainText("lost to the cut of #6");
  await expect(panel.locator(".in-flight")).toContainText("In flight: 2 messages");
  await expect(panel.locator(".flying")).toContainText(`C → ${SCRIPT} Prepare(1, ${SCRIPT})`);
  await panel.locator(".fate a").click();
  await expect(position(page)).toHaveText("6");
  await expect(panel.locator(".fact.fault")).toContainText("Yes(1) P1 → C, sent in #2");
  expect(complaints).toEqual([]);
});

test("a step of each kind is told, and the start", async ({ page }, info) => {
  const complaints = await openPage(page, info, pageOf(everything()));
  await tab(page, "What happened");
  const panel = page.locator(".what-happened");
  const at = async (step: number, ...texts: string[]) => {
    await page.evaluate((step) => (location.hash = `#1a2b3c4d-${step}`), step);
    await expect(position(page)).toHaveText(String(step));
    for (const text of texts) await expect(panel).toContainText(text);
  };
  await at(0, "All nodes start", "K 1 server: has not started yet");
  await at(3, "The copy", "arrives in #12");
  await at(5, "sent in #4", "Yes is lost");
  await at(7, "Starts");
  await at(10, "Goes down: its volatile state is gone");
  await at(12, "copied in #3");
  await at(
    13,
    "crashes inside this step",
    "atomicity is violated: <script>alert(1)</script> committed",
    "lazily",
  );
  await at(13, "phase", "was Prepared → is now Aborted");
  expect(complaints).toEqual([]);
});

test("the past of a step is lit, and goes out again", async ({ page }, info) => {
  await openPage(page, info, pageOf(everything()), "#1a2b3c4d-12");
  await tab(page, "What happened");
  await page.getByRole("button", { name: "Light its past" }).click();
  await expect(page.locator(".line.dim").first()).toBeAttached();
  // 12 came of 3 and 4, and those of 1.
  await expect(page.locator(".line.step:not(.dim)")).toHaveCount(4);
  await page.getByRole("button", { name: "Show all again" }).click();
  await expect(page.locator(".line.dim")).toHaveCount(0);
});

test("why: the story with its facts, faults and links", async ({ page }, info) => {
  const complaints = await openPage(page, info, pageOf(everything()));
  const panel = page.locator(".why");
  await expect(panel.locator(".summary")).toHaveText(
    "P2 decides commit (step 12); P1 decides abort (step 13).",
  );
  await expect(panel.locator(".mistake")).toContainText("A participant may abort after it has voted.");
  await expect(panel.locator(".told")).toHaveCount(5);
  await expect(panel.locator(".told.fact .badge")).toHaveText(["conflict", "conflict"]);
  await expect(panel.locator(".told.is-fault .badge")).toHaveText("fault");
  await expect(panel.locator(".folded")).toHaveText("2 quiet steps: 2 messages");
  await expect(panel).toContainText("in common: #1");
  await expect(panel).toContainText("K 1 waits for C, which is down.");
  await expect(panel).toContainText("is lost to the cut of step 6.");
  await panel.locator(".told").nth(1).getByText("P1 votes").click();
  await expect(position(page)).toHaveText("2");
  await panel.getByRole("link", { name: "step 6" }).click();
  await expect(position(page)).toHaveText("6");
  const light = panel.getByRole("button", { name: "Light the past", exact: true });
  await light.click();
  await expect(page.locator(".line.step.dim")).toHaveCount(14 - 7);
  await panel.getByRole("button", { name: "Show all again" }).click();
  await expect(page.locator(".line.dim")).toHaveCount(0);
  expect(complaints).toEqual([]);
});

test("why: nothing failed, and the past of any step can be lit", async ({ page }, info) => {
  await openPage(page, info, pageOf({ ...everything(), explanation: null }), "#1a2b3c4d-4");
  await tab(page, "Story");
  await expect(page.locator(".why h2")).toHaveText("What it turned on");
  await expect(page.locator(".why h3")).toHaveText("Nothing failed");
  await page.getByRole("button", { name: "Light the past of step 4" }).click();
  await expect(page.locator(".line.step:not(.dim)")).toHaveCount(2);
  // Each thing that it turned on is a link.
  const turns = page.locator(".why .told");
  expect(await turns.count()).toBeGreaterThan(3);
  const crash = turns.filter({ hasText: "C crashes" });
  await expect(crash).toHaveClass(/is-fault/);
  await crash.getByRole("link").last().click();
  await expect(page.locator(".line.selected")).toContainText("C crashes");
});

test("the state over time: rows, what changed, what was overwritten", async ({ page }, info) => {
  const complaints = await openPage(page, info, pageOf(everything()), "#1a2b3c4d-13");
  await tab(page, "State over time");
  const rows = page.locator(".state-table tbody tr");
  await expect(rows.locator("th")).toHaveText(["0", "2", "7", "10", "13"]);
  await expect(page.locator(".state-table tr[aria-current]")).toContainText("aborted");
  await expect(rows.last().locator("del")).toContainText("1:b");
  await expect(rows.last().locator(".entry.settled")).toContainText("1:a");
  await expect(rows.last().locator("td.is-down")).toHaveText("down");
  await expect(rows.first().locator("td.is-down")).toHaveText("not started");
  await expect(rows.nth(1).locator("td.changed")).toHaveCount(1);
  await rows.nth(1).locator("td").first().click();
  await expect(position(page)).toHaveText("2");
  await expect(rows.nth(1)).toHaveAttribute("aria-current", "step");
  expect(complaints).toEqual([]);
});

test("the state over time of a long run stands in the page in part", async ({ page }, info) => {
  const run = long(5000);
  run.trace.steps.forEach((step, at) => (step.after = { key_state: [["", `at ${at}`]] }));
  await openPage(page, info, pageOf(run), "#10000000-2500");
  await tab(page, "State over time");
  const rows = page.locator(".state-table tbody tr");
  await expect(page.locator(".state-table tr[aria-current] th")).toHaveText("2500");
  expect(await rows.count()).toBeLessThan(100);
  await page.getByRole("button", { name: "later row" }).click();
  await expect(rows).toHaveCount(162);
});

test("strips: who is blocked, what was violated and when", async ({ page }, info) => {
  const complaints = await openPage(page, info, pageOf(everything()), "#1a2b3c4d-2");
  const strips = page.locator(".strips");
  const violated = strips.getByRole("button", { name: "atomicity: violated from step 13: P2 committed" });
  await expect(violated).toBeVisible();
  await expect(strips.locator(".ends-blocked .state")).toHaveText("■ blocked: K 1");
  await expect(strips.locator("summary")).toContainText("validity held at every step");
  await violated.click();
  await expect(position(page)).toHaveText("13");
  // By keyboard: the part that is selected is in the order of tabs, its neighbours are an arrow away.
  await violated.focus();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Enter");
  await expect(position(page)).toHaveText("0");
  expect(complaints).toEqual([]);
});

test("operations: intervals, the order, and what no order explains", async ({ page }, info) => {
  const complaints = await openPage(page, info, pageOf(everything()));
  await tab(page, "Operations");
  const panel = page.locator(".operations");
  await expect(panel.locator(".lane .client")).toHaveText(["C", "K 1"]);
  await expect(panel.locator(".interval")).toHaveCount(4);
  await expect(panel.locator(".interval.is-open")).toHaveAccessibleName(
    /put x 2, no answer yet; from step 8/,
  );
  await expect(panel.locator(".interval.is-broken")).toHaveAccessibleName(/no order explains/);
  await expect(panel.locator(".note")).toContainText("It could have been only 1 or 2.");
  await expect(panel.locator(".point")).toHaveText(["2", "1"]);
  await panel.locator(".interval.is-open").click();
  await expect(position(page)).toHaveText("8");
  expect(complaints).toEqual([]);
});

test("operations: nothing where there are none", async ({ page }, info) => {
  await openPage(page, info, pageOf(blocked()));
  await expect(page.getByRole("tab", { name: "Operations" })).toHaveCount(0);
});

test("the transcript has every step, and a long one waits to be asked", async ({ page }, info) => {
  await openPage(page, info, pageOf(everything()));
  await tab(page, "Transcript");
  const region = page.getByRole("region", { name: "The whole run as text" });
  await expect(region.getByRole("listitem")).toHaveCount(13);
  await expect(region).toContainText("✗ atomicity is violated: <script>alert(1)</script> committed");
  await openPage(page, info, pageOf(long(2000)));
  await tab(page, "Transcript");
  await expect(region.getByRole("listitem")).toHaveCount(0);
  await region.locator("summary").click();
  await expect.poll(() => region.getByRole("listitem").count()).toBeGreaterThan(1999);
});

test("the scenario: its text, commands to copy, and a warning", async ({ page, context }, info) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await openPage(page, info, pageOf(everything()));
  await tab(page, "Scenario");
  const panel = page.locator(".scenario");
  await expect(panel.locator(".note")).toContainText("step 3 is another one now");
  await expect(panel.locator("pre")).toHaveText('{ "protocol": "sample" }');
  await panel.getByRole("button", { name: "Copy the command jury run sample.json --seed 1" }).click();
  await expect(panel.locator(".copy").first()).toHaveText("Copied");
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("jury run sample.json --seed 1");
});

test("two runs: where they part, why, and what is not the same", async ({ page }, info) => {
  const complaints = await openPage(page, info, pair());
  const panel = page.locator(".apart");
  await expect(panel).toContainText("4 steps in common. Something else happens.");
  await expect(panel.locator("code").first()).toHaveText("drop P2 -> C Yes(2)");
  await expect(panel.locator("tr.differs th")).toContainText(["state.phase", "C", "P9"]);
  await expect(panel).toContainText("no such node");
  await expect(panel).toContainText("only in B: P2 -> C Yes(2)");
  await expect(panel).toContainText("cannot happen: it is down");
  await panel.getByRole("button", { name: "Show both at step 5" }).click();
  await expect(page).toHaveURL(/#1a2b3c4d-5\+bbbbbbbb-5$/);
  // B is said to have it in step 9: the link goes to B.
  await panel.getByRole("link", { name: "step 9" }).first().click();
  await expect(page).toHaveURL(/#1a2b3c4d-5\+bbbbbbbb-9$/);
  expect(complaints).toEqual([]);
});
