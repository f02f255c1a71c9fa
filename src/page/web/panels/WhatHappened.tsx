// The selected step: what happened, what it came of, and what it did.

import type { Arrow, NodeRecord, StepRecord } from "../data.ts";
import { WEIGHT, actorOf, laneOf, messageOf, timeText } from "../data.ts";
import { type Shown, light, pastOf, recordOf, shownNumber } from "../store.ts";
import { Copy, StepLink, StepLinks, Words, counted, labelOf, nameOf, namesOf } from "./common.tsx";
import { endedIn, inFlight, sentIn } from "./messages.ts";
import { observedWords } from "./observed.ts";
import { type Change, changes, lines, named } from "./values.ts";

export function WhatHappened({ shown }: { shown: Shown }) {
  const step = shown.step.value;
  const { run } = shown;
  const record = run.trace.steps[step - 1];
  return (
    <section class="panel what-happened" aria-labelledby={`what-${shown.index}`}>
      {record ? <OneStep shown={shown} record={record} /> : <Start shown={shown} />}
      <InFlight shown={shown} />
    </section>
  );
}

function Start({ shown }: { shown: Shown }) {
  const { run } = shown;
  return (
    <>
      <h2 id={`what-${shown.index}`} class="step-head">
        <span class="step-number">Start</span>
      </h2>
      <p class="sentence">All nodes start.</p>
      <ul class="plain">
        {run.trace.nodes.map((node, at) => {
          const { up, status } = recordOf(shown, at, 0);
          return (
            <li>
              <b>{node.name}</b> {node.role && <span class="faint">{node.role}</span>}:{" "}
              {up ? named(status, namesOf(run)) : "has not started yet"}
            </li>
          );
        })}
      </ul>
      <Sent shown={shown} arrows={sentIn(run, 0)} title="Sent at the start" />
    </>
  );
}

const SORTS = ["", "", "", "a turn", "breaks a property"];

function OneStep({ shown, record }: { shown: Shown; record: StepRecord }) {
  const { run } = shown;
  const step = shown.step.value;
  const told = run.told[step - 1];
  const ms = shown.times?.[step];
  const names = namesOf(run);
  const rule = told?.rule === undefined ? undefined : run.rules[told.rule];
  const weight = told?.weight ?? WEIGHT.matters;
  return (
    <>
      <h2 id={`what-${shown.index}`} class="step-head">
        <span class="step-number">Step {shownNumber(shown, step)}</span>
        {ms !== undefined && <span class="time">{timeText(ms)}</span>}
        {SORTS[weight] && <span class={`badge weight-${weight}`}>{SORTS[weight]}</span>}
      </h2>
      <p class="sentence">
        <Words shown={shown} text={told?.words ?? record.event} />
      </p>
      {rule && (
        <blockquote class="rule" aria-label="The rule of the paper">
          {rule}
        </blockquote>
      )}
      <Past shown={shown} />
      <Message shown={shown} record={record} />
      <Listed
        title="Observed"
        items={(record.observed ?? []).map((seen) => named(observedWords(seen), names))}
      />
      <Node shown={shown} record={record} />
      <Saved record={record} names={names} />
      <Sent shown={shown} arrows={sentIn(run, step)} title={record.what.duplicate ? "The copy" : "Sent"} />
      <Lost shown={shown} record={record} />
      <Properties record={record} names={names} />
      {record.suspicion && <p class="note">{SUSPICIONS[record.suspicion] ?? record.suspicion}</p>}
      {record.crash_after !== undefined && (
        <p class="note fault">
          The node crashes inside this step, behind {counted(record.crash_after, "command")}: the rest of the
          step is lost.
        </p>
      )}
      <p class="event">
        <code>{record.event}</code>
        <Copy text={record.event} what="the event" />
      </p>
    </>
  );
}

const SUSPICIONS: Record<string, string> = {
  true: "The timer fires for a reason: whom it waits for has failed.",
  early: "The timer fires early: whom it waits for has failed, but something was still under way.",
  false: "The timer fires for nothing: whom it waits for has not failed.",
};

function Past({ shown }: { shown: Shown }) {
  const step = shown.step.value;
  const after = shown.run.told[step - 1]?.after ?? [];
  const lit = shown.lit.value;
  return (
    <p class="past">
      {after.length > 0 && (
        <span>
          directly after <StepLinks shown={shown} steps={after} />
        </span>
      )}
      <button
        type="button"
        class="quiet"
        aria-pressed={lit !== null}
        onClick={() => light(lit ? null : pastOf(shown.run, [step]), shown)}
      >
        {lit ? "Show all again" : "Light its past"}
      </button>
    </p>
  );
}

