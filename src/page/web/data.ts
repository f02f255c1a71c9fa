// The data of a page: as the program writes it, and as the page reads it.
//
// Invariant: nothing of it is trusted to be more than data. It is shown as text, and never changed once it is loaded.

/** Steps are counted from 1 as they are recorded; 0 is the start. */
export type Step = number;
/** A position in `trace.nodes`. */
export type NodeId = number;

export interface Page {
  /** The version of the program that made it. */
  jury: string;
  title: string;
  runs: Run[];
  /** The runs are to be seen two at a time; if not, one at a time, with a choice where there are several. */
  beside?: true;
  /** Where `runs[0]` and `runs[1]` part. */
  diff?: Diff;
}

export interface Run {
  /** What tells it from the others. */
  name: string;
  /** Eight hexadecimal digits, of protocol, parameters, scenario and schedule. Links carry it. */
  id: string;
  commands: string[];
  /** Why the record no longer replays. */
  no_longer?: string;
  /** The text of the scenario's file. */
  scenario?: string;
  trace: PackedTrace;
  rules: string[];
  /** Labels of messages, timers and records: whole, and short. */
  labels: [whole: string, short: string][];
  /** One for each step. */
  told: Told[];
  /** All that was sent, in order of sending. */
  arrows: Arrow[];
  spans: Span[];
  strips: Strip[];
  operations: Operations | null;
  explanation: Explanation | null;
}

export const WEIGHT = { quiet: 0, refuses: 1, matters: 2, turns: 3, breaks: 4 } as const;
export type Weight = (typeof WEIGHT)[keyof typeof WEIGHT];

export interface Told {
  /** A clause with the node as its subject. */
  words: string;
  kind: string;
  changes?: string[];
  weight: Weight;
  rule?: number;
  /** Direct causes. */
  after?: Step[];
  overwritten?: string[];
}

export interface Arrow {
  src: NodeId;
  dst: NodeId;
  label: number;
  from: Step;
  copy?: true;
  fate: "arrived" | "refused" | "dropped" | "cut" | "absorbed" | "flying";
  to?: Step;
}

export interface Span {
  kind: "down" | "not-started" | "holds" | "leads" | "cut" | "stuck";
  node?: NodeId;
  links?: [NodeId, NodeId][];
  words: string;
  from: Step;
  /** The step that ended it. */
  until?: Step;
}

export type StripState = "holds" | "pending" | "violated" | "reached" | "missed" | "blocked";

export interface Strip {
  property: string;
  states: [from: Step, state: StripState, reason?: string][];
  blocked?: NodeId[];
}

export interface Operation {
  client: NodeId;
  asked: string;
  answer?: string;
  from: Step;
  until?: Step;
}

export interface Operations {
  list: Operation[];
  /** A linearisation: positions in `list`. */
  order?: number[];
  broken?: { at: number; possible: string[]; order: number[]; why: string };
}

export interface Explanation {
  protocol: string;
  property?: string;
  verdict: string;
  sentences: string[];
  mistake?: string;
  summary: string;
  steps: number;
  behind: number;
  story: StoryStep[];
  facts: { step: number; node: string; words: string }[];
  conflict: string[];
  "parted-after"?: number;
  withheld: string[];
  waiting: string[];
}

/** Its numbers are those of the run, as they are shown. */
export interface StoryStep {
  step: number;
  event: string;
  words: string;
  state?: string[];
  rule?: string;
  after?: number[];
  part: "cause" | "fault" | "fact";
  "is-fault": boolean;
  folded?: string;
}

export interface Diff {
  "in-common": number;
  parting?: Parting;
  ends: [End, End];
}

export interface End {
  steps: number;
  verdict?: string;
  sentences: string[];
  cannot?: { event: string; obstacle: string };
}

export interface Parting {
  step: number;
  by: "start" | "reaction" | "event" | "impossible" | "end";
  runs: [Side, Side];
  differs?: { what: string; runs: [string, string] }[];
  why: string[];
  nodes: { node: string; runs: [Stands | null, Stands | null]; "is-same": boolean }[];
  "in-flight": Beside;
  cuts: Beside;
}

export interface Side {
  event?: string;
  at?: string;
  drawn?: string;
  words: string;
  state?: string[];
  "in-the-other"?: number;
}

export interface Stands {
  status: string;
  state?: string[];
  timers?: string[];
}

export interface Beside {
  both: string[];
  only: [string[], string[]];
}

// The trace.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface PackedTrace {
  jury_trace: number;
  protocol: string;
  params: Json;
  origin: Origin;
  links: Json;
  nodes: { name: string; role: string }[];
  start: (Did & { after: NodeRecord })[];
  properties: PropertyStatus[];
  steps: StepRecord[];
  unrecorded?: { after: number; steps: number };
  verdict?: { verdict: string; sentences: string[] };
  facts: Json;
  costs: Json;
  hash: string;
}

export interface Origin {
  engine: string;
  scenario?: string;
  about?: string;
  seed?: number;
  strategy?: string;
  property?: string;
  [other: string]: Json | undefined;
}

export interface PropertyStatus {
  property: string;
  holds: boolean;
  reason?: string;
}

export interface Did {
  sent?: { dst: NodeId; message: string; lost?: string }[];
  saved?: { record: string; forced: boolean }[];
  observed?: Observation[];
}

/** `{ decided: { subject: 1, value: "commit" } }` */
export type Observation = Record<string, Observed>;
export interface Observed {
  subject?: number;
  value?: string | number;
  term?: number;
  during?: number;
  rule?: string;
  thing?: string;
  words?: string;
}

