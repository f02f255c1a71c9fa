// The properties over a run's steps: a thin line for each.

import { useRef } from "preact/hooks";
import type { Run, Step, Strip, StripState } from "../data.ts";
import { type Shown, select, shownNumber } from "../store.ts";
import { enumerated, nameOf } from "./common.tsx";

/** Who will be blocked when the run ends waits before it: that is seen at the lanes too. */
type State = StripState | "waiting";

const STATES: Record<State, { sign: string; words: string }> = {
  holds: { sign: "✓", words: "holds" },
  waiting: { sign: "…", words: "waiting" },
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
  state: State;
  reason: string | undefined;
}

/** The last step in which a part lasts is the one before the next part: the run's end for the last. */
function partsOf({ states, blocked = [] }: Strip, { spans, told }: Run): Part[] {
  const stuck = spans.filter(({ kind, node }) => kind === "stuck" && blocked.includes(node ?? -1));
  const waits = Math.min(...stuck.map(({ from }) => from));
  return states.flatMap(([from, state, reason], at): Part[] => {
    const next = states[at + 1];
    const part = { from, until: next?.[0] ?? told.length + 1, state, reason };
    const doesWait = state === "pending" && next?.[1] === "blocked" && waits < part.until;
    if (!doesWait) return [part];
    const since = Math.max(from, waits);
    const waiting: Part = { ...part, from: since, state: "waiting" };
    return since > from ? [{ ...part, until: since }, waiting] : [waiting];
  });
}

function Line({ shown, strip }: { shown: Shown; strip: Strip }) {
  const { run, last } = shown;
  const step = shown.step.value;
  const parts = partsOf(strip, run);
  const end = parts.at(-1);
  const group = useRef<HTMLDivElement>(null);
  if (!end) return null;
  const here = Math.max(
    0,
    parts.findLastIndex((part) => part.from <= step),
  );
  // As far in as the scrubber's thumb, so that each step has one place in both.
  const inside = (share: number) => `calc(8px + (100% - 16px) * ${share})`;
  const left = (from: Step) => (from === 0 ? "0" : inside(from / Math.max(1, last)));
  const right = (until: Step) => (until > last ? "0" : inside(1 - until / Math.max(1, last)));
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
            style={{ left: left(part.from), right: right(part.until) }}
            tabIndex={at === here ? 0 : -1}
            title={saying(shown, strip, part)}
            aria-label={saying(shown, strip, part)}
            onClick={() => select(part.from, shown)}
          >
            {!["holds", "pending", "waiting"].includes(part.state) && (
              <span class="sign" aria-hidden="true">
                {part.state === "blocked" ? "" : STATES[part.state].sign}
              </span>
            )}
          </button>
        ))}
        <span class="now" style={{ left: inside(step / Math.max(1, last)) }} aria-hidden="true" />
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
  const who = ["blocked", "waiting"].includes(part.state)
    ? (strip.blocked ?? []).map((node) => nameOf(shown.run, node))
    : [];
  const reason = part.reason ? `: ${part.reason}` : who.length ? `: ${enumerated(who)}` : "";
  return `${strip.property}: ${STATES[part.state].words} ${since}${reason}`;
}
