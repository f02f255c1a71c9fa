// The properties over a run's steps: a thin line for each.

import { useRef } from "preact/hooks";
import type { Step, Strip, StripState } from "../data.ts";
import { type Shown, select, shownNumber } from "../store.ts";
import { enumerated, nameOf } from "./common.tsx";

const STATES: Record<StripState, { sign: string; words: string }> = {
  holds: { sign: "✓", words: "holds" },
  pending: { sign: "…", words: "pending" },
  reached: { sign: "✓", words: "reached" },
  missed: { sign: "✗", words: "missed" },
  violated: { sign: "✗", words: "violated" },
  blocked: { sign: "■", words: "blocked" },
};

/** Whether there is nothing to see: a property that held all the time. */
const isPlain = ({ states }: Strip) => states.every(([, state]) => state === "holds");

export function Strips({ shown }: { shown: Shown }) {
  const { strips } = shown.run;
  if (strips.length === 0) return null;
  const plain = strips.filter(isPlain);
  const telling = strips.filter((strip) => !isPlain(strip));
  // A single one that held is told as well as seen; many are in the way of those that did not.
  const quiet = plain.length > 2 || telling.length > 0 ? plain : [];
  const drawn = quiet.length > 0 ? telling : strips;
  return (
    <section class="strips" aria-label="Properties over the steps">
      {drawn.map((strip) => (
        <Line shown={shown} strip={strip} />
      ))}
      {quiet.length > 0 && (
        <details class="held">
          <summary>
            <span class="sign good" aria-hidden="true">
              ✓
            </span>{" "}
            {quiet.length === 1
              ? quiet[0]!.property
              : `${quiet.length} ${telling.length ? "other " : ""}properties`}{" "}
            held at every step
          </summary>
          {quiet.map((strip) => (
            <Line shown={shown} strip={strip} />
          ))}
        </details>
      )}
    </section>
  );
}

interface Part {
  from: Step;
  until: Step;
  state: StripState;
  reason: string | undefined;
}

/** The last step in which a part lasts is the one before the next part: the run's end for the last. */
function partsOf({ states }: Strip, last: Step): Part[] {
  return states.map(([from, state, reason], at) => ({
    from,
    until: states[at + 1]?.[0] ?? last + 1,
    state,
    reason,
  }));
}

function Line({ shown, strip }: { shown: Shown; strip: Strip }) {
  const { run, last } = shown;
  const step = shown.step.value;
  const parts = partsOf(strip, last);
  const end = parts.at(-1);
  const group = useRef<HTMLDivElement>(null);
  if (!end) return null;
  const here = Math.max(
    0,
    parts.findLastIndex((part) => part.from <= step),
  );
  const wide = (steps: number) => `${(100 * steps) / (last + 1)}%`;
  const blocked = (strip.blocked ?? []).map((node) => nameOf(run, node));
  const move = (event: KeyboardEvent) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const buttons = [...(group.current?.querySelectorAll("button") ?? [])];
    const to = buttons[buttons.indexOf(document.activeElement as HTMLButtonElement) + by];
    if (by === 0 || !to) return;
    event.preventDefault();
    event.stopPropagation();
    to.focus();
  };
  return (
    <div class={`strip ends-${end.state}`}>
      <span class="name">{strip.property}</span>
      <div class="line" role="group" aria-label={strip.property} ref={group} onKeyDown={move}>
        {parts.map((part, at) => (
          <button
            type="button"
            class={`part ${part.state}`}
            style={{ left: wide(part.from), width: wide(part.until - part.from) }}
            tabIndex={at === here ? 0 : -1}
            title={saying(shown, strip, part)}
            aria-label={saying(shown, strip, part)}
            onClick={() => select(part.from, shown)}
          >
            {part.state !== "holds" && part.state !== "pending" && (
              <span class="sign" aria-hidden="true">
                {part.state === "blocked" ? "" : STATES[part.state].sign}
              </span>
            )}
          </button>
        ))}
        <span class="now" style={{ left: wide(step + 0.5) }} aria-hidden="true" />
      </div>
      <span class="state">
        <span aria-hidden="true">{STATES[end.state].sign}</span> {STATES[end.state].words}
        {end.state === "blocked" && blocked.length > 0 && <>: {enumerated(blocked)}</>}
      </span>
    </div>
  );
}

/** `atomicity: violated from step 5: P1 commits and P2 aborts` */
function saying(shown: Shown, strip: Strip, part: Part): string {
  const number = shownNumber(shown, part.from);
  const since = part.from === 0 ? "from the start" : `from step ${number}`;
  const who = part.state === "blocked" ? (strip.blocked ?? []).map((node) => nameOf(shown.run, node)) : [];
  const reason = part.reason ? `: ${part.reason}` : who.length ? `: ${enumerated(who)}` : "";
  return `${strip.property}: ${STATES[part.state].words} ${since}${reason}`;
}
