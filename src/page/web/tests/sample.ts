// Small runs to test with, made by hand as the program would write them.

import type { Arrow, NodeRecord, Page, Run, Span, StepRecord, Step, Told, What } from "../data.ts";

/** Writes a run down event by event. */
export class Writer {
  readonly steps: StepRecord[] = [];
  readonly told: Told[] = [];
  readonly arrows: Arrow[] = [];
  readonly spans: Span[] = [];
  readonly labels: [string, string][] = [];
  time = 0;

  constructor(readonly names: string[]) {}

  get last(): Step {
    return this.steps.length;
  }

  step(
    what: What,
    told: Partial<Told> & { words: string; kind: string },
    record: Partial<StepRecord> = {},
  ): Step {
    this.time += 1.5;
    this.steps.push({ at: `${this.time}ms`, event: this.event(what), what, ...record });
    this.told.push({ weight: 0, ...told });
    return this.last;
  }

  private event(what: What): string {
    const [kind, inside] = Object.entries(what)[0]!;
    return `${kind} ${JSON.stringify(inside)}`;
  }

  timer(node: number, timer: string, more: Partial<Told> = {}, record: Partial<StepRecord> = {}): Step {
    const words = `${this.names[node]}'s ${timer} fires`;
    return this.step({ timeout: { node, timer } }, { words, kind: timer, ...more }, record);
  }

  send(src: number, dst: number, message: string): Arrow {
    let label = this.labels.findIndex(([whole]) => whole === message);
    if (label < 0) label = this.labels.push([message, message.split("(")[0]!]) - 1;
    const arrow: Arrow = { src, dst, label, from: this.last, fate: "flying" };
    this.arrows.push(arrow);
    return arrow;
  }

  deliver(arrow: Arrow, more: Partial<Told> = {}, record: Partial<StepRecord> = {}): Step {
    const [message, kind] = this.labels[arrow.label]!;
    const words = `${this.names[arrow.dst]} gets ${kind}`;
    const { src, dst } = arrow;
    const after = [arrow.from].filter((step) => step > 0);
    const step = this.step({ deliver: { src, dst, message } }, { words, kind, after, ...more }, record);
    Object.assign(arrow, { fate: "arrived", to: step });
    return step;
  }

  refuse(arrow: Arrow): Step {
    const [message, kind] = this.labels[arrow.label]!;
    const { src, dst } = arrow;
    const words = `${this.names[dst]} is down: ${kind} is lost`;
    const step = this.step(
      { "arrive-at-down": { src, dst, message } },
      { words, kind, weight: 2, after: [arrow.from] },
    );
    Object.assign(arrow, { fate: "refused", to: step });
    return step;
  }

  run(more: Partial<Run> = {}): Run {
    const start: NodeRecord = { up: true, status: "initial", state: { phase: "Initial" }, storage: null };
    return {
      name: "sample",
      id: "1a2b3c4d",
      commands: ["jury run sample.json --seed 1"],
      trace: {
        jury_trace: 1,
        protocol: "sample",
        params: { nodes: this.names.length },
        origin: { engine: "simulator", seed: 1, about: "A run that was made to test with." },
        links: {},
        nodes: this.names.map((name) => ({ name, role: "server" })),
        start: this.names.map(() => ({ after: start })),
        properties: [],
        steps: this.steps,
        facts: {},
        costs: {},
        hash: "0",
      },
      rules: [],
      labels: this.labels,
      told: this.told,
      arrows: this.arrows,
      spans: this.spans,
      strips: [],
      operations: null,
      explanation: null,
      ...more,
    };
  }
}

export const pageOf = (...runs: Run[]): Page => ({
  jury: "0.0.0",
  title: "sample · a run",
  runs,
  ...(runs.length > 1 ? { beside: true as const } : {}),
});

/** A coordinator that dies before it decides: whoever voted is stuck. One has a name that is no name. */
export const SCRIPT = "<script>alert(1)</script>";

