// What a run can be taken along as: exact texts, and pictures that stand alone.

import { readFile } from "node:fs/promises";
import { expect, test, type Page as Tab } from "@playwright/test";
import { itf } from "../exports/itf.ts";
import { mermaid } from "../exports/mermaid.ts";
import { shiviz } from "../exports/shiviz.ts";
import { everything } from "./everything.ts";
import { openPage } from "./open.ts";
import { blocked, long, pageOf } from "./sample.ts";

const SAFE = "#60;script#62;alert(1)#60;/script#62;";

test("Mermaid", () => {
  const run = everything();
  run.trace.unrecorded = { after: 11, steps: 100 };
  expect(mermaid(run)).toBe(
    [
      "sequenceDiagram",
      "    participant n0 as C (server)",
      "    participant n1 as P1 (server)",
      `    participant n2 as ${SAFE} (server)`,
      "    participant n3 as K 1 (server)",
      "    Note over n0: Begin(1) fires",
      `    n0->>n1: Prepare(1, ${SAFE})`,
      `    Note over n0,n2: Prepare(1, ${SAFE}) is duplicated`,
      `    n0->>n2: Prepare(1, ${SAFE})`,
      "    n2-xn0: Yes(2)#59; #35;1 (lost)",
      '    Note over n0,n1: cut {"links":[[0,1],[1,0]]}',
      "    n1-xn0: Yes(1) (cut)",
      "    Note over n3: joins",
      "    Note over n3: command = put x 1",
      '    Note over n0,n1: heal {"links":[[0,1],[1,0]]}',
      "    Note over n0: crashes",
      "    n3-xn0: Request(put x 1) (C is down)",
      "    Note over n0,n3: 100 steps are not recorded",
      `    n0->>n2: Prepare(1, ${SAFE})`,
      "    Note over n2: decides commit",
      "    Note over n1: Inquiry(1) fires",
      "    Note over n1: crashes inside the step",
      "    Note over n1: decides abort",
      "    Note over n0,n3: atomicity is violated",
      "",
    ].join("\n"),
  );
});

test("ShiViz", () => {
  const script = '"<script>alert(1)</script>"';
  expect(shiviz(everything())).toBe(
    [
      String.raw`(?<host>\S*) (?<clock>{.*})\n(?<event>.*)`,
      "",
      'C {"C":1}',
      "#0 starts",
      'P1 {"P1":1}',
      "#0 starts",
      `<script>alert(1)</script> {${script}:1}`,
      "#0 starts",
      'C {"C":2}',
      "#1 C's Begin(1) fires",
      'P1 {"C":2,"P1":2}',
      "#2 P1 gets Prepare #1: votes yes",
      `<script>alert(1)</script> {"C":2,${script}:2}`,
      "#4 <script>alert(1)</script> gets Prepare",
      'K_1 {"K_1":1}',
      "#7 K 1 joins",
      'K_1 {"K_1":2}',
      "#8 K 1's command is put x 1",
      'C {"C":3}',
      "#10 C crashes",
      `<script>alert(1)</script> {"C":2,${script}:3}`,
      "#12 P2 gets Prepare #3: decides commit",
      'P1 {"C":2,"P1":3}',
      "#13 P1's Inquiry(1) fires",
      "",
    ].join("\n"),
  );
});

test("ShiViz: clocks count their own steps, and know of no step before it is taken", () => {
  const log = shiviz(long(1000));
  const last = new Map<string, Record<string, number>>();
  let events = 0;
  for (const { groups } of log.matchAll(/^(?<host>\S+) (?<clock>{.*})\n(?<event>.*)$/gm)) {
    const { host, clock } = groups as { host: string; clock: string };
    const known = JSON.parse(clock) as Record<string, number>;
    expect(known[host]).toBe((last.get(host)?.[host] ?? 0) + 1);
    for (const [other, count] of Object.entries(known)) {
      if (other !== host) expect(count).toBeLessThanOrEqual(last.get(other)?.[other] ?? 0);
    }
    last.set(host, known);
    events += 1;
  }
  expect(events).toBeGreaterThan(1000);
});

