// What clients asked for and were told: an interval for each operation, and the order that explains the answers.

import { useEffect, useRef } from "preact/hooks";
import type { Operations as Data } from "../data.ts";
import { type Shown, select, shownNumber } from "../store.ts";
import { StepLink, counted, nameOf } from "./common.tsx";
import { type Placed, chart } from "./intervals.ts";

/** Pixels that a column takes at least. */
const COLUMN = 34;
const ROW = 44;
/** The width of the clients' names, which stay. */
const CLIENTS = 60;

export function Operations({ shown }: { shown: Shown }) {
  const { operations } = shown.run;
  return operations && <Chart shown={shown} operations={operations} />;
}

function Chart({ shown, operations }: { shown: Shown; operations: Data }) {
  const { list, order, broken } = operations;
  const { columns, lanes, steps } = chart(operations);
  // The selected step stands behind the last end that is not after it.
  const behind = steps.slice(0, -1).findLastIndex((step) => step <= shown.step.value);
  const now = `${(100 * Math.max(0, behind + 0.5)) / columns}%`;
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const line = box.current?.querySelector<HTMLElement>(".now");
    if (!box.current || !line) return;
    const x = line.offsetLeft;
    const { scrollLeft, clientWidth } = box.current;
    if (x < scrollLeft || x > scrollLeft + clientWidth - 2 * COLUMN - CLIENTS) {
      box.current.scrollLeft = Math.max(0, x - (clientWidth - CLIENTS) / 2);
    }
  }, [now]);
  const title = `operations-${shown.index}`;
  const wrong = broken && list[broken.at];
  return (
    <section class="panel operations" aria-labelledby={title}>
      <h2 id={title}>Operations of clients</h2>
      {wrong && broken && (
        <div class="note fault">
          <p>
            <b>No order explains an answer.</b> {nameOf(shown.run, wrong.client)} asked for {wrong.asked} and
            was told <b>{wrong.answer ?? "nothing"}</b>, in{" "}
            <StepLink shown={shown} step={wrong.until ?? wrong.from} />. {broken.why}
          </p>
          {broken.possible.length > 0 && (
            <p>
              What it could have been told: <b>{broken.possible.join(", ")}</b>.
            </p>
          )}
        </div>
      )}
      <p class="faint small">
        {order
          ? "Each operation lasts from the question to the answer. It takes effect at its numbered dot: in that order one machine alone would give the same answers."
          : broken
            ? "Each operation lasts from the question to the answer. The dots are an order of those before the red one; it fits nowhere."
            : "Each operation lasts from the question to the answer. Nobody has looked for an order that explains them."}
      </p>
      <div class="scrolls" tabIndex={0} role="region" aria-label="Operations over time, scrolls" ref={box}>
        <div class="lanes" style={{ minWidth: `${columns * COLUMN + CLIENTS + 20}px` }}>
          {lanes.map(({ client, rows, placed }) => (
            <div class="lane" style={{ height: `${rows * ROW + 8}px` }}>
              <span class="client">{nameOf(shown.run, client)}</span>
              <div class="track">
                <span class="now" style={{ left: now }} aria-hidden="true" />
                {placed.map((one) => (
                  <Interval shown={shown} one={one} columns={columns} isBroken={broken?.at === one.at} />
                ))}
              </div>
            </div>
          ))}
        </div>
      </div>
      {order && order.length > 0 && (
        <details>
          <summary>The order in words: {counted(order.length, "operation")}</summary>
          <ol class="in-order">
            {order.map((at) => (
              <li>{list[at] && said(shown, list[at].client, list[at].asked, list[at].answer)}</li>
            ))}
          </ol>
        </details>
      )}
    </section>
  );
}

const said = (shown: Shown, client: number, asked: string, answer: string | undefined) =>
  `${nameOf(shown.run, client)}: ${asked}${answer === undefined ? ", no answer yet" : ` → ${answer}`}`;

function Interval(props: { shown: Shown; one: Placed; columns: number; isBroken: boolean }) {
  const { shown, one, columns, isBroken } = props;
  const { operation, point } = one;
  const { asked, answer, from, until } = operation;
  const place = (column: number) => `${(100 * column) / columns}%`;
  const step = shown.step.value;
  const lasts = step >= from && (until === undefined || step <= until);
  const label = answer === undefined ? asked : `${asked} → ${answer}`;
  const when =
    until === undefined
      ? `from step ${shownNumber(shown, from)}, no answer`
      : `steps ${shownNumber(shown, from)} to ${shownNumber(shown, until)}`;
  const nth = point ? `, takes effect as number ${point.nth}` : isBroken ? ", which no order explains" : "";
  return (
    <>
      <button
        type="button"
        class={`interval ${until === undefined ? "is-open" : ""} ${isBroken ? "is-broken" : ""} ${lasts ? "lasts" : ""}`}
        style={{ left: place(one.from), width: place(one.until - one.from), top: `${one.row * ROW + 6}px` }}
        title={`${label} (${when})`}
        aria-label={`${said(shown, operation.client, asked, answer)}; ${when}${nth}`}
        onClick={() => select(step === from && until !== undefined ? until : from, shown)}
      >
        <span class="text" style={{ width: `${(100 * (one.room - one.from)) / (one.until - one.from)}%` }}>
          {isBroken && "✗ "}
          {label}
        </span>
      </button>
      {point && (
        <span
          class="point"
          style={{ left: place(point.x), top: `${one.row * ROW + 24}px` }}
          aria-hidden="true"
        >
          {point.nth}
        </span>
      )}
    </>
  );
}