export function blocked(): Run {
  const writer = new Writer(["C", "P1", SCRIPT]);
  writer.timer(0, "Begin", { weight: 2, changes: ["collecting"] }, { after: { status: "collecting" } });
  const prepares = [1, 2].map((node) => writer.send(0, node, "Prepare(1)"));
  const votes = prepares.map((prepare) => {
    const locks = { observed: [{ locked: { subject: 1 } }], saved: [{ record: "Prepared", forced: true }] };
    const record = { ...locks, after: { status: "prepared" } };
    writer.deliver(prepare, { weight: 2, changes: ["prepared"] }, record);
    writer.spans.push({ kind: "holds", node: prepare.dst, words: "holds locks", from: writer.last });
    writer.spans.push({ kind: "stuck", node: prepare.dst, words: "cannot go on", from: writer.last });
    return writer.send(prepare.dst, 0, "Yes(1)");
  });
  const crash = { up: false, status: "down", state: { v: null } };
  writer.step({ crash: { node: 0 } }, { words: "C crashes", kind: "crash", weight: 3 }, { after: crash });
  writer.spans.push({ kind: "down", node: 0, words: "is down", from: writer.last });
  votes.forEach((vote) => writer.refuse(vote));
  for (let times = 0; times < 5; times += 1) {
    writer.timer(1, "Inquiry");
    writer.send(1, 0, "Inquiry(1)");
  }
  const verdict = { verdict: "blocked", sentences: ["P1 is blocked: it does not know the outcome."] };
  const run = writer.run();
  return { ...run, trace: { ...run.trace, verdict } };
}

/** A run that breaks: two nodes decide otherwise, with a cut between them. */
export function violated(): Run {
  const writer = new Writer(["A", "B", "C"]);
  writer.timer(0, "Start", { weight: 2 });
  const first = writer.send(0, 1, "Go(1)");
  const second = writer.send(0, 2, "Go(1)");
  writer.deliver(first, { weight: 3 }, { observed: [{ decided: { subject: 1, value: "commit" } }] });
  const links: [number, number][] = [
    [0, 2],
    [2, 0],
    [1, 2],
    [2, 1],
  ];
  writer.step({ cut: { links } }, { words: "cut {A, B} | {C}", kind: "cut", weight: 3 });
  writer.spans.push({ kind: "cut", links, words: "A B | C", from: writer.last });
  Object.assign(second, { fate: "cut", to: writer.last });
  const broken = { property: "atomicity", holds: false, reason: "B committed but C aborted" };
  writer.timer(
    2,
    "Silence",
    { weight: 4 },
    { observed: [{ decided: { subject: 1, value: "abort" } }], properties: [broken] },
  );
  return writer.run({ id: "aaaaaaaa", name: "violated" });
}

/** A long run: a leader's heartbeats, and now and then something that matters. */
export function long(steps: number): Run {
  const writer = new Writer(["S1", "S2", "S3", "S4", "S5"]);
  writer.timer(0, "Election", { weight: 3 }, { observed: [{ elected: { subject: 1 } }] });
  writer.spans.push({ kind: "leads", node: 0, words: "leads term 1", from: 1 });
  while (writer.last < steps) {
    const round = writer.last;
    writer.timer(0, "Heartbeat");
    const sent = [1, 2, 3, 4].map((node) => writer.send(0, node, `AppendEntries(${round})`));
    const answers = sent.map((arrow) => {
      writer.deliver(arrow);
      return writer.send(arrow.dst, 0, "Appended(1)");
    });
    for (const answer of answers) writer.deliver(answer);
    if (round % 100 < 9) {
      const value = `x${round}`;
      const committed = { committed: { subject: round, value, term: 1, during: 1 } };
      writer.timer(0, "Propose", { weight: 3, changes: [`log [1:${value}]`] }, { observed: [committed] });
    }
  }
  return writer.run({ id: "10000000", name: "long" });
}
