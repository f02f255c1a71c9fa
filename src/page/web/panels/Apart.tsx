// Where two runs part, why, and the two worlds there.

import type { Beside, End, Parting, Side, Stands } from "../data.ts";
import { type Shown, nameOf, page, select, shown as runs, stepOfNumber } from "../store.ts";
import { Words, counted } from "./common.tsx";
import { same } from "./values.ts";

const LETTERS = ["A", "B"] as const;

const BY: Record<Parting["by"], string> = {
  start: "They do not start alike",
  reaction: "The same event comes to something else",
  event: "Something else happens",
  impossible: "What happens in the one cannot happen in the other",
  end: "One of them is over",
};

export function Apart() {
  const diff = page.value?.diff;
  if (!diff) return null;
  const both = [0, 1].map((index) => runs.value.find((one) => one.index === index));
  const names = LETTERS.map((letter, index) => {
    const run = page.value?.runs[index];
    return run ? nameOf(run) : letter;
  });
  const { parting } = diff;
  const common = diff["in-common"];
  return (
    <section class="panel apart" aria-labelledby="apart-title">
      <h2 id="apart-title">{parting ? "Where they part" : "The same"}</h2>
      <p class="legend">
        {names.map((name, at) => (
          <span>
            <b class={`letter ${LETTERS[at]}`}>{LETTERS[at]}</b> {name}
          </span>
        ))}
      </p>
      <p class="summary">
        {common === 0 ? "They have no step in common." : `${counted(common, "step")} in common.`}{" "}
        {parting && <>{BY[parting.by]}.</>}
      </p>
      {parting && <Parts parting={parting} both={both} />}
      <h3>What each came to</h3>
      <div class="sides">
        {diff.ends.map((end, at) => (
          <Ended end={end} at={at} one={both[at]} />
        ))}
      </div>
    </section>
  );
}

function Parts({ parting, both }: { parting: Parting; both: (Shown | undefined)[] }) {
  const { step, why, differs = [], nodes } = parting;
  const first = both.find((one) => one !== undefined);
  /** The run that a sentence named last. */
  const spokenOf = (before: string) => both[before.match(/\b[AB]\b/g)?.at(-1) === "B" ? 1 : 0];
  const go = () => {
    for (const one of both) if (one) select(stepOfNumber(one, step), one);
  };
  return (
    <>
      {why.map((sentence) => (
        <p>{first ? <Words shown={first} text={sentence} of={spokenOf} /> : sentence}</p>
      ))}
      {first && (
        <p class="buttons">
          <button type="button" onClick={go}>
            {step === 0 ? "Show both at the start" : `Show both at step ${step}`}
          </button>
        </p>
      )}
      <div class="sides">
        {parting.runs.map((side, at) => (
          <OneSide side={side} at={at} one={both[at]} other={both[1 - at]} />
        ))}
      </div>
      {differs.length > 0 && (
        <Beneath title="What it came to">
          {differs.map(({ what, runs }) => (
            <tr class="differs">
              <th scope="row">{what}</th>
              <td>{runs[0]}</td>
              <td>{runs[1]}</td>
            </tr>
          ))}
        </Beneath>
      )}
      <Beneath title="The nodes behind that step">
        {nodes.map(({ node, runs, "is-same": isSame }) => (
          <tr class={isSame ? "is-same" : "differs"}>
            <th scope="row">
              {!isSame && (
                <span class="mark" title="not the same">
                  ≠<span class="off-screen"> not the same </span>
                </span>
              )}{" "}
              {node}
            </th>
            {isSame ? (
              <td colSpan={2}>
                <Standing stands={runs[0]} />
              </td>
            ) : (
              runs.map((stands) => (
                <td>
                  <Standing stands={stands} />
                  {looksSame(runs) && <p class="faint">differs in what is not shown here</p>}
                </td>
              ))
            )}
          </tr>
        ))}
      </Beneath>
      <Besides title="In flight" beside={parting["in-flight"]} />
      <Besides title="Cuts" beside={parting.cuts} />
    </>
  );
}

const looksSame = ([one, other]: [Stands | null, Stands | null]) => same(one, other);

function Letter({ at }: { at: number }) {
  return <b class={`letter ${LETTERS[at]}`}>{LETTERS[at]}</b>;
}

function OneSide(props: { side: Side; at: number; one: Shown | undefined; other: Shown | undefined }) {
  const { side, at, one, other } = props;
  const later = side["in-the-other"];
  return (
    <div class="in-run">
      <Letter at={at} />
      {side.event === undefined ? (
        <p>{side.words || "The run is over."}</p>
      ) : (
        <>
          <p>{one ? <Words shown={one} text={side.words} /> : side.words}</p>
          <p>
            <code>{side.event}</code> {side.at && <span class="faint">at {side.at}</span>}
          </p>
          {(side.state ?? []).map((change) => (
            <span class="state-change">{change}</span>
          ))}
          {side.drawn && <p class="faint">{side.drawn}</p>}
          {later !== undefined && (
            <p class="faint">
              happens in {LETTERS[1 - at]} in{" "}
              {other ? <Words shown={other} text={`step ${later}`} /> : `step ${later}`}
            </p>
          )}
        </>
      )}
    </div>
  );
}

function Beneath(props: { title: string; children: preact.ComponentChildren }) {
  return (
    <table>
      <caption>{props.title}</caption>
      <thead>
        <tr>
          <td />
          <th scope="col">
            <Letter at={0} />
          </th>
          <th scope="col">
            <Letter at={1} />
          </th>
        </tr>
      </thead>
      <tbody>{props.children}</tbody>
    </table>
  );
}

function Standing({ stands }: { stands: Stands | null }) {
  if (!stands) return <span class="faint">no such node</span>;
  const { status, state = [], timers = [] } = stands;
  return (
    <>
      <b>{status}</b>{" "}
      {state
        .filter((value) => value !== status)
        .map((value) => (
          <span class="value">{value}</span>
        ))}
      {timers.length > 0 && <span class="faint">timers {timers.join(", ")}</span>}
    </>
  );
}

function Besides({ title, beside }: { title: string; beside: Beside }) {
  const { both, only } = beside;
  if (both.length + only[0].length + only[1].length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul class="plain besides">
        {only.map((list, at) =>
          list.map((text) => (
            <li>
              only in <Letter at={at} />: {text}
            </li>
          )),
        )}
        {both.length > 0 && <li class="faint">in both: {both.join("; ")}</li>}
      </ul>
    </>
  );
}

function Ended({ end, at, one }: { end: End; at: number; one: Shown | undefined }) {
  return (
    <div class="in-run">
      <Letter at={at} /> {counted(end.steps, "step")}
      {end.verdict && (
        <>
          , <b>{end.verdict}</b>
        </>
      )}
      {end.sentences.map((sentence) => (
        <p>{one ? <Words shown={one} text={sentence} /> : sentence}</p>
      ))}
      {end.cannot && (
        <p class="note fault">
          <code>{end.cannot.event}</code> cannot happen: {end.cannot.obstacle}
        </p>
      )}
    </div>
  );
}
