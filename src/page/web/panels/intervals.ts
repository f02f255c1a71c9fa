// Where clients' operations stand in a chart: only what came before what counts, so that nothing is wider than it must.
//
// Invariant: two ends that come one after the other stand in that order, and so do the points of a linearisation, each
// within its operation.

import type { Operation, Operations } from "../data.ts";

export interface Placed {
  /** Its position in the list. */
  at: number;
  operation: Operation;
  /** Columns, from 0. What has no end goes on to the last one. */
  from: number;
  until: number;
  /** The column up to which its label has room. */
  room: number;
  /** The row within the lane of its client. */
  row: number;
  /** Where it takes effect, in columns, and the how manieth it is, from 1. */
  point?: { x: number; nth: number };
}

export interface Chart {
  columns: number;
  /** The step of each column. */
  steps: number[];
  lanes: { client: number; rows: number; placed: Placed[] }[];
}

/** The operations of a run, placed. */
export function chart({ list, order, broken }: Operations): Chart {
  // An answer comes before the question that follows it in the same step.
  const ends = list.flatMap(({ from, until }, at) => {
    const begins = { step: from, isEnd: false, at };
    return until === undefined ? [begins] : [begins, { step: until, isEnd: until > from, at }];
  });
  ends.sort((a, b) => a.step - b.step || Number(b.isEnd) - Number(a.isEnd) || a.at - b.at);
  const columns = ends.length + 1;
  const placed: Placed[] = list.map((operation, at) => ({
    at,
    operation,
    from: -1,
    until: columns - 1,
    room: columns,
    row: 0,
  }));
  ends.forEach(({ at }, column) => {
    const one = placed[at]!;
    if (one.from < 0) one.from = column;
    else one.until = column;
  });
  const last = list.reduce((most, { from, until }) => Math.max(most, from, until ?? 0), 0);
  points(placed, order ?? broken?.order ?? []);
  const clients = [...new Set(list.map(({ client }) => client))].sort((a, b) => a - b);
  const lanes = clients.map((client) => {
    const own = placed.filter(({ operation }) => operation.client === client);
    return { client, rows: stacked(own), placed: own };
  });
  return { columns, steps: [...ends.map(({ step }) => step), last], lanes };
}

/** Puts each operation's point as early as it can stand; those between the same two ends stand evenly. */
function points(placed: Placed[], order: readonly number[]) {
  const slots = new Map<number, Placed[]>();
  let slot = 0;
  for (const at of order) {
    const one = placed[at];
    if (!one) continue;
    slot = Math.max(slot, one.from);
    const list = slots.get(slot);
    if (list) list.push(one);
    else slots.set(slot, [one]);
  }
  let nth = 0;
  for (const [slot, list] of [...slots].sort(([a], [b]) => a - b)) {
    list.forEach((one, at) => {
      nth += 1;
      one.point = { x: slot + (at + 1) / (list.length + 1), nth };
    });
  }
}

/** Gives rows to operations of a client that overlap, and room to their labels; the number of rows. */
function stacked(own: Placed[]): number {
  const rows: Placed[] = [];
  for (const one of [...own].sort((a, b) => a.from - b.from)) {
    const row = rows.findIndex(({ until }) => until <= one.from);
    one.row = row < 0 ? rows.length : row;
    const before = rows[one.row];
    if (before) before.room = one.from;
    rows[one.row] = one;
  }
  return Math.max(1, rows.length);
}
