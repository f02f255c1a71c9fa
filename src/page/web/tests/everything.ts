// A run in which everything happens once, with all that a page can say of it.

import type { Diff, Explanation, Page, Run } from "../data.ts";
import { SCRIPT, Writer } from "./sample.ts";

/** C asks P1 and a node whose name is a script; one copy, one loss, one cut, one crash, one client. Two decide otherwise. */
export function everything(): Run {
  const writer = new Writer(["C", "P1", SCRIPT, "K 1"]);
  const [c, p1, p2, k] = [0, 1, 2, 3];
  writer.timer(c, "Begin(1)", { weight: 2, changes: ["asking"], rule: 0 }, { after: { status: "asking" } });
  const toP1 = writer.send(c, p1, "Prepare(1, Id(2))");
  const toP2 = writer.send(c, p2, "Prepare(1, Id(2))");
  writer.deliver(
    toP1,
    { weight: 2, changes: ["prepared"], rule: 1, words: "P1 gets Prepare #1: votes yes" },
    {
      observed: [{ locked: { subject: 1 } }, { voted: { subject: 1, value: "yes" } }],
      saved: [{ record: "Prepared", forced: true }],
      after: {
        status: "prepared, after Id(0)",
        key_state: [
          ["", "prepared"],
          ["log", [1, ["1:a", "1:b"]]],
          ["commit", "1"],
        ],
        state: { v: { Participant: { phase: "Prepared", peers: { "Id(2)": 1, "Id(0)": 7 }, ratio: 0.5 } } },
        storage: { v: ["Prepared"] },
        timers: ["Inquiry(1)"],
      },
    },
  );
  const yes = writer.send(p1, c, "Yes(1)");
  const { src, dst } = toP2;
  writer.step(
    { duplicate: { src, dst, message: "Prepare(1, Id(2))" } },
    { words: "Prepare #1 is duplicated", kind: "Prepare", weight: 3, after: [1] },
  );
  const copy = { ...writer.send(c, p2, "Prepare(1, Id(2))"), copy: true as const };
  writer.arrows[writer.arrows.length - 1] = copy;
  writer.deliver(toP2, { weight: 2, after: [1] });
  const lost = writer.send(p2, c, "Yes(2); #1");
  writer.step(
    { drop: { src: p2, dst: c, message: "Yes(2); #1" } },
    { words: "Yes is lost", kind: "Yes", weight: 3, after: [4] },
  );
  Object.assign(lost, { fate: "dropped", to: writer.last });
  const links: [number, number][] = [
    [c, p1],
    [p1, c],
  ];
  writer.step(
    { cut: { links } },
    { words: "cut {C} | {P1}; 1 lost on the way", kind: "cut", weight: 3 },
    { lost: [{ src: p1, dst: c, message: "Yes(1)" }] },
  );
  Object.assign(yes, { fate: "cut", to: writer.last });
  const up = { up: true, status: "new", state: { v: {} } };
  writer.step({ recover: { node: k } }, { words: "K 1 joins", kind: "recover", weight: 3 }, { after: up });
  writer.step(
    { choose: { node: k, key: "command", value: "put x 1" } },
    { words: "K 1's command is put x 1", kind: "choice", weight: 2, after: [7] },
    { observed: [{ invoked: { subject: 1, value: "put x 1" } }], after: { status: "waits" } },
  );
  const request = writer.send(k, c, "Request(put x 1)");
  writer.step({ heal: { links } }, { words: "the cut heals", kind: "heal", weight: 3, after: [6] });
  const down = { up: false, status: "down", state: { v: null }, key_state: [], timers: [] };
  writer.step(
    { crash: { node: c } },
    { words: "C crashes", kind: "crash", weight: 3, after: [1] },
    { after: down },
  );
  writer.refuse(request);
  writer.deliver(
    copy,
    { weight: 3, words: "P2 gets Prepare #3: decides commit", after: [3, 4] },
    { observed: [{ decided: { subject: 1, value: "commit" } }] },
  );
  const broken = { property: "atomicity", holds: false, reason: "Id(2) committed but P1 aborted" };
  writer.timer(
    p1,
    "Inquiry(1)",
    { weight: 4, after: [2], overwritten: ["1:b"] },
    {
      observed: [{ decided: { subject: 1, value: "abort" } }],
      saved: [{ record: "Aborted", forced: false }],
      properties: [broken],
      crash_after: 1,
      after: {
        status: "aborted",
        key_state: [
          ["", "aborted"],
          ["log", [1, ["1:a", "2:c"]]],
          ["commit", "1"],
        ],
        state: { o: { Participant: { o: { phase: { v: "Aborted" } } } } },
        storage: { a: [1, "Aborted"] },
        timers: [],
      },
    },
  );
  const run = writer.run({
    name: "everything",
    rules: ["BHG 7.4, step 1: ask", "BHG 7.4, step 2: vote"],
    scenario: '{ "protocol": "sample" }',
    no_longer: "step 3 is another one now",
    strips: [
      { property: "validity", states: [[0, "holds"]] },
      {
        property: "atomicity",
        states: [
          [0, "holds"],
          [13, "violated", "P2 committed but P1 aborted"],
        ],
      },
      {
        property: "progress",
        states: [
          [0, "pending"],
          [13, "blocked", "K 1 is blocked: C is down"],
        ],
        blocked: [k],
      },
    ],
    operations: {
      list: [
        { client: k, asked: "put x 1", answer: "done", from: 1, until: 4 },
        { client: c, asked: "get x", answer: "1", from: 2, until: 6 },
        { client: k, asked: "put x 2", from: 8 },
        { client: c, asked: "get x", answer: "0", from: 9, until: 13 },
      ],
      broken: { at: 3, possible: ["1", "2"], order: [0, 1], why: "It could have been only 1 or 2." },
    },
    explanation: explanation(),
  });
  const { trace } = run;
  const notStarted = { up: false, status: "", state: null, storage: null };
  trace.start[k] = { after: notStarted };
  trace.verdict = { verdict: "violated", sentences: ["atomicity is violated: P2 committed but P1 aborted."] };
  return run;
}

