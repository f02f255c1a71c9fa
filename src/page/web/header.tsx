// What the run is, and what came of it.

import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Exports } from "./exports/Exports.tsx";
import { Icon } from "./icons.tsx";
import type { Run } from "./data.ts";
import { fateOf, logsOf } from "./logs.ts";
import { enumerated } from "./panels/common.tsx";
import { paramsInBrief } from "./diagram/diagram.tsx";
import {
  helpIsOpen,
  nameOf,
  page,
  show,
  shown,
  theme,
  type Shown,
  type Theme,
  withoutFolders,
} from "./store.ts";

export function Header({ one }: { one: Shown }) {
  const { run } = one;
  const isPair = shown.value.length > 1;
  const isOneOfMany = (page.value?.runs.length ?? 0) > 1;
  const title = page.value?.title ?? run.name;
  return (
    <header class="top">
      <div class="title">
        <h1 title={title}>{withoutFolders(title)}</h1>
        {isOneOfMany && !page.value?.beside && <RunChoice />}
        <Params run={run} />
        <div class="tools">
          {isOneOfMany && page.value?.beside && <PairChoice />}
          <Exports shown={one} />
          <button
            type="button"
            class="icon"
            aria-label={`Colours: ${theme.value}. Change them`}
            title={`Colours: ${theme.value}`}
            onClick={() => (theme.value = NEXT_THEME[theme.value])}
          >
            <Icon name="sun" />
          </button>
          <button
            type="button"
            class="icon"
            aria-label="Signs and keys"
            title="Signs and keys (?)"
            onClick={() => (helpIsOpen.value = true)}
          >
            <Icon name="help" />
          </button>
        </div>
      </div>
      {!isPair && <Verdict run={run} />}
      {shown.value.every((other) => aboutOf(other) === aboutOf(one)) && <About run={run} />}
    </header>
  );
}

const aboutOf = ({ run }: Shown) => run.trace.origin.about;

const NEXT_THEME: Record<Theme, Theme> = { system: "dark", dark: "light", light: "system" };

function Params({ run }: { run: Run }) {
  const { origin, protocol } = run.trace;
  const brief = paramsInBrief(run);
  const seed = origin.seed === undefined ? "" : `seed ${origin.seed}`;
  const all = [protocol, seed, brief].filter((part) => part !== "").join(" · ");
  return (
    <p class="params" title={all}>
      {all}
    </p>
  );
}

export type Tone = "good" | "bad" | "warn" | "plain";

/** What a verdict is at first sight. */
function toneOf(verdict: string): Tone {
  if (/^(ok|holds|reached|verified)/.test(verdict)) return "good";
  if (/^(violated|refuted)/.test(verdict)) return "bad";
  if (/^(blocked|undecided|missed)/.test(verdict)) return "warn";
  return "plain";
}

/** A longer sentence than this is no headline. */
const LONG = 120;

const SIGNS: Record<Tone, string> = { good: "✓", bad: "✗", warn: "■", plain: "·" };

/** How many properties held, where naming them all would be no headline. */
function allHeld({ strips }: Run): string {
  const goals = strips.filter(({ states }) => states.some(([, state]) => state === "reached")).length;
  const held = strips.filter(({ states }) => states.every(([, state]) => state === "holds")).length;
  const reached = goals > 0 ? `, and ${goals === 1 ? "the goal was" : `${goals} goals were`} reached` : "";
  return `${held} properties held at every step${reached}.`;
}

/** Of more entries than this it is told only how many were overwritten. */
const ENTRIES_MAX = 2;

