// A run as a sequence diagram of Mermaid.
//
// - The first line is `sequenceDiagram`; every other line is indented by four spaces.
// - `participant n0 as C (coordinator)`: nodes are n0, n1 … in their order; without a role there are no brackets.
// - The start comes first, then each step; of a step, in this order:
//   - what happened: a message that arrives is `n0->>n1: Prepare(1)`, at the step of its arrival; one that is lost is
//     `n0-xn1: Yes(1) (lost)`, at the step that lost it, with `(lost)`, `(cut)` or `(C is down)`; a copy, a timer, a
//     choice, a crash, a start, a cut and its end are notes;
//   - a note if the node crashed inside the step;
//   - a note with what its node decided, chose, committed, returned, or that it was elected;
//   - what it sent into a cut, and what a cut lost;
//   - a note over all for each property that is violated from here on.
// - Of what was not recorded, a note says how many steps it is.
// - In texts, control characters are blanks, and `# ; < > & % $` are written by number: `#35;`.

import type { Did, Message, PackedTrace, Run, StepRecord } from "../data.ts";
import { observedWords } from "../panels/observed.ts";
import { named } from "../panels/values.ts";
import { clean, decisions, everUp, linksOf, nodeName, nodeOf } from "./text.ts";

export function mermaid({ trace }: Run): string {
  return new Mermaid(trace).whole();
}

class Mermaid {
  private readonly names: string[];
  private readonly lines = ["sequenceDiagram"];

  constructor(private readonly trace: PackedTrace) {
    this.names = trace.nodes.map(({ name }) => name);
  }

  whole(): string {
    const { nodes, start, steps, unrecorded: gap } = this.trace;
    nodes.forEach(({ name, role }, node) =>
      this.line(`participant n${node} as ${escaped(name)}${role ? ` (${escaped(role)})` : ""}`),
    );
    start.forEach((did, node) => this.did(node, did));
    steps.forEach((step, at) => {
      if (gap?.after === at) this.gap(gap.steps);
      this.step(step, at + 1);
    });
    if (gap && gap.after >= steps.length) this.gap(gap.steps);
    return `${this.lines.join("\n")}\n`;
  }

  private line(text: string) {
    this.lines.push(`    ${text}`);
  }

  private text(text: string): string {
    return escaped(named(text, this.names));
  }

  private note(nodes: number[], text: string) {
    const [first, last] = [Math.min(...nodes), Math.max(...nodes)];
    this.line(`Note over n${first}${last > first ? `,n${last}` : ""}: ${text}`);
  }

  private all(text: string) {
    if (this.names.length > 0) this.note([0, this.names.length - 1], text);
  }

  private gap(steps: number) {
    this.all(`${steps} steps are not recorded`);
  }

  private step(step: StepRecord, nth: number) {
    this.event(step, nth);
    const node = nodeOf(step);
    if (node !== undefined) {
      if (step.crash_after !== undefined) this.note([node], "crashes inside the step");
      this.did(node, step);
    }
    for (const message of step.lost ?? []) this.lost(message, "cut");
    for (const { property, holds } of step.properties ?? []) {
      if (!holds) this.all(`${this.text(property)} is violated`);
    }
  }

  private event({ what, event }: StepRecord, nth: number) {
    const { deliver, drop, duplicate, timeout, choose, crash, recover } = what;
    const refused = what["arrive-at-down"];
    const links = linksOf(what);
    if (deliver) this.line(`n${deliver.src}->>n${deliver.dst}: ${this.text(deliver.message)}`);
    if (refused) this.lost(refused, `${escaped(nodeName(this.trace, refused.dst))} is down`);
    if (drop) this.lost(drop, "lost");
    if (duplicate) this.note([duplicate.src, duplicate.dst], `${this.text(duplicate.message)} is duplicated`);
    if (timeout) this.note([timeout.node], `${this.text(timeout.timer)} fires`);
    if (choose) this.note([choose.node], `${this.text(choose.key)} = ${this.text(choose.value)}`);
    if (crash) this.note([crash.node], "crashes");
    if (recover) this.note([recover.node], everUp(this.trace, recover.node, nth) ? "starts again" : "joins");
    if (links?.length) this.note(links.flat(), this.text(event));
    else if (links) this.all(this.text(event));
  }

  /** What a handler decided, and what it sent into a cut. */
  private did(node: number, did: Did) {
    const words = decisions(did).map((seen) => this.text(observedWords(seen)));
    if (words.length > 0) this.note([node], words.join(", "));
    for (const { dst, message, lost } of did.sent ?? []) {
      if (lost === "cut") this.lost({ src: node, dst, message }, "cut");
    }
  }

  private lost({ src, dst, message }: Message, why: string) {
    this.line(`n${src}-xn${dst}: ${this.text(message)} (${why})`);
  }
}

function escaped(text: string): string {
  return clean(text).replace(/[#;<>&%$]/g, (sign) => `#${sign.charCodeAt(0)};`);
}