function Message({ shown, record }: { shown: Shown; record: StepRecord }) {
  const { run } = shown;
  const message = messageOf(record.what);
  if (!message) return null;
  const arrow = endedIn(run, shown.step.value).find(
    (one) => one.src === message.src && one.dst === message.dst,
  );
  return (
    <Fact title="Message">
      <span class="label">{named(message.message, namesOf(run))}</span> {nameOf(run, message.src)} →{" "}
      {nameOf(run, message.dst)}
      {arrow && (
        <>
          , {arrow.copy ? "copied in" : "sent in"} <StepLink shown={shown} step={arrow.from} />
        </>
      )}
    </Fact>
  );
}

function Fact(props: { title: string; children: preact.ComponentChildren; class?: string }) {
  return (
    <div class={`fact ${props.class ?? ""}`}>
      <h3>{props.title}</h3>
      <div>{props.children}</div>
    </div>
  );
}

function Listed({ title, items }: { title: string; items: string[] }) {
  if (items.length === 0) return null;
  return (
    <Fact title={title}>
      <ul class="plain">
        {items.map((item) => (
          <li>{item}</li>
        ))}
      </ul>
    </Fact>
  );
}

function Saved({ record, names }: { record: StepRecord; names: string[] }) {
  if (!record.saved?.length) return null;
  return (
    <Fact title="Saved">
      <ul class="plain">
        {record.saved.map(({ record, forced }) => (
          <li>
            <span class="label">{named(record, names)}</span>{" "}
            <span class={forced ? "write forced" : "write lazy"}>
              {forced ? "forced to the disk" : "lazily"}
            </span>
          </li>
        ))}
      </ul>
    </Fact>
  );
}

function Sent({ shown, arrows, title }: { shown: Shown; arrows: Arrow[]; title: string }) {
  if (arrows.length === 0) return null;
  const { run } = shown;
  return (
    <Fact title={title}>
      <ul class="plain">
        {arrows.map((arrow) => (
          <li>
            <span class="label">{labelOf(run, arrow.label)}</span> → {nameOf(run, arrow.dst)}
            <span class={`fate ${arrow.fate}`}>
              <Fate shown={shown} arrow={arrow} />
            </span>
          </li>
        ))}
      </ul>
    </Fact>
  );
}

function Fate({ shown, arrow }: { shown: Shown; arrow: Arrow }) {
  const { fate, to } = arrow;
  const link = to === undefined ? null : <StepLink shown={shown} step={to} />;
  switch (fate) {
    case "arrived":
      return <>arrives in {link}</>;
    case "refused":
      return <>✗ lost in {link}: its node is down</>;
    case "dropped":
      return <>✗ lost in {link}</>;
    case "cut":
      return to === undefined || to === arrow.from ? <>✗ lost to a cut</> : <>✗ lost to the cut of {link}</>;
    case "absorbed":
      return <>one equal to it is on its way</>;
    case "flying":
      return <>still on its way at the end</>;
  }
}

function Lost({ shown, record }: { shown: Shown; record: StepRecord }) {
  if (!record.lost?.length) return null;
  const { run } = shown;
  const gone = endedIn(run, shown.step.value).filter((arrow) => arrow.fate === "cut");
  return (
    <Fact title="Lost by it" class="fault">
      <ul class="plain">
        {record.lost.map((message, at) => (
          <li>
            <span class="label">{named(message.message, namesOf(run))}</span> {nameOf(run, message.src)} →{" "}
            {nameOf(run, message.dst)}
            {gone[at] && (
              <>
                , sent in <StepLink shown={shown} step={gone[at].from} />
              </>
            )}
          </li>
        ))}
      </ul>
    </Fact>
  );
}

function Properties({ record, names }: { record: StepRecord; names: string[] }) {
  if (!record.properties?.length) return null;
  return (
    <Fact title="Properties">
      <ul class="plain">
        {record.properties.map(({ property, holds, reason }) => (
          <li class={holds ? "good" : "bad"}>
            {holds ? "✓ " : "✗ "}
            <b>{property}</b> {holds ? "holds" : "is violated"}
            {reason && `: ${named(reason, names)}`}
          </li>
        ))}
      </ul>
    </Fact>
  );
}

