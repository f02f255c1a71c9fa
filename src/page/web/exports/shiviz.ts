// A run as a log for ShiViz, which draws what happened before what.
//
// - The first line is the expression that reads the log, the second one is empty: there is one execution.
// - An event takes two lines: its host with its vector clock, and `#12` with its words.
// - Hosts are nodes, by name, with `_` for blanks. Each node that starts has an event `#0 starts`, in the order of
//   nodes; then comes each step in which a node acted, crashed or came up.
// - The clock of a step is the greatest of those of its direct causes and of the step before of its node, and one more
//   at its node. A step of no node (a loss, a copy, a cut) has no event, and passes on the clocks of its causes. What a
//   message brings is at least the start of who sent it. Clocks hold what is not 0, in the order of nodes.

import type { Run } from "../data.ts";
import { actorOf, numberOf } from "../data.ts";
import { clean } from "./text.ts";

const READS = String.raw`(?<host>\S*) (?<clock>{.*})\n(?<event>.*)`;

export function shiviz({ trace, told }: Run): string {
  const hosts = trace.nodes.map(({ name }) => clean(name).replace(/\p{White_Space}/gu, "_"));
  const lines = [READS, ""];
  const event = (host: number, clock: number[], text: string) => {
    const members = hosts.flatMap((name, at) => (clock[at] ? [`${JSON.stringify(name)}:${clock[at]}`] : []));
    lines.push(`${hosts[host]} {${members.join(",")}}`, text);
  };
  const last = hosts.map(() => hosts.map(() => 0));
  trace.start.forEach(({ after }, node) => {
    if (!after.up || !last[node]) return;
    last[node][node] = 1;
    event(node, last[node], "#0 starts");
  });
  const clocks: number[][] = [[]];
  trace.steps.forEach(({ what }, at) => {
    const { after = [], words } = told[at] ?? { words: "" };
    const clock = hosts.map((_, host) => Math.max(0, ...after.map((cause) => clocks[cause]?.[host] ?? 0)));
    const sender = (what.deliver ?? what.duplicate)?.src;
    if (sender !== undefined && trace.start[sender]?.after.up)
      clock[sender] = Math.max(clock[sender] ?? 0, 1);
    const actor = actorOf(what);
    if (actor !== undefined && last[actor]) {
      last[actor].forEach((count, host) => (clock[host] = Math.max(clock[host]!, count)));
      clock[actor]! += 1;
      last[actor] = clock;
      event(actor, clock, `#${numberOf(trace, at + 1)} ${clean(words)}`);
    }
    clocks.push(clock);
  });
  return `${lines.join("\n")}\n`;
}
