// What became of the messages of a run, found by step.

import type { Arrow, Run, Step } from "../data.ts";

interface Index {
  from: Map<Step, Arrow[]>;
  to: Map<Step, Arrow[]>;
}

const indexes = new WeakMap<Run, Index>();

function indexOf(run: Run): Index {
  const known = indexes.get(run);
  if (known) return known;
  const index: Index = { from: new Map(), to: new Map() };
  for (const arrow of run.arrows) {
    push(index.from, arrow.from, arrow);
    if (arrow.to !== undefined) push(index.to, arrow.to, arrow);
  }
  indexes.set(run, index);
  return index;
}

function push(map: Map<Step, Arrow[]>, step: Step, arrow: Arrow) {
  const list = map.get(step);
  if (list) list.push(arrow);
  else map.set(step, [arrow]);
}

/** What a step sent, or copied. */
export const sentIn = (run: Run, step: Step): Arrow[] => indexOf(run).from.get(step) ?? [];

/** What came to its end in a step. */
export const endedIn = (run: Run, step: Step): Arrow[] => indexOf(run).to.get(step) ?? [];

/** Messages that are alike: from whom to whom, how many, and the steps that sent them. */
export interface Flying {
  src: number;
  dst: number;
  label: number;
  from: Step[];
}

/** What is on its way behind a step, in order of sending. */
export function inFlight(run: Run, step: Step): Flying[] {
  const groups = new Map<string, Flying>();
  for (const { src, dst, label, from, to, fate } of run.arrows) {
    if (from > step) break;
    if (fate === "absorbed" || (to !== undefined && to <= step)) continue;
    // It never was: the cut was there before it.
    if (fate === "cut" && (to === undefined || to === from)) continue;
    const key = `${src} ${dst} ${label}`;
    const group = groups.get(key);
    if (group) group.from.push(from);
    else groups.set(key, { src, dst, label, from: [from] });
  }
  return [...groups.values()];
}