test("ITF", () => {
  const lines = itf(everything()).split("\n");
  expect(lines[0]).toBe(
    '{"#meta":{"format":"ITF","format-description":"https://apalache-mc.org/docs/adr/015adr-trace.html","source":"sample"},',
  );
  expect(lines.slice(1, 3)).toEqual(['"vars":["step","event","nodes"],', '"states":[']);
  expect(lines.slice(-2)).toEqual(["]}", ""]);
  expect(lines.length).toBe(3 + 14 + 2);
  const initial =
    '{"up":true,"status":"initial","storage":{"#unserializable":"null"},"state":{"phase":"Initial"}}';
  const nothing = '{"#unserializable":"null"}';
  expect(lines[3]).toBe(
    `{"#meta":{"index":0},"step":0,"event":"start","nodes":{"#map":[["C",${initial}],["P1",${initial}],` +
      `["<script>alert(1)</script>",${initial}],` +
      `["K 1",{"up":false,"status":"","storage":${nothing},"state":${nothing}}]]}},`,
  );
  const state = `{"Participant":{"peers":{"C":7,"<script>alert(1)</script>":1},"phase":"Prepared","ratio":{"#unserializable":"0.5"}}}`;
  expect(lines[5]).toContain(
    `["P1",{"up":true,"status":"prepared, after C","storage":["Prepared"],"state":${state}}]`,
  );
  expect(lines[16]).toContain(`"storage":["Prepared","Aborted"],"state":{"Participant":{"peers":{"C":7,`);
  expect(lines[16]!.endsWith("}")).toBe(true);
});

test("ITF: keys are sorted as the program does, and odd values have their own forms", () => {
  const run = blocked();
  const state = JSON.parse(
    '{"10":1,"2":9007199254740992,"\u{10000}":-1,"\uffff":null,"__proto__":{"#x":true}}',
  );
  run.trace.start[0]!.after = { up: true, status: 'a "quote"\n', state, storage: [] };
  expect(itf(run)).toContain(
    `["C",{"up":true,"status":"a \\"quote\\"\\n","storage":[],"state":{"10":1,"2":{"#bigint":"9007199254740992"},` +
      `"__proto__":{"#map":[["#x",true]]},"\uffff":{"#unserializable":"null"},"\u{10000}":-1}}]`,
  );
});

async function taken(page: Tab, format: string): Promise<{ name: string; bytes: Buffer }> {
  const waiting = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export" }).click();
  await page.locator("#exports button", { hasText: format }).click();
  const download = await waiting;
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

test("the menu saves each of them", async ({ page }, info) => {
  const complaints = await openPage(page, info, pageOf(everything()));
  for (const [format, name, content] of [
    ["Mermaid", "everything.mmd", mermaid(everything())],
    ["ShiViz", "everything.shiviz.log", shiviz(everything())],
    ["ITF", "everything.itf.json", itf(everything())],
  ] as const) {
    const file = await taken(page, format);
    expect(file.name).toBe(name);
    expect(file.bytes.toString()).toBe(content);
  }
  const png = await taken(page, "PNG");
  expect(png.name).toBe("everything.png");
  expect(png.bytes.subarray(1, 4).toString()).toBe("PNG");
  // Twice as fine as it is shown.
  expect(png.bytes.readUInt32BE(16)).toBeGreaterThan(1000);
  expect(complaints).toEqual([]);
});

test("an SVG stands alone, in light colours, and its texts are texts", async ({ page, context }, info) => {
  await page.emulateMedia({ colorScheme: "dark" });
  const complaints = await openPage(page, info, pageOf(everything()));
  const { name, bytes } = await taken(page, "SVG");
  const svg = bytes.toString();
  expect(name).toBe("everything.svg");
  expect(svg).not.toMatch(/var\(|class=|<script/);
  expect(svg).toContain('fill="#fff"');
  const alone = await context.newPage();
  await alone.goto(`file://${await saved(info, svg)}`);
  const texts = await alone.locator("text").allTextContents();
  expect(texts).toContain("C");
  expect(texts.join(" ")).toContain("<script>");
  const colours = await alone
    .locator("text")
    .evaluateAll((all) => all.map((one) => getComputedStyle(one).fill));
  expect(colours).toContain("rgb(25, 28, 34)");
  expect(complaints).toEqual([]);
});

async function saved(info: import("@playwright/test").TestInfo, svg: string): Promise<string> {
  const { writeFile } = await import("node:fs/promises");
  const file = info.outputPath("alone.svg");
  await writeFile(file, svg);
  return file;
}

test("the menu opens and closes by keyboard", async ({ page }, info) => {
  await openPage(page, info, pageOf(everything()));
  const button = page.getByRole("button", { name: "Export" });
  await button.focus();
  await page.keyboard.press("Enter");
  await expect(button).toHaveAttribute("aria-expanded", "true");
  await page.keyboard.press("Tab");
  await expect(page.locator("#exports button").first()).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(button).toHaveAttribute("aria-expanded", "false");
  await expect(button).toBeFocused();
});
