// What stands on a lane for a step: which mark, which flags, and what of it is written down.
//
// Invariant: made of one step of a run; knows no places and no colours.

import { type NodeId, type Run, type Step, WEIGHT, laneOf } from "../data.ts";
import { fateOf, hadCommitted, logsOf } from "../logs.ts";

export type Mark = "acts" | "idle" | "timer" | "choice" | "crash" | "recover" | "copied" | "none";
/** An entry of a log that is overwritten is `lost` if that breaks something, and merely `gone` if not. */
export type FlagKind = "commit" | "abort" | "decided" | "elected" | "lost" | "gone";

export interface Flag {
  kind: FlagKind;
  text: string;
  title: string;
}

export interface Meaning {
  lane: NodeId | undefined;
  mark: Mark;
  /** The node crashed inside the handler. */
  crashed: boolean;
  flags: Flag[];
  saved: { forced: boolean; record: string }[];
  /** What it did to the network: `cut`, `heal`. */
  network: "cut" | "heal" | undefined;
  /** The properties that it broke. */
  breaks: string[];
}

export const MARKS: Record<Mark, string> = {
  acts: "gets a message, and acts",
  idle: "gets a message, and does nothing",
  timer: "a timer fires",
  choice: "a choice is settled",
  crash: "crashes",
  recover: "starts again or joins",
  copied: "a message is duplicated",
  none: "",
};

export function meaningOf(run: Run, step: Step): Meaning {
  const record = run.trace.steps[step - 1]!;
  const told = run.told[step - 1]!;
  const { what } = record;
  const did = Boolean(record.sent?.length || record.saved?.length || record.observed?.length);
  const acts = did || told.weight > WEIGHT.quiet || Boolean(told.changes?.length);
  let mark: Mark = "none";
  if (what.timeout) mark = "timer";
  else if (what.choose) mark = "choice";
  else if (what.crash) mark = "crash";
  else if (what.recover) mark = "recover";
  else if (what.duplicate) mark = "copied";
  else if (what.deliver) mark = acts ? "acts" : "idle";
  return {
    lane: laneOf(what),
    mark,
    crashed: record.crash_after !== undefined,
    flags: flagsOf(run, step),
    saved: record.saved ?? [],
    network: what.cut ? "cut" : what.heal ? "heal" : undefined,
    breaks: (record.properties ?? []).filter((it) => !it.holds).map((it) => it.property),
  };
}

function flagsOf(run: Run, step: Step): Flag[] {
  const told = run.told[step - 1]!;
  const flags: Flag[] = [];
  const entries = told.overwritten ?? [];
  if (entries.length > 0) {
    const isBad = told.weight >= WEIGHT.breaks || hadCommitted(run, step);
    const fates = logsOf(run).overwritten.filter((one) => one.step === step);
    const title = ["overwritten", ...new Set(fates.map(fateOf))].join("; ");
    flags.push({
      kind: isBad ? "lost" : "gone",
      text: entries.join(" "),
      title: `${entries.join(" ")}: ${title}`,
    });
  }
  const committed: string[] = [];
  for (const observation of run.trace.steps[step - 1]!.observed ?? []) {
    const { decided, chosen, committed: commit, elected } = observation;
    if (decided) flags.push(decision(String(decided.value ?? "")));
    if (chosen) flags.push(flag("decided", `${chosen.value ?? ""}`, `learns ${chosen.value ?? ""}`));
    if (commit) committed.push(String(commit.value ?? ""));
    if (elected) flags.push(flag("elected", leading(run, step) ?? `leads ${elected.subject ?? ""}`.trim()));
  }
  // Whoever only follows in knowing it has it in words.
  if (committed.length > 0 && told.weight >= WEIGHT.turns) {
    flags.push(flag("commit", committed.join(", "), `commits ${committed.join(", ")}`));
  }
  return flags;
}

const flag = (kind: FlagKind, text: string, title = text): Flag => ({ kind, text, title });

/** What a bar that begins in this step says. */
const leading = (run: Run, step: Step) =>
  run.spans.find(({ kind, from }) => kind === "leads" && from === step)?.words;

function decision(value: string): Flag {
  const kind = value === "abort" || value === "commit" ? value : "decided";
  return flag(kind, value, `decides ${value}`);
}
