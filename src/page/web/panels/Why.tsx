// Why a run failed: the steps that its verdict rests on, and what did not arrive.

import { useEffect, useRef } from "preact/hooks";
import { type Explanation, type Step, type StoryStep, WEIGHT } from "../data.ts";
import { briefly } from "../diagram/view.ts";
import { fateOf, hadCommitted, logsOf, spreadOf } from "../logs.ts";
import { type Shown, is, light, pastOf, shownNumber, stepOfNumber } from "../store.ts";
import { StepLink, Words } from "./common.tsx";

export function Why({ shown }: { shown: Shown }) {
  const { explanation } = shown.run;
  const section = useRef<HTMLElement>(null);
  const step = shown.step.value;
  const isFirst = useRef(true);
  useEffect(() => {
    // What is told above the steps is read first.
    const isRead = explanation !== null && isFirst.current;
    isFirst.current = false;
    if (section.current && !isRead) intoSight(section.current);
  }, [shown, step]);
  return (
    <section class="panel why" aria-labelledby={`why-${shown.index}`} ref={section}>
      <h2 id={`why-${shown.index}`}>{explanation ? "Why" : "What it turned on"}</h2>
      {explanation ? <Story shown={shown} explanation={explanation} /> : <Fine shown={shown} />}
    </section>
  );
}

/** Brings the selected step of a story into sight, where the story scrolls on its own. */
function intoSight(section: HTMLElement) {
  const box = section.closest(".tab-panel");
  const here = section.querySelector(".is-here");
  if (!box || !here || box.scrollHeight <= box.clientHeight) return;
  const [around, place] = [box.getBoundingClientRect(), here.getBoundingClientRect()];
  if (place.top < around.top || place.bottom > around.bottom) {
    box.scrollTop += place.top - around.top - around.height / 3;
  }
}

/** What lighting does. */
const Lighting = () => <p class="faint small">Lighting dims all but what these steps came of.</p>;

/** Lights what happened before some steps, and nothing else. */
function Light(props: {
  shown: Shown;
  steps: readonly number[];
  children: preact.ComponentChildren;
  main?: boolean;
}) {
  const { shown, steps } = props;
  const lit = shown.lit.value;
  const past = pastOf(shown.run, steps);
  const isLit = lit !== null && lit.size === past.size && [...past].every((step) => lit.has(step));
  return (
    <button
      type="button"
      class={props.main ? "" : "quiet"}
      aria-pressed={isLit}
      onClick={() => light(isLit ? null : past, shown)}
    >
      {isLit ? "Show all again" : props.children}
    </button>
  );
}

/** Lights the past of the selected step. */
function LightSelected({ shown }: { shown: Shown }) {
  const step = shown.step.value;
  if (step === 0) return null;
  return (
    <Light shown={shown} steps={[step]}>
      Light the past of step {shownNumber(shown, step)}
    </Light>
  );
}

/** Of more turns than this only so many are told, from the first one on. */
const TURNS_MAX = 200;

/** The story of a run in which nothing failed: elections, decisions, faults, what was overwritten, and who had it before. */
function Fine({ shown }: { shown: Shown }) {
  const { told, trace } = shown.run;
  const { verdict } = trace;
  const taken = new Set(logsOf(shown.run).taken.map(({ step }) => step));
  const turns = told.flatMap(({ weight }, index) =>
    weight >= WEIGHT.turns || taken.has(index + 1) ? [index + 1] : [],
  );
  return (
    <>
      {turns.length > 0 && (
        <ol class="story">
          {turns.slice(0, TURNS_MAX).map((step) => (
            <Turn key={step} shown={shown} step={step} />
          ))}
          {turns.length > TURNS_MAX && <li class="folded">{turns.length - TURNS_MAX} more</li>}
        </ol>
      )}
      <h3>Nothing failed</h3>
      {verdict?.sentences.map((sentence) => (
        <p>
          <Words shown={shown} text={sentence} />
        </p>
      ))}
      <p>What any step came of can be seen all the same:</p>
      <p class="buttons">
        <LightSelected shown={shown} />
      </p>
      <Lighting />
    </>
  );
}

function Turn({ shown, step }: { shown: Shown; step: Step }) {
  const { changes = [], overwritten = [] } = shown.run.told[step - 1]!;
  const isFault = is(shown.run, step, "fault");
  const logs = logsOf(shown.run);
  const fates = new Set(logs.overwritten.filter((one) => one.step === step).map(fateOf));
  const isBad = hadCommitted(shown.run, step);
  const classes = ["told", isFault ? "is-fault" : "", shown.step.value === step ? "is-here" : ""];
  return (
    <li class={classes.join(" ")}>
      <StepLink shown={shown} step={step} class="number" />
      <div>
        {isFault && <span class="badge fault">fault</span>}
        {overwritten.length > 0 && <span class={isBad ? "badge fact" : "badge gone"}>overwritten</span>}
        <StepLink shown={shown} step={step} class="words">
          {briefly(shown.run, step)}
        </StepLink>
        {changes.map((change) => (
          <span class="state-change">{change}</span>
        ))}
        {fates.size > 0 && (
          <span class="spread">
            {overwritten.join(" ")}: {[...fates].join("; ")}
          </span>
        )}
        {logs.taken
          .filter((one) => one.step === step)
          .map((one) => (
            <span class="spread">
              {one.entry} {spreadOf(one)}
            </span>
          ))}
      </div>
    </li>
  );
}