export interface Message {
  src: NodeId;
  dst: NodeId;
  message: string;
}

/** An event taken apart: one of these is there. */
export interface What {
  deliver?: Message;
  "arrive-at-down"?: Message;
  drop?: Message;
  duplicate?: Message;
  timeout?: { node: NodeId; timer: string };
  choose?: { node: NodeId; key: string; value: string };
  crash?: { node: NodeId };
  recover?: { node: NodeId };
  cut?: { links: [NodeId, NodeId][] };
  heal?: { links: [NodeId, NodeId][] };
}

export interface StepRecord extends Did {
  at?: string;
  event: string;
  what: What;
  crash_after?: number;
  suspicion?: string;
  lost?: Message[];
  /** What changed of the node's record; see `unpack`. */
  after?: RecordPatch;
  properties?: PropertyStatus[];
}

export type KeyState = [label: string, value: string | [first: number, entries: string[]]][];

export interface NodeRecord {
  up: boolean;
  status: string;
  key_state?: KeyState;
  state: Json;
  storage: Json;
  timers?: string[];
}

/** A value that replaces another; an object whose members change; an array of which so many elements stay. */
export type Patch =
  { v: Json } | { o: Record<string, Patch>; x?: string[] } | { a: [keep: number, ...Json[]] };

export interface RecordPatch {
  up?: boolean;
  status?: string;
  key_state?: KeyState;
  state?: Patch;
  storage?: Patch;
  timers?: string[];
}

/** Applies a patch. What it does not touch is shared with what was before. */
export function patched(before: Json | undefined, patch: Patch): Json {
  if ("v" in patch) return patch.v;
  if ("a" in patch) {
    const [keep, ...more] = patch.a;
    return [...(Array.isArray(before) ? before.slice(0, keep) : []), ...more];
  }
  const old = isObject(before) ? before : {};
  const members: [string, Json][] = [];
  const gone = new Set(patch.x);
  for (const [key, value] of Object.entries(old)) {
    if (!gone.has(key) && !Object.hasOwn(patch.o, key)) members.push([key, value]);
    else if (Object.hasOwn(patch.o, key)) members.push([key, patched(value, patch.o[key]!)]);
  }
  for (const [key, value] of Object.entries(patch.o)) {
    if (!Object.hasOwn(old, key)) members.push([key, patched(undefined, value)]);
  }
  // Not by assignment: a member may be called `__proto__`.
  return Object.fromEntries(members);
}

export function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A node's records, in order: `records[i]` is how step `steps[i]` left it. */
export interface History {
  steps: Step[];
  records: NodeRecord[];
}

/** The records of every node, whole. */
export function unpack(trace: PackedTrace): History[] {
  const histories: History[] = trace.nodes.map((_, node) => {
    const start = trace.start[node]?.after;
    return { steps: [0], records: [start ?? { up: false, status: "", state: null, storage: null }] };
  });
  trace.steps.forEach((step, index) => {
    const history = histories[actorOf(step.what) ?? -1];
    if (!history || !step.after) return;
    const before = history.records[history.records.length - 1]!;
    const { state, storage, ...rest } = step.after;
    const record: NodeRecord = { ...before, ...rest };
    if (state) record.state = patched(before.state, state);
    if (storage) record.storage = patched(before.storage, storage);
    history.steps.push(index + 1);
    history.records.push(record);
  });
  return histories;
}

/** How a node stood after a step. */
export function recordAt(history: History, step: Step): NodeRecord {
  return history.records[lastAtMost(history.steps, step)]!;
}

/** The position of the last number in an ascending list that is at most this; 0 if there is none. */
export function lastAtMost(ascending: readonly number[], most: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! <= most) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

export function messageOf(what: What): Message | undefined {
  return what.deliver ?? what["arrive-at-down"] ?? what.drop ?? what.duplicate;
}

/** The node on whose lane an event stands, if it stands on one. */
export function laneOf(what: What): NodeId | undefined {
  return messageOf(what)?.dst ?? (what.timeout ?? what.choose ?? what.crash ?? what.recover)?.node;
}

/** The node whose handler ran, or that went down or up. */
export function actorOf(what: What): NodeId | undefined {
  return what.deliver?.dst ?? (what.timeout ?? what.choose ?? what.crash ?? what.recover)?.node;
}

/** The number of a step as it is shown. */
export function numberOf(trace: PackedTrace, step: Step): number {
  const gap = trace.unrecorded;
  return gap && step > gap.after ? step + gap.steps : step;
}

/** The recorded step of a number that is shown. What was not recorded comes to the step before it. */
export function stepOf(trace: PackedTrace, number: number): Step {
  const gap = trace.unrecorded;
  if (!gap || number <= gap.after) return number;
  return Math.max(gap.after, number - gap.steps);
}

const UNITS: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1e3, min: 6e4, h: 3.6e6 };

/** A time such as `1.119287ms`, in milliseconds. */
export function millis(at: string | undefined): number | undefined {
  const found = /^([\d.]+)([a-zµ]+)$/.exec(at ?? "");
  const unit = found && UNITS[found[2]!];
  return unit ? Number(found[1]) * unit : undefined;
}

/** A time for people: `10.7 ms`, `1.25 s`. */
export function timeText(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return `${ms.toFixed(ms >= 100 ? 0 : 1)} ms`;
}

/** The data that stand in the page: gzip in Base64. */
export async function load(text: string): Promise<Page> {
  const bytes = Uint8Array.from(atob(text.trim()), (sign) => sign.charCodeAt(0));
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return (await new Response(plain).json()) as Page;
}
