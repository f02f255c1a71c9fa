// The whole run as text: for screen readers, for print, and for who likes to read.

import { useEffect, useState } from "preact/hooks";
import { WEIGHT, timeText } from "../data.ts";
import { type Shown, shownNumber } from "../store.ts";
import { StepLink, counted, namesOf } from "./common.tsx";
import { named } from "./values.ts";

/** A run of no more steps is written out at once. */
const OPEN_MAX = 300;

export function Transcript({ shown }: { shown: Shown }) {
  const [open, setOpen] = useState(shown.last <= OPEN_MAX);
  useEffect(() => setOpen(shown.last <= OPEN_MAX), [shown]);
  useEffect(() => {
    const all = () => setOpen(true);
    addEventListener("beforeprint", all);
    return () => removeEventListener("beforeprint", all);
  }, []);
  const title = `transcript-${shown.index}`;
  return (
    <section class="panel transcript" aria-labelledby={title}>
      <h2 id={title}>The whole run as text</h2>
      <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>{counted(shown.last, "step")}</summary>
        {open && <All shown={shown} />}
      </details>
    </section>
  );
}

function All({ shown }: { shown: Shown }) {
  const { run } = shown;
  const { trace } = run;
  const names = namesOf(run);
  const gap = trace.unrecorded;
  return (
    <>
      <p>
        At the start:{" "}
        {trace.nodes
          .map(({ name }, node) => {
            const start = trace.start[node]?.after;
            return `${name} ${start?.up ? `is ${named(start.status, names)}` : "has not started"}`;
          })
          .join("; ")}
        .
      </p>
      <ol class="steps">
        {trace.steps.map((record, at) => {
          const step = at + 1;
          const told = run.told[at];
          const ms = shown.times?.[step];
          const broken = (record.properties ?? []).filter(({ holds }) => !holds);
          return (
            <>
              {gap && at === gap.after && <li class="gap">{counted(gap.steps, "step")} not recorded</li>}
              <li class={`weight-${told?.weight ?? WEIGHT.matters}`}>
                <StepLink shown={shown} step={step}>
                  {shownNumber(shown, step)}
                </StepLink>{" "}
                {ms !== undefined && <span class="time">{timeText(ms)}</span>} {told?.words ?? record.event}
                {told?.changes?.length ? <span class="faint"> [{told.changes.join(", ")}]</span> : ""}
                {broken.map(({ property, reason }) => (
                  <b class="bad">
                    {" "}
                    ✗ {property} is violated{reason && `: ${named(reason, names)}`}
                  </b>
                ))}
              </li>
            </>
          );
        })}
      </ol>
      {trace.verdict && (
        <p>
          <b>Verdict: {trace.verdict.verdict}.</b> {trace.verdict.sentences.join(" ")}
        </p>
      )}
    </>
  );
}
