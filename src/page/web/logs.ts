// What became of the entries of logs: who took one in, who lost it to another, and whether it was committed.
//
// Invariant: read off what a run says of its nodes' logs; a node that is down still has its log.

import { actorOf, type NodeId, type Run, type Step } from "./data.ts";

/** An entry that gave way to another. */
export interface Overwritten {
  step: Step;
  node: NodeId;
  entry: string;
  /** The first step in which it was committed, if it ever was. */
  committed: Step | undefined;
}

/** An entry that a node took in, and that was overwritten later. */
export interface Taken {
  step: Step;
  entry: string;
  /** How many nodes have it now, of how many in the same role. */
  on: number;
  of: number;
}

export interface Logs {
  overwritten: Overwritten[];
  taken: Taken[];
}

interface Log {
  first: number;
  entries: string[];
}

const known = new WeakMap<Run, Logs>();

export function logsOf(run: Run): Logs {
  let logs = known.get(run);
  if (!logs) known.set(run, (logs = read(run)));
  return logs;
}

const entryAt = (log: Log | undefined, index: number) => log?.entries[index - log.first];

function read(run: Run): Logs {
  const { nodes, start, steps } = run.trace;
  const now = nodes.map((_, node) => logIn(start[node]?.after.key_state));
  const committed = new Map<string, Step>();
  const lost = new Map<string, Overwritten[]>();
  const taken: (Taken & { place: string })[] = [];
  steps.forEach((record, at) => {
    const step = at + 1;
    for (const { committed: seen } of record.observed ?? []) {
      for (const entry of seen ? [`${seen.term}:${seen.value}`, `${seen.value}`] : []) {
        const place = `${seen!.subject} ${entry}`;
        if (!committed.has(place)) committed.set(place, step);
      }
    }
    const node = actorOf(record.what);
    const is = logIn(record.after?.key_state);
    if (node === undefined || !is) return;
    const was = now[node];
    now[node] = is;
    const gone = new Set(run.told[at]!.overwritten);
    was?.entries.forEach((entry, nth) => {
      const place = `${was.first + nth} ${entry}`;
      if (!gone.has(entry) || entryAt(is, was.first + nth) === entry) return;
      lost.set(place, [...(lost.get(place) ?? []), { step, node, entry, committed: undefined }]);
    });
    is.entries.forEach((entry, nth) => {
      const index = is.first + nth;
      if (entryAt(was, index) === entry) return;
      const like = nodes.flatMap(({ role }, other) => (role === nodes[node]!.role ? [now[other]] : []));
      const on = like.filter((log) => entryAt(log, index) === entry).length;
      taken.push({ step, entry, on, of: like.length, place: `${index} ${entry}` });
    });
  });
  const overwritten = [...lost].flatMap(([place, all]) =>
    all.map((one) => ({ ...one, committed: committed.get(place) })),
  );
  return {
    overwritten: overwritten.sort((one, other) => one.step - other.step),
    taken: taken.filter(({ place, step }) => lost.get(place)?.some((one) => one.step > step)),
  };
}

/** The log in what is told of a node's state. */
function logIn(state: NonNullable<Run["trace"]["steps"][number]["after"]>["key_state"]): Log | undefined {
  for (const [, value] of state ?? []) {
    if (Array.isArray(value)) return { first: value[0], entries: value[1] };
  }
  return undefined;
}

/** Whether an entry gives way in a step that had been committed: then something is broken. */
export const hadCommitted = (run: Run, step: Step) =>
  logsOf(run).overwritten.some((one) => one.step === step && (one.committed ?? Infinity) <= step);

/** `it was never committed` */
export function fateOf({ step, committed }: Overwritten): string {
  if (committed === undefined) return "it was never committed";
  return committed <= step ? "it had been committed" : "it was committed later";
}

/** `now on 3 of 5: a majority` */
export const spreadOf = ({ on, of }: Taken) => `now on ${on} of ${of}${2 * on > of ? ": a majority" : ""}`;
