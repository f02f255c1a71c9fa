// What the panels share: links to steps, texts with links in them, and buttons that copy.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Run, Step } from "../data.ts";
import { type Shown, announcement, select, shownNumber, stepOfNumber } from "../store.ts";
import { named } from "./values.ts";
import "./panels.css";

/** A link that selects a step. It can be copied like any other: the address of the page names the step. */
export function StepLink(props: { shown: Shown; step: Step; children?: ComponentChildren; class?: string }) {
  const { shown, step, children } = props;
  const number = shownNumber(shown, step);
  const isHere = shown.step.value === step;
  return (
    <a
      class={`step-link ${props.class ?? ""}`}
      href={`#${shown.run.id}-${number}`}
      aria-current={isHere ? "step" : undefined}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        select(step, shown);
      }}
    >
      {children ?? (step === 0 ? "the start" : `#${number}`)}
    </a>
  );
}

/** Links to some steps, as `#3, #4 and #7`. */
export function StepLinks({ shown, steps }: { shown: Shown; steps: readonly Step[] }) {
  return (
    <>
      {steps.map((step, at) => (
        <>
          {at === 0 ? "" : at === steps.length - 1 ? " and " : ", "}
          <StepLink shown={shown} step={step} />
        </>
      ))}
    </>
  );
}

const MENTION = /`([^`]+)`|#(\d+)\b|\bsteps? (\d+)\b/g;

/** A text in which the steps that it speaks of are links, and what is quoted is code. Of two runs, `of` tells which one
 * a step belongs to, from the text before it. */
export function Words(props: { shown: Shown; text: string; of?: (before: string) => Shown | undefined }) {
  const { text, of } = props;
  const parts: ComponentChildren[] = [];
  let from = 0;
  for (const found of text.matchAll(MENTION)) {
    const [whole, quoted] = found;
    let part: ComponentChildren = quoted && <code>{quoted}</code>;
    if (!quoted) {
      const shown = of ? of(text.slice(0, found.index)) : props.shown;
      const step = shown ? stepOfNumber(shown, Number(found[2] ?? found[3])) : 0;
      if (!shown || step < 1 || step > shown.last) continue;
      part = (
        <StepLink shown={shown} step={step}>
          {whole}
        </StepLink>
      );
    }
    parts.push(text.slice(from, found.index), part);
    from = found.index + whole.length;
  }
  parts.push(text.slice(from));
  return <>{parts}</>;
}

/** A button that copies a text. */
export function Copy({ text, what }: { text: string; what: string }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    await copied(text);
    announcement.value = `Copied ${what}.`;
    setDone(true);
    setTimeout(() => setDone(false), 1500);
  };
  return (
    <button type="button" class="copy" aria-label={`Copy ${what}`} onClick={copy}>
      {done ? "Copied" : "Copy"}
    </button>
  );
}

/** Puts a text on the clipboard; where a page from a disk may not, by way of a selection. */
async function copied(text: string) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "off-screen";
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

/** The name of a node, whatever a record calls it. */
export function nameOf(run: Run, node: number): string {
  return run.trace.nodes[node]?.name ?? `node ${node}`;
}

export const namesOf = (run: Run) => run.trace.nodes.map((node) => node.name);

/** A message, whole. */
export const labelOf = (run: Run, label: number) => named(run.labels[label]?.[0] ?? "", namesOf(run));

/** `P1, P2 and P3` */
export function enumerated(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** `1 step`, `2 steps` */
export const counted = (count: number, word: string) => `${count} ${word}${count === 1 ? "" : "s"}`;