/** What a run in which nothing failed turned on, if entries gave way: `1:a1 was overwritten on S1; it was never committed.` */
function whatGaveWay(run: Run): string | undefined {
  const { overwritten } = logsOf(run);
  const told = new Map<string, string[]>();
  for (const one of overwritten) {
    const key = `${one.entry}\n${fateOf(one)}`;
    const name = run.trace.nodes[one.node]!.name;
    told.set(key, [...new Set([...(told.get(key) ?? []), name])]);
  }
  if (told.size === 0) return undefined;
  if (told.size > ENTRIES_MAX) {
    const isNever = overwritten.every(({ committed }) => committed === undefined);
    return `${told.size} entries were overwritten${isNever ? "; none was ever committed" : ""}.`;
  }
  const clauses = [...told].map(([key, names]) => {
    const [entry, fate] = key.split("\n");
    return `${entry} was overwritten on ${enumerated(names)}; ${fate}.`;
  });
  return clauses.join(" ");
}

export function Verdict({ run }: { run: Run }) {
  const outcome = run.trace.verdict;
  const told = run.explanation;
  const verdict = outcome?.verdict ?? told?.verdict ?? "";
  const tone = toneOf(verdict);
  const sentences = outcome?.sentences ?? told?.sentences ?? [];
  const [whole, ...rest] = sentences;
  const brief = tone === "good" && (whole?.length ?? 0) > LONG ? allHeld(run) : whole;
  const turn = tone === "good" ? whatGaveWay(run) : undefined;
  const first = turn ?? brief;
  if (turn && brief) rest.unshift(brief);
  if (verdict === "" && sentences.length === 0) return null;
  return (
    <div class={(first?.length ?? 0) > LONG ? `verdict ${tone} long` : `verdict ${tone}`}>
      <p class="headline">
        <span class="badge">
          <span aria-hidden="true">{SIGNS[tone]} </span>
          {verdict}
        </span>
        <span class="sentence" title={whole}>
          {first}
        </span>
      </p>
      {rest.length > 0 && <p class="rest">{rest.join(" ")}</p>}
    </div>
  );
}

/** What the scenario is about, in two lines until one wants more. */
function About({ run }: { run: Run }) {
  const isOpen = useSignal(false);
  const isLonger = useSignal(false);
  const text = useRef<HTMLParagraphElement>(null);
  const about = run.trace.origin.about;
  useLayoutEffect(() => {
    const box = text.current;
    if (!box) return;
    const observer = new ResizeObserver(() => {
      if (!isOpen.peek()) isLonger.value = box.scrollHeight > box.clientHeight + 1;
    });
    observer.observe(box);
    return () => observer.disconnect();
  }, [about]);
  if (!about) return null;
  return (
    <div class="about">
      <p ref={text} class={isOpen.value ? "" : "folded"}>
        {about}
      </p>
      {isLonger.value && (
        <button
          type="button"
          class="link"
          aria-expanded={isOpen.value}
          onClick={() => (isOpen.value = !isOpen.value)}
        >
          {isOpen.value ? "less" : "more"}
        </button>
      )}
    </div>
  );
}

/** Which run is shown, where there are several. */
function RunChoice() {
  const runs = page.value!.runs;
  const index = shown.value[0]?.index ?? 0;
  return (
    <label class="runs one">
      <span>
        Run {index + 1} of {runs.length}
      </span>
      <select
        value={index}
        title={nameOf(runs[index]!)}
        onChange={(event) => show([Number(event.currentTarget.value)])}
      >
        {runs.map((run, index) => (
          <option key={index} value={index}>
            {nameOf(run)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Which runs are shown side by side, where there are more than two. */
function PairChoice() {
  const runs = page.value!.runs;
  const indexes = shown.value.map((one) => one.index);
  const choose = (place: number, value: string) => {
    const next = [...indexes];
    if (value === "") next.splice(place, 1);
    else next[place] = Number(value);
    show(next);
  };
  return (
    <div class="runs">
      {[0, 1].map((place) => (
        <select
          key={place}
          aria-label={place === 0 ? "Run at the left" : "Run at the right"}
          value={indexes[place] ?? ""}
          onChange={(event) => choose(place, event.currentTarget.value)}
        >
          {place === 1 && <option value="">alone</option>}
          {runs.map((run, index) => (
            <option key={index} value={index} disabled={indexes[1 - place] === index}>
              {nameOf(run)}
            </option>
          ))}
        </select>
      ))}
    </div>
  );
}