function explanation(): Explanation {
  return {
    protocol: "sample",
    property: "atomicity",
    verdict: "violated",
    sentences: ["atomicity is violated: P2 committed but P1 aborted."],
    mistake: "A participant may abort after it has voted.",
    summary:
      "P2 decides commit (step 12); P1 decides abort (step 13). The mistake: A participant may abort after it has voted.",
    steps: 13,
    behind: 6,
    story: [
      {
        step: 1,
        event: "timeout C Begin(1)",
        words: "C asks",
        rule: "ask",
        part: "cause",
        "is-fault": false,
      },
      {
        step: 2,
        event: "deliver",
        words: "P1 votes",
        state: ["prepared"],
        part: "cause",
        "is-fault": false,
        after: [1],
      },
      { step: 6, event: "cut", words: "cut {C} | {P1}", part: "fault", "is-fault": true },
      {
        step: 12,
        event: "deliver",
        words: "P2 decides commit",
        part: "fact",
        "is-fault": false,
        folded: "2 quiet steps: 2 messages",
      },
      { step: 13, event: "timeout", words: "P1 decides abort", part: "fact", "is-fault": false, after: [2] },
    ],
    facts: [
      { step: 12, node: "P2", words: "decides commit" },
      { step: 13, node: "P1", words: "decides abort" },
    ],
    conflict: ["Neither had heard of what the other did."],
    "parted-after": 1,
    withheld: ["Yes from P1 to C, sent in step 2, is lost to the cut of step 6."],
    waiting: ["K 1 waits for C, which is down."],
  };
}

/** The same run twice, but for where they part. */
export function pair(): Page {
  const [one, other] = [
    everything(),
    { ...everything(), id: "bbbbbbbb", name: "another", explanation: null },
  ];
  const stands = (status: string) => ({ status, state: [status], timers: ["Begin(1)"] });
  const diff: Diff = {
    "in-common": 4,
    parting: {
      step: 5,
      by: "event",
      runs: [
        {
          event: "drop P2 -> C Yes(2)",
          at: "7.5ms",
          words: "Yes is lost",
          drawn: "dropped with 1/10",
          "in-the-other": 9,
        },
        { event: "deliver P2 -> C Yes(2)", words: "C gets Yes #4", state: ["asking"] },
      ],
      differs: [{ what: "state.phase", runs: ["Asking", "Told"] }],
      why: ["A has `drop P2 -> C Yes(2)`. B has it in step 9."],
      nodes: [
        { node: "C", runs: [stands("asking"), stands("told")], "is-same": false },
        { node: "P1", runs: [stands("prepared"), stands("prepared")], "is-same": true },
        { node: "P9", runs: [stands("new"), null], "is-same": false },
      ],
      "in-flight": { both: ["C -> P2 Prepare(1)"], only: [[], ["P2 -> C Yes(2)"]] },
      cuts: { both: [], only: [["C | P1"], []] },
    },
    ends: [
      { steps: 13, verdict: "violated", sentences: ["atomicity is violated."] },
      { steps: 13, sentences: [], cannot: { event: "crash C", obstacle: "it is down" } },
    ],
  };
  return { jury: "0.0.0", title: "sample · two runs", runs: [one, other], beside: true, diff };
}
