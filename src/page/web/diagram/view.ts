// A run as its diagram shows it: rows, places, hits of the search. Computed when asked for, once for each change.

import { computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import { laneOf, type Run, type Step } from "../data.ts";
import { axis, kinds, query, repeats, select, type Shown } from "../store.ts";
import { type ArrowIndex, type Geometry, geometryOf, indexOf } from "./geometry.ts";
import { type Row, type Rows, rowsOf } from "./rows.ts";

export interface View {
  opened: Signal<ReadonlySet<Step>>;
  /** The room for it, in pixels. */
  width: Signal<number>;
  rows: ReadonlySignal<Rows>;
  geometry: ReadonlySignal<Geometry>;
  arrows: ReadonlySignal<ArrowIndex>;
  /** The steps that the search finds, in order. */
  hits: ReadonlySignal<Step[]>;
  hitSet: ReadonlySignal<ReadonlySet<Step>>;
  /** The rows in sight. */
  visible: Signal<{ first: number; last: number }>;
  /** The sign that was tapped, of the step that is selected by it. */
  sign: Signal<{ step: Step; words: string } | null>;
  /** The row that the pointer is on. */
  hover: Signal<number | null>;
}

const views = new WeakMap<Shown, View>();

export function viewOf(one: Shown): View {
  const known = views.get(one);
  if (known) return known;
  const opened = signal<ReadonlySet<Step>>(new Set());
  const width = signal(800);
  const rows = computed(() =>
    rowsOf(one.run, {
      kinds: kinds.value,
      repeats: repeats.value,
      opened: opened.value,
      lit: one.lit.value,
    }),
  );
  const geometry = computed(() =>
    geometryOf(rows.value, one.run.trace.nodes.length, {
      width: width.value,
      axis: axis.value,
      times: one.times,
    }),
  );
  const hits = computed(() => hitsOf(one, query.value));
  const view: View = {
    opened,
    width,
    rows,
    geometry,
    arrows: computed(() => indexOf(one.run, rows.value)),
    hits,
    hitSet: computed(() => new Set(hits.value)),
    visible: signal({ first: 0, last: 30 }),
    sign: signal(null),
    hover: signal(null),
  };
  views.set(one, view);
  return view;
}

function hitsOf({ run }: Shown, query: string): Step[] {
  const wanted = query.trim().toLowerCase();
  if (wanted === "") return [];
  const hits: Step[] = [];
  run.trace.steps.forEach((step, index) => {
    const told = run.told[index]!;
    const lane = laneOf(step.what);
    const name = lane === undefined ? "" : (run.trace.nodes[lane]?.name ?? "");
    const text = [told.words, step.event, told.kind, name, ...(told.changes ?? [])].join("\n");
    if (text.toLowerCase().includes(wanted)) hits.push(index + 1);
  });
  return hits;
}

/** Opens the fold that a step is in, if it is in one. */
export function reveal(one: Shown, step: Step) {
  const view = viewOf(one);
  const { rows, of, isInside } = view.rows.peek();
  const row = rows[of[step] ?? 0];
  if (isInside[step] && row?.kind === "fold") view.opened.value = new Set([...view.opened.peek(), row.step]);
}

export function toggleFold(one: Shown, step: Step) {
  const { opened } = viewOf(one);
  const changed = new Set(opened.peek());
  if (!changed.delete(step)) changed.add(step);
  opened.value = changed;
}

/** The step that stands for a row: of a fold its last, for then all of it has happened. */
export function stepOfRow({ rows }: Rows, index: number): Step {
  const row = rows[Math.max(0, Math.min(rows.length - 1, index))]!;
  return row.kind === "fold" && !row.isOpen ? row.last : row.step;
}

/** Selects the row so many further down. */
export function moveRows(one: Shown, by: number): boolean {
  const rows = viewOf(one).rows.peek();
  const before = one.step.peek();
  let row = rows.of[before]! + by;
  // The head of an open fold and its first step are one step.
  if (by > 0) while (row < rows.rows.length - 1 && stepOfRow(rows, row) <= before) row += 1;
  select(stepOfRow(rows, row), one);
  return one.step.peek() !== before;
}

/** Selects the next hit of the search, or the one before. */
export function nextHit(one: Shown, direction: 1 | -1 = 1): boolean {
  const hits = viewOf(one).hits.peek();
  if (hits.length === 0) return false;
  const at = one.step.peek();
  const found =
    direction > 0
      ? (hits.find((hit) => hit > at) ?? hits[0])
      : (hits.findLast((hit) => hit < at) ?? hits.at(-1));
  reveal(one, found!);
  select(found!, one);
  return true;
}

/** The arrow that arrives in each step, by its label. */
const arrivals = new WeakMap<Run, Map<Step, string>>();

/** The words of a step without the message, for the diagram has that in the same row: `S2 gets Vote #3: takes note`
 *  comes to `S2 takes note`. */
export function briefly(run: Run, step: Step): string {
  let labels = arrivals.get(run);
  if (!labels) {
    const arrived = run.arrows.filter(({ fate, to }) => fate === "arrived" && to !== undefined);
    labels = new Map(arrived.map(({ to, label }) => [to!, run.labels[label]?.[1] ?? ""]));
    arrivals.set(run, labels);
  }
  const { words } = run.told[step - 1]!;
  const label = labels.get(step);
  const lane = laneOf(run.trace.steps[step - 1]!.what);
  if (!label || lane === undefined) return words;
  const name = run.trace.nodes[lane]!.name;
  const begin = `${name} gets ${label} #`;
  if (!words.startsWith(begin)) return words;
  const rest = /^\d+(?: again)?: (.*)$/s.exec(words.slice(begin.length));
  return rest ? `${name} ${rest[1]}` : words;
}

/** What a row says, and what more of it there is to know. */
export function wordsOf(
  one: Shown,
  row: Row,
): { text: string; changes: string; breaks: string; title: string } {
  const none = { changes: "", breaks: "" };
  if (row.kind === "fold") return { ...none, text: row.words, title: row.words };
  if (row.kind === "gap") {
    const text = `${row.count} steps that were not recorded`;
    return { ...none, text, title: text };
  }
  if (row.step === 0) return { ...none, text: "all start", title: "all start" };
  const { told, trace } = one.run;
  const { words, changes } = told[row.step - 1]!;
  const brief = briefly(one.run, row.step);
  const broken = (trace.steps[row.step - 1]!.properties ?? []).filter((it) => !it.holds);
  const breaks = broken.length > 0 ? `${broken.map((it) => it.property).join(", ")} breaks` : "";
  const reasons = broken.flatMap((it) => (it.reason ? [`${it.property}: ${it.reason}`] : []));
  const after = changes?.length ? `· ${changes.join(", ")}` : "";
  return { text: brief, changes: after, breaks, title: [words, ...(changes ?? []), ...reasons].join("\n") };
}
