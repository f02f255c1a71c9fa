// What is selected and how it is shown: the one state of the page, in signals.
//
// Invariant: every part of the page reads from here and changes nothing but by the functions here. Nothing here draws.

import { batch, computed, signal, type Signal } from "@preact/signals";
import {
  type History,
  type NodeRecord,
  type Page,
  type Run,
  type Step,
  WEIGHT,
  millis,
  numberOf,
  recordAt,
  stepOf,
  unpack,
} from "./data.ts";

/** A run that is shown, with what is selected in it. */
export interface Shown {
  /** Its position in `page.runs`. */
  index: number;
  run: Run;
  /** The records of its nodes. */
  histories: History[];
  /** The time of each step in milliseconds, from step 0; nothing if the run has no times. */
  times: number[] | null;
  /** The last step. */
  last: Step;
  step: Signal<Step>;
  /** The steps that are lit while all others are dimmed. */
  lit: Signal<ReadonlySet<Step> | null>;
  /** Where the selected step came from: a step that is selected by hand is scrolled to where it is not seen. */
  moved: Signal<number>;
}

export type Axis = "steps" | "time";
/** How the steps of a kind are shown. */
export type Showing = "show" | "fold" | "hide";
export type PanelName = "what" | "why" | "table" | "operations" | "transcript" | "scenario" | "apart";
export type Theme = "system" | "light" | "dark";

export const page = signal<Page | null>(null);
/** One run, or two side by side. */
export const shown = signal<Shown[]>([]);
/** The one of them that keys, bar and search act on. */
export const focus = signal(0);
export const focused = computed(() => shown.value[focus.value] ?? shown.value[0] ?? null);

export const axis = signal<Axis>("steps");
/** Kinds that are not shown as they are. */
export const kinds = signal<ReadonlyMap<string, Exclude<Showing, "show">>>(new Map());
/** Whether equal repeats collapse. */
export const repeats = signal(true);
export const query = signal("");
export const panel = signal<PanelName>("why");
export const theme = signal<Theme>("system");
export const playing = signal(false);
/** Steps in a second, while it plays. */
export const speed = signal(2);
export const isPrinting = signal(false);
export const helpIsOpen = signal(false);
/** What the reader should know about how this page was opened. */
export const banner = signal<string | null>(null);
/** What a screen reader is told. */
export const announcement = signal("");

const cache = new WeakMap<Run, Shown>();

/** A run made ready to be shown; the same one each time. */
export function prepare(run: Run, index: number): Shown {
  const known = cache.get(run);
  if (known) return known;
  const { steps } = run.trace;
  const last = steps.length;
  const times = steps.length > 0 && steps.every((step) => millis(step.at) !== undefined);
  const made: Shown = {
    index,
    run,
    histories: unpack(run.trace),
    times: times ? [0, ...steps.map((step) => millis(step.at)!)] : null,
    last,
    step: signal(firstSelected(run)),
    lit: signal<ReadonlySet<Step> | null>(null),
    moved: signal(0),
  };
  cache.set(run, made);
  return made;
}

/** Where the reader sees what came of a run: where it breaks; if it is stuck, its end; else what it turns on. */
function firstSelected(run: Run): Step {
  const { told } = run;
  const broken = told.findIndex(({ weight }) => weight === WEIGHT.breaks);
  if (broken >= 0) return broken + 1;
  const isStuck = run.spans.some(({ kind }) => kind === "stuck");
  if (run.explanation || isStuck) return told.length;
  const lost = told.findLastIndex(({ overwritten }) => overwritten?.length);
  if (lost >= 0) return lost + 1;
  const turn = told.findLastIndex(({ weight }) => weight >= WEIGHT.turns);
  return turn >= 0 ? turn + 1 : told.length;
}

/** Opens a page: its first run, or its first two. */
export function open(data: Page) {
  batch(() => {
    page.value = data;
    show(data.runs.map((_, index) => index));
    if (data.diff) panel.value = "apart";
    // Of two runs their difference is looked at: each stands where it parts from the other.
    const parting = data.diff?.parting?.step;
    if (parting !== undefined) {
      for (const one of shown.value) one.step.value = Math.min(one.last, stepOf(one.run.trace, parting));
    }
    kinds.value = new Map(data.runs.flatMap(foldedAtFirst));
  });
}

