// The rows of a diagram: a step each, or a line for many that say little.
//
// Invariant: every step belongs to one row, and rows stand in the order of steps. Where they stand is not known here.

import { type Run, type Step, type Told, WEIGHT } from "../data.ts";
import type { Showing } from "../store.ts";

export type Row =
  | { kind: "step"; step: Step }
  /** Steps that are folded; `isOpen` if they stand below it one by one. */
  | { kind: "fold"; step: Step; last: Step; words: string; isOpen: boolean }
  /** Steps of a very long run that were not recorded. */
  | { kind: "gap"; step: Step; count: number };

export interface Rows {
  rows: Row[];
  /** The row of each step, from step 0. */
  of: Int32Array;
  /** Steps that have no row of their own. */
  isInside: Uint8Array;
}

export interface Folding {
  kinds: ReadonlyMap<string, Exclude<Showing, "show">>;
  repeats: boolean;
  /** The folds that are open, by their first step. */
  opened: ReadonlySet<Step>;
  /** Steps that are not folded, whatever they are. */
  lit: ReadonlySet<Step> | null;
}

/** Of no more steps than this in a row none is folded. */
const FOLD_MIN = 3;
/** The longest sequence of steps of which repeats are looked for. */
const PERIOD_MAX = 6;
const REPEATS_MIN = 3;

export function rowsOf(run: Run, folding: Folding): Rows {
  const last = run.trace.steps.length;
  const rows: Row[] = [];
  const of = new Int32Array(last + 1);
  const isInside = new Uint8Array(last + 1);
  const gap = run.trace.unrecorded;
  let pending: Step[] = [];
  let plain: Step[] = [];

  const put = (step: Step) => {
    of[step] = rows.length;
    rows.push({ kind: "step", step });
  };
  const fold = (steps: Step[], words: string) => {
    const step = steps[0]!;
    const isOpen = folding.opened.has(step);
    rows.push({ kind: "fold", step, last: steps[steps.length - 1]!, words, isOpen });
    for (const inside of steps) {
      if (isOpen) put(inside);
      else {
        of[inside] = rows.length - 1;
        isInside[inside] = 1;
      }
    }
  };
  const flushPlain = () => {
    for (let at = 0; at < plain.length;) {
      const found = folding.repeats ? repeatAt(run, plain, at) : null;
      if (found) {
        fold(plain.slice(at, at + found.count), found.words);
        at += found.count;
      } else put(plain[at++]!);
    }
    plain = [];
  };
  const flushPending = () => {
    if (pending.length === 0) return;
    if (pending.length < FOLD_MIN) plain.push(...pending);
    else {
      flushPlain();
      fold(pending, quietWords(run, pending));
    }
    pending = [];
  };

  put(0);
  for (let step = 1; step <= last; step += 1) {
    const told = run.told[step - 1]!;
    const showing = folding.kinds.get(told.kind);
    const isLit = folding.lit?.has(step) ?? false;
    if (showing === "fold" && told.weight === WEIGHT.quiet && !isLit) {
      pending.push(step);
    } else if (showing === "hide" && told.weight < WEIGHT.turns && !isLit) {
      isInside[step] = 1;
    } else {
      flushPending();
      if (isLit) {
        flushPlain();
        put(step);
      } else plain.push(step);
    }
    if (gap && gap.after === step) {
      flushPending();
      flushPlain();
      rows.push({ kind: "gap", step, count: gap.steps });
    }
  }
  flushPending();
  flushPlain();
  // What is hidden belongs to the row before it.
  for (let step = 1; step <= last; step += 1) {
    if (isInside[step] && of[step] === 0) of[step] = of[step - 1]!;
  }
  return { rows, of, isInside };
}

/** `12 quiet steps: 8 AppendEntries, 4 Appended` */
function quietWords(run: Run, steps: Step[]): string {
  const counts = new Map<string, number>();
  for (const step of steps) {
    const { kind } = run.told[step - 1]!;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const sorted = [...counts].sort((one, other) => other[1] - one[1]);
  const named = sorted.slice(0, 4).map(([kind, count]) => `${count} ${kind}`);
  if (sorted.length > 4) named.push("…");
  return `${steps.length} quiet steps: ${named.join(", ")}`;
}

/** The repeats that begin at a position, if they are worth a line. */
function repeatAt(run: Run, steps: Step[], at: number): { count: number; words: string } | null {
  if (!mayRepeat(run.told[steps[at]! - 1]!)) return null;
  for (let period = 1; period <= PERIOD_MAX; period += 1) {
    let length = period;
    while (at + length < steps.length) {
      const here = steps[at + length]!;
      if (!mayRepeat(run.told[here - 1]!) || !isSame(run, here, steps[at + length - period]!)) break;
      length += 1;
    }
    const times = Math.floor(length / period);
    if (times < REPEATS_MIN || times * period < 4) continue;
    const one = steps.slice(at, at + period).map((step) => run.told[step - 1]!);
    if (!one.every(mayRepeat)) continue;
    const words = one.map((told) => told.words).join("; ");
    return { count: times * period, words: `${words} ×${times}` };
  }
  return null;
}

const mayRepeat = (told: Told) =>
  told.weight <= WEIGHT.matters && !told.changes?.length && !told.overwritten?.length;

function isSame(run: Run, one: Step, other: Step): boolean {
  const { steps } = run.trace;
  return (
    steps[one - 1]!.event === steps[other - 1]!.event &&
    run.told[one - 1]!.words === run.told[other - 1]!.words
  );
}