function Story({ shown, explanation }: { shown: Shown; explanation: Explanation }) {
  const { story, facts, conflict, withheld, waiting, mistake, sentences, summary } = explanation;
  const told = story.map((one) => stepOfNumber(shown, one.step));
  const effects = facts.map((fact) => stepOfNumber(shown, fact.step));
  const parted = explanation["parted-after"];
  const isConflict = conflict.length > 0;
  const unsaid = (sentence: string) => !summary.includes(bare(sentence));
  const factsOf = (one: StoryStep) => facts.filter((fact) => fact.step === one.step);
  return (
    <>
      <p class="summary">
        <Words shown={shown} text={mistake ? summary.replace(`The mistake: ${mistake}`, "") : summary} />
      </p>
      {mistake && (
        <p class="mistake">
          <b>A mistake on purpose.</b> {mistake}
        </p>
      )}
      <p class="buttons">
        <Light shown={shown} steps={[...told, ...effects]} main>
          Light the past
        </Light>
        <LightSelected shown={shown} />
      </p>
      <Lighting />
      <Sentences shown={shown} title="Who waits for whom" list={waiting.filter(unsaid)} />
      <Sentences shown={shown} title="How they came to conflict" list={conflict.filter(unsaid)}>
        {parted !== undefined && !conflict.some((sentence) => sentence.includes(`step ${parted} `)) && (
          <p>
            The last step that both sides have in common:{" "}
            <StepLink shown={shown} step={stepOfNumber(shown, parted)} />
          </p>
        )}
      </Sentences>
      {story.length > 0 && (
        <>
          <h3>Step by step</h3>
          <ol class="story">
            {story.map((one, at) => (
              <>
                {one.folded && <li class="folded">{one.folded}</li>}
                <Told
                  shown={shown}
                  one={one}
                  facts={factsOf(one)}
                  isConflict={isConflict}
                  rule={newRule(story, at)}
                />
              </>
            ))}
          </ol>
        </>
      )}
      <Sentences shown={shown} title="What did not arrive" list={withheld} />
      <Sentences
        shown={shown}
        title="The verdict"
        list={sentences.filter((sentence) => !waiting.includes(sentence) && unsaid(sentence))}
      />
    </>
  );
}

/** The rule of a step, where it is told for the first time. */
function newRule(story: readonly StoryStep[], at: number): string | undefined {
  const rule = story[at]?.rule;
  return story.slice(0, at).some((before) => before.rule === rule) ? undefined : rule;
}

/** Without its full stop: a sentence may go on in another. */
const bare = (sentence: string) => sentence.replace(/\.$/, "");

function Told(props: {
  shown: Shown;
  one: StoryStep;
  facts: Explanation["facts"];
  isConflict: boolean;
  rule: string | undefined;
}) {
  const { shown, one, facts, isConflict, rule } = props;
  const step = stepOfNumber(shown, one.step);
  const isHere = shown.step.value === step;
  return (
    <li class={`told ${one.part} ${one["is-fault"] ? "is-fault" : ""} ${isHere ? "is-here" : ""}`}>
      <StepLink shown={shown} step={step} class="number" />
      <div>
        {one["is-fault"] && <span class="badge fault">fault</span>}
        {one.part === "fact" && (
          <span
            class="badge fact"
            title={isConflict ? "this contradicts another step of the story" : "the verdict is about this"}
          >
            {isConflict ? "conflict" : "decisive"}
          </span>
        )}
        <StepLink shown={shown} step={step} class="words">
          {one.words}
        </StepLink>
        {(one.state ?? []).map((change) => (
          <span class="state-change">{change}</span>
        ))}
        {isConflict &&
          facts.map((fact) => (
            <p class="fact-words">
              {fact.node} {fact.words}
            </p>
          ))}
        {rule && <p class="rule">{rule}</p>}
      </div>
    </li>
  );
}

function Sentences(props: {
  shown: Shown;
  title: string;
  list: string[];
  children?: preact.ComponentChildren;
}) {
  if (props.list.length === 0) return <>{props.children}</>;
  return (
    <>
      <h3>{props.title}</h3>
      {props.list.map((sentence) => (
        <p>
          <Words shown={props.shown} text={sentence} />
        </p>
      ))}
      {props.children}
    </>
  );
}
