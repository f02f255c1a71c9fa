// Entries of logs that give way to others: who had them, whether that is an error, and how it is told.

import { expect, test } from "@playwright/test";
import type { KeyState, Observation, Run } from "../data.ts";
import { hadCommitted, logsOf, spreadOf } from "../logs.ts";
import { openPage } from "./open.ts";
import { pageOf, Writer } from "./sample.ts";

/** S1 brings an entry to S2; S3, which leads later, overwrites it on S1. */
function givesWay(observed: Observation[] = []): Run {
  const writer = new Writer(["S1", "S2", "S3"]);
  const log = (...entries: string[]) => {
    const state: KeyState = [
      ["term", "1"],
      ["log", [1, entries]],
    ];
    return { after: { key_state: state } };
  };
  writer.timer(0, "Propose", { weight: 2 }, log("1:a"));
  writer.deliver(writer.send(0, 1, "Append +1:a"), { weight: 2 }, { ...log("1:a"), observed });
  writer.timer(2, "Propose", { weight: 2 }, log("2:b"));
  writer.deliver(writer.send(2, 0, "Append +2:b"), { weight: 3, overwritten: ["1:a"] }, log("2:b"));
  const run = writer.run();
  return { ...run, trace: { ...run.trace, verdict: { verdict: "ok", sentences: ["All held."] } } };
}

test("an entry that gives way: who had it, and what became of it", () => {
  const run = givesWay();
  const { overwritten, taken } = logsOf(run);
  expect(overwritten).toEqual([{ step: 4, node: 0, entry: "1:a", committed: undefined }]);
  expect(taken.map((one) => [one.step, spreadOf(one)])).toEqual([
    [1, "now on 1 of 3"],
    [2, "now on 2 of 3: a majority"],
  ]);
  expect(hadCommitted(run, 4)).toBe(false);
  expect(hadCommitted(givesWay([{ committed: { subject: 1, value: "a", term: 1 } }]), 4)).toBe(true);
  // Another place of the log, or another entry, is none of this one's.
  expect(hadCommitted(givesWay([{ committed: { subject: 2, value: "a", term: 1 } }]), 4)).toBe(false);
  expect(hadCommitted(givesWay([{ committed: { subject: 1, value: "a", term: 2 } }]), 4)).toBe(false);
});

for (const width of [390, 1280]) {
  test(`what gives way is no error, and is told, ${width} wide`, async ({ page }, info) => {
    await page.setViewportSize({ width, height: 844 });
    const complaints = await openPage(page, info, pageOf(givesWay()));
    await expect(page.locator(".headline")).toContainText(
      "1:a was overwritten on S1; it was never committed.",
    );
    await expect(page.locator(".verdict .rest")).toHaveText("All held.");
    await expect(page.locator("#diagram .pill.lost")).toHaveCount(0);
    const pill = page.locator("#diagram .pill.gone");
    await expect(pill.locator("title")).toHaveText("1:a: overwritten; it was never committed");
    const [box, next] = [await pill.boundingBox(), await page.locator("#diagram .lane").nth(1).boundingBox()];
    expect(box!.x + box!.width).toBeLessThan(next!.x);
    const story = page.locator(".why .told");
    await expect(story).toHaveCount(3);
    await expect(story.nth(1)).toContainText("1:a now on 2 of 3: a majority");
    await expect(story.last()).toHaveClass(/is-here/);
    await page.getByRole("button", { name: "signs", exact: true }).click();
    const legend = page.locator(".legend");
    await expect(legend).toContainText("an entry of a log: term 1, entry a");
    await expect(legend).not.toContainText("holds locks");
    expect(complaints).toEqual([]);
  });
}

test("what had been committed and gives way is an error", async ({ page }, info) => {
  await openPage(page, info, pageOf(givesWay([{ committed: { subject: 1, value: "a", term: 1 } }])));
  await expect(page.locator("#diagram .pill.lost text")).toHaveText("✗ 1:a");
  await expect(page.locator("#diagram .pill.gone")).toHaveCount(0);
});
