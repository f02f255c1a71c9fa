// Where a run comes from, and how to go on from it.

import type { Json } from "../data.ts";
import { isObject } from "../data.ts";
import { type Shown, page } from "../store.ts";
import { Copy } from "./common.tsx";

export function Scenario({ shown }: { shown: Shown }) {
  const { run } = shown;
  const { origin, params, protocol } = run.trace;
  const title = `scenario-${shown.index}`;
  return (
    <section class="panel scenario" aria-labelledby={title}>
      <h2 id={title}>Scenario</h2>
      {run.no_longer && (
        <p class="note fault" role="note">
          <b>This record no longer replays.</b> {run.no_longer}
        </p>
      )}
      {origin.about && <p>{origin.about}</p>}
      {run.commands.length > 0 && (
        <>
          <h3>To go on from here</h3>
          <ul class="plain commands">
            {run.commands.map((command) => (
              <li>
                <code>{command}</code>
                <Copy text={command} what={`the command ${command}`} />
              </li>
            ))}
          </ul>
        </>
      )}
      <h3>The run</h3>
      <dl>
        <Item term="protocol" text={protocol} />
        <Item term="made by" text={[origin.engine, origin.strategy].filter(Boolean).join(", ")} />
        <Item term="seed" text={origin.seed} />
        <Item term="property" text={origin.property} />
        <Item term="id" text={run.id} />
        <Item term="jury" text={page.value?.jury} />
        {isObject(params) &&
          Object.entries(params).map(([key, value]) => <Item term={key} text={plain(value)} />)}
      </dl>
      {run.scenario && (
        <>
          <h3>
            The file <span class="faint">{origin.scenario}</span>
          </h3>
          <div class="file">
            <Copy text={run.scenario} what="the scenario" />
            <pre tabIndex={0} aria-label="The text of the scenario">
              {run.scenario}
            </pre>
          </div>
        </>
      )}
    </section>
  );
}

function Item({ term, text }: { term: string; text: string | number | undefined }) {
  if (text === undefined || text === "") return null;
  return (
    <div>
      <dt>{term}</dt>
      <dd>{text}</dd>
    </div>
  );
}

/** A parameter as a scenario has it; what was not set says nothing. */
function plain(value: Json): string | undefined {
  if (value === null) return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
}
