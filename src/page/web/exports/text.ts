// What the text formats share.

import type { Did, Observation, PackedTrace, StepRecord, What } from "../data.ts";
import { actorOf } from "../data.ts";

/** Without control characters: whatever would end a line. */
export function clean(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, " ");
}

export const nodeName = (trace: PackedTrace, node: number) => trace.nodes[node]?.name ?? `node ${node}`;

/** What a node decided or learned: the observations that notes are made of. */
const DECISIONS = ["decided", "chosen", "elected", "committed", "returned"];

export const decisions = (did: Did): Observation[] =>
  (did.observed ?? []).filter((seen) => DECISIONS.some((kind) => kind in seen));

/** Whether a node had been up before a step, counted from 1, as far as is recorded. */
export function everUp(trace: PackedTrace, node: number, step: number): boolean {
  if (trace.start[node]?.after.up) return true;
  return trace.steps.slice(0, step - 1).some(({ what }) => actorOf(what) === node);
}

/** The node of an event, whether its handler ran or not. */
export function nodeOf({ what }: StepRecord): number | undefined {
  const { deliver, drop, duplicate, timeout, choose, crash, recover } = what;
  const message = deliver ?? what["arrive-at-down"] ?? drop ?? duplicate;
  return message?.dst ?? (timeout ?? choose ?? crash ?? recover)?.node;
}

/** The links that a cut, or the end of one, is about. */
export const linksOf = (what: What) => what.cut?.links ?? what.heal?.links;