/** How many runs are shown at once. */
const atOnce = (data: Page) => (data.beside ? 2 : 1);

/** Shows the first of these runs, or the first two. */
export function show(indexes: number[]) {
  const data = page.value;
  if (!data) return;
  batch(() => {
    shown.value = indexes.slice(0, atOnce(data)).flatMap((index) => {
      const run = data.runs[index];
      return run ? [prepare(run, index)] : [];
    });
    focus.value = Math.min(focus.value, Math.max(0, shown.value.length - 1));
    if (shown.value.some((one) => !one.times)) axis.value = "steps";
  });
}

/** The step at which a run parts from the other, in a page of their difference. */
export function partingOf(one: Shown): Step | undefined {
  const number = page.value?.diff?.parting?.step;
  if (number === undefined || one.index > 1) return undefined;
  const step = stepOf(one.run.trace, number);
  return step <= one.last ? step : undefined;
}

/** Where a name is a file's, with its folders. */
const FOLDERS = /(?:[^\s/|]*\/)+(?=[^\s/]+\.json\b)/g;

/** A name without the folders of the files in it. */
export const withoutFolders = (name: string) => name.replace(FOLDERS, "");

/** What tells a run from the others: `seed 1`, where all are of one file. */
export function nameOf(run: Run): string {
  const all = (page.value?.runs ?? [run]).map(({ name }) => withoutFolders(name).split(", "));
  const name = withoutFolders(run.name).split(", ");
  let same = 0;
  while (same < name.length - 1 && all.every((other) => other[same] === name[same])) same += 1;
  return name.slice(all.length > 1 ? same : 0).join(", ");
}

/** How long a run may be before what is quiet in it is folded, if it comes again and again: where the rest is in sight at
 *  once, nobody must look for what it turns on. */
const UNFOLDED_MAX = 16;
/** How often something quiet comes before it is folded in a run of this length, which is hardly longer than what is in
 *  sight; in a longer one all of it is. */
const OFTEN = 6;
const SHORT_MAX = 60;

function foldedAtFirst(run: Run): [kind: string, showing: "fold"][] {
  if (run.told.length <= UNFOLDED_MAX) return [];
  const times = new Map<string, number>();
  for (const { weight, kind } of run.told) {
    if (weight === WEIGHT.quiet) times.set(kind, (times.get(kind) ?? 0) + 1);
  }
  const least = run.told.length > SHORT_MAX ? 1 : OFTEN;
  return [...times].filter(([, count]) => count >= least).map(([kind]) => [kind, "fold"]);
}

// Selecting.

export const recordOf = (one: Shown, node: number, step = one.step.value): NodeRecord =>
  recordAt(one.histories[node]!, step);

/** The number of a step as it is shown. */
export const shownNumber = (one: Shown, step: Step) => numberOf(one.run.trace, step);

/** The step of a number that is shown: explanations and diffs speak of those. */
export const stepOfNumber = (one: Shown, number: number) => stepOf(one.run.trace, number);

/** Selects a step of a run; of the one that has the focus, if none is named. */
export function select(step: Step, one: Shown | null = focused.peek()) {
  if (!one) return;
  const to = Math.max(0, Math.min(one.last, Math.round(step)));
  batch(() => {
    const at = shown.peek().indexOf(one);
    if (at >= 0) focus.value = at;
    one.step.value = to;
    one.moved.value += 1;
    // Where two runs have not parted they are one.
    const other = shown.peek().find((other) => other !== one);
    const common = page.peek()?.diff?.["in-common"] ?? 0;
    if (other && one.index + other.index === 1 && to <= common) {
      other.step.value = to;
      other.moved.value += 1;
    }
    const told = one.run.told[to - 1];
    const words = to === 0 ? "the start" : (told?.words ?? "");
    announcement.value = `Step ${numberOf(one.run.trace, to)}: ${words}`;
  });
}