/** The node of the step before and after it. */
function Node({ shown, record }: { shown: Shown; record: StepRecord }) {
  const { run } = shown;
  const node = laneOf(record.what);
  if (node === undefined || actorOf(record.what) === undefined || !run.trace.nodes[node]) return null;
  const names = namesOf(run);
  const step = shown.step.value;
  const before = recordOf(shown, node, step - 1);
  const after = recordOf(shown, node, step);
  const goesDown = before.up && !after.up;
  const comesUp = !before.up && after.up;
  const state = goesDown || comesUp ? [] : changes(before.state, after.state, names);
  const storage = changes(before.storage, after.storage, names);
  const status = before.status === after.status ? [] : [change("", before.status, after.status, names)];
  return (
    <Fact title={nameOf(run, node)} class="node-change">
      {goesDown && <p>Goes down: its volatile state is gone, its storage stays.</p>}
      {comesUp && <p>Starts{step > 1 ? " again" : ""} from its storage.</p>}
      <Changes list={status} empty={undefined} />
      <Changes
        list={state}
        title="state"
        empty={goesDown || comesUp ? undefined : "Its state stays as it was."}
      />
      <Changes list={storage} title="on disk" empty={undefined} />
      <Timers before={before} after={after} names={names} />
      <Whole name={nameOf(run, node)} record={after} names={names} />
    </Fact>
  );
}

const change = (place: string, was: string, is: string, names: string[]): Change => ({
  place,
  was: named(was, names),
  is: named(is, names),
});

function Changes({ list, title, empty }: { list: Change[]; title?: string; empty: string | undefined }) {
  if (list.length === 0) return empty ? <p class="faint">{empty}</p> : null;
  return (
    <div class="changes">
      {title && <h4>{title}</h4>}
      <ul class="plain">
        {list.map(({ place, was, is }) => (
          <li>
            {place && <span class="place">{place}</span>}
            {was !== undefined && (
              <del>
                <span class="off-screen">was </span>
                {was}
              </del>
            )}
            {was !== undefined && is !== undefined && <span aria-hidden="true"> → </span>}
            {is !== undefined && (
              <ins>
                <span class="off-screen">is now </span>
                {is}
              </ins>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Timers({ before, after, names }: { before: NodeRecord; after: NodeRecord; names: string[] }) {
  const [was, is] = [before.timers ?? [], after.timers ?? []];
  if (is.length === 0 && was.length === 0) return null;
  return (
    <p class="timers">
      <span class="faint">timers</span>{" "}
      {is.map((timer) =>
        was.includes(timer) ? (
          <span class="timer">{named(timer, names)}</span>
        ) : (
          <ins class="timer">
            <span class="off-screen">now armed: </span>
            {named(timer, names)}
          </ins>
        ),
      )}
      {was
        .filter((timer) => !is.includes(timer))
        .map((timer) => (
          <del class="timer">
            <span class="off-screen">no longer armed: </span>
            {named(timer, names)}
          </del>
        ))}
    </p>
  );
}

/** All of a node's state, folded. */
function Whole({ name, record, names }: { name: string; record: NodeRecord; names: string[] }) {
  const parts: [string, unknown][] = [];
  if (record.up) parts.push(["state", record.state]);
  if (record.storage !== null) parts.push(["on disk", record.storage]);
  if (parts.length === 0) return null;
  return (
    <details>
      <summary>All of {name} after this step</summary>
      {parts.map(([title, value]) => (
        <>
          <h4>{title}</h4>
          <pre class="whole">
            {lines(value, names)
              .map(({ depth, text }) => "  ".repeat(depth) + text)
              .join("\n")}
          </pre>
        </>
      ))}
    </details>
  );
}

/** What is on its way when the step is done. */
function InFlight({ shown }: { shown: Shown }) {
  const { run } = shown;
  const step = shown.step.value;
  const flying = inFlight(run, step);
  const count = flying.reduce((sum, group) => sum + group.from.length, 0);
  const list = (
    <ul class="plain flying">
      {flying.map(({ src, dst, label, from }) => (
        <li>
          {nameOf(run, src)} → {nameOf(run, dst)} <span class="label">{labelOf(run, label)}</span>
          {from.length > 1 && <b> ×{from.length}</b>}{" "}
          <span class="faint">
            since <StepLinks shown={shown} steps={from.length > 3 ? [from[0]!, from.at(-1)!] : from} />
          </span>
        </li>
      ))}
    </ul>
  );
  const title = count === 0 ? "Nothing is in flight" : `In flight: ${counted(count, "message")}`;
  return (
    <div class="in-flight">
      {count === 0 ? (
        <p class="faint">{title}.</p>
      ) : (
        <details open={flying.length <= OPEN_MAX}>
          <summary>{title}</summary>
          {list}
        </details>
      )}
    </div>
  );
}

const OPEN_MAX = 8;