export const next = (by = 1) => {
  const one = focused.peek();
  if (one) select(one.step.peek() + by);
};
export const previous = (by = 1) => next(-by);

export type Wanted = "turn" | "fault" | "decision" | "violation";

/** Whether a step is one of those that a reader jumps to. */
export function is(run: Run, step: Step, wanted: Wanted): boolean {
  const record = run.trace.steps[step - 1];
  const told = run.told[step - 1];
  if (!record || !told) return false;
  switch (wanted) {
    case "turn":
      return told.weight >= WEIGHT.turns;
    case "violation":
      return told.weight >= WEIGHT.breaks;
    case "fault": {
      const { crash, cut, drop, duplicate } = record.what;
      return Boolean(crash ?? cut ?? drop ?? duplicate) || record.crash_after !== undefined;
    }
    case "decision":
      return (record.observed ?? []).some((seen) => DECISIONS.some((kind) => kind in seen));
  }
}

const DECISIONS = ["decided", "chosen", "committed", "elected"];

/** The nearest such step after (or before) the selected one, from the other end if there is none; 0 if nowhere. */
export function nextWhere(wanted: Wanted, direction: 1 | -1 = 1): Step {
  const one = focused.peek();
  if (!one) return 0;
  const from = one.step.peek();
  for (let by = 1; by <= one.last; by += 1) {
    const step = (((from + direction * by) % (one.last + 1)) + one.last + 1) % (one.last + 1);
    if (is(one.run, step, wanted)) {
      select(step, one);
      return step;
    }
  }
  announcement.value = `There is no ${wanted} in this run.`;
  return 0;
}

/** Lights these steps and dims all others; nothing dims none. */
export function light(steps: ReadonlySet<Step> | null, one: Shown | null = focused.peek()) {
  if (one) one.lit.value = steps;
}

/** A step and all that it came of. */
export function pastOf(run: Run, steps: Iterable<Step>): Set<Step> {
  const past = new Set<Step>();
  const open = [...steps];
  for (let step = open.pop(); step !== undefined; step = open.pop()) {
    if (past.has(step)) continue;
    past.add(step);
    open.push(...(run.told[step - 1]?.after ?? []));
  }
  return past;
}

export function setKind(kind: string, showing: Showing) {
  const changed = new Map(kinds.peek());
  if (showing === "show") changed.delete(kind);
  else changed.set(kind, showing);
  kinds.value = changed;
}

export function toggleAxis() {
  if (shown.peek().every((one) => one.times)) axis.value = axis.peek() === "steps" ? "time" : "steps";
}

// Links: `#1a2b3c4d-12`, of two runs `#1a2b3c4d-12+5e6f7a8b-9`. The numbers are those that are shown.

export const fragment = computed(() =>
  shown.value.map((one) => `${one.run.id}-${numberOf(one.run.trace, one.step.value)}`).join("+"),
);

/** Selects what a link names, and says so if it was made for another run. */
export function follow(hash: string) {
  const text = hash.replace(/^#/, "");
  if (text === "" || text === fragment.peek()) return;
  let foreign = false;
  const wanted: [run: number, step: Step][] = [];
  for (const part of text.split("+")) {
    const found = /^([0-9a-f]{8})-(\d+)$/.exec(part);
    const run = found ? (page.peek()?.runs.findIndex((run) => run.id === found[1]) ?? -1) : -1;
    if (found && run >= 0) wanted.push([run, Number(found[2])]);
    else foreign = true;
  }
  batch(() => {
    const runs = wanted.map(([run]) => run);
    const missing = runs.some((run) => !shown.peek().some((one) => one.index === run));
    if (missing) show(runs);
    for (const [run, number] of wanted) {
      const one = shown.peek().find((one) => one.index === run);
      if (!one) continue;
      one.step.value = Math.min(one.last, stepOf(one.run.trace, number));
      one.moved.value += 1;
    }
    banner.value = foreign
      ? "This link was made for another run: the step that it names is not in this page."
      : null;
  });
}
