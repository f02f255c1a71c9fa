// The state that matters of every node, over time: a row for each step at which it changed.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { KeyState, NodeRecord, Step } from "../data.ts";
import { lastAtMost } from "../data.ts";
import { type Shown, select, shownNumber } from "../store.ts";
import { StepLink, counted, namesOf } from "./common.tsx";
import { named, same } from "./values.ts";

/** No more rows stand in the page at once. */
const ROWS_MAX = 80;
/** So many more come at a time. */
const ROWS_MORE = 80;

interface Row {
  step: Step;
  /** The node whose state changed; none at the start. */
  node: number | null;
}

const known = new WeakMap<Shown, Row[]>();

/** The steps at which the state that matters changed. */
export function rowsOf(shown: Shown): Row[] {
  const found = known.get(shown);
  if (found) return found;
  const rows: Row[] = [{ step: 0, node: null }];
  shown.histories.forEach(({ steps, records }, node) => {
    for (let at = 1; at < records.length; at += 1) {
      const [was, is] = [records[at - 1]!, records[at]!];
      if (
        was.up !== is.up ||
        headline(was) !== headline(is) ||
        !same(was.key_state ?? [], is.key_state ?? [])
      ) {
        rows.push({ step: steps[at]!, node });
      }
    }
  });
  rows.sort((one, other) => one.step - other.step);
  known.set(shown, rows);
  return rows;
}

export function Table({ shown }: { shown: Shown }) {
  const { run } = shown;
  const rows = rowsOf(shown);
  const step = shown.step.value;
  const steps = useMemo(() => rows.map((row) => row.step), [rows]);
  const logs = useMemo(() => hasLog(shown), [shown]);
  const current = lastAtMost(steps, step);
  const [range, setRange] = useState<[number, number]>([0, 0]);
  let [from, to] = range;
  // A row that is selected is there, whatever was shown before.
  if (current < from || current >= to) {
    from = Math.max(0, Math.min(current - ROWS_MAX / 2, rows.length - ROWS_MAX));
    to = Math.min(rows.length, from + ROWS_MAX);
  }
  const body = useRef<HTMLTableSectionElement>(null);
  useEffect(() => {
    setRange([from, to]);
    const box = body.current?.closest<HTMLElement>(".scrolls");
    const row = body.current?.querySelector<HTMLElement>("tr[aria-current]");
    if (!box || !row) return;
    const [top, bottom] = [row.offsetTop - HEAD, row.offsetTop + row.offsetHeight];
    if (top < box.scrollTop || bottom > box.scrollTop + box.clientHeight) {
      box.scrollTop = Math.max(0, top - box.clientHeight / 3);
    }
  }, [current]);
  const names = namesOf(run);
  return (
    <section class="panel state-table" aria-labelledby={`table-${shown.index}`}>
      <h2 id={`table-${shown.index}`}>State over time</h2>
      <p class="faint small">
        A row for each step that changed the state that matters; what changed is marked.
        {logs && " Entries of logs stand in boxes: filled if committed, struck through if overwritten."}
      </p>
      <div class="scrolls" tabIndex={0} role="region" aria-label="State over time, scrolls">
        <table>
          <thead>
            <tr>
              <th scope="col">#</th>
              {run.trace.nodes.map((node) => (
                <th scope="col">{node.name}</th>
              ))}
            </tr>
          </thead>
          <tbody ref={body}>
            {from > 0 && (
              <More columns={names.length + 1} onClick={() => setRange([Math.max(0, from - ROWS_MORE), to])}>
                {counted(from, "earlier row")}
              </More>
            )}
            {rows.slice(from, to).map((row, at) => (
              <RowLine key={row.step} shown={shown} row={row} isHere={from + at === current} />
            ))}
            {to < rows.length && (
              <More
                columns={names.length + 1}
                onClick={() => setRange([from, Math.min(rows.length, to + ROWS_MORE)])}
              >
                {counted(rows.length - to, "later row")}
              </More>
            )}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function RowLine({ shown, row, isHere }: { shown: Shown; row: Row; isHere: boolean }) {
  // What a row says never changes: of many rows, only those that are selected anew are drawn anew.
  const cells = useMemo(
    () =>
      shown.histories.map((_, node) => (
        <Cell key={node} shown={shown} node={node} step={row.step} changed={row.node === node} />
      )),
    [shown, row],
  );
  return (
    <tr
      aria-current={isHere ? "step" : undefined}
      onClick={(event) => {
        if (!(event.target as Element).closest("a")) select(row.step, shown);
      }}
    >
      <th scope="row">
        <StepLink shown={shown} step={row.step}>
          {shownNumber(shown, row.step)}
        </StepLink>
      </th>
      {cells}
    </tr>
  );
}

/** The height of the head, which stays. */
const HEAD = 32;

function More(props: { columns: number; onClick: () => void; children: preact.ComponentChildren }) {
  return (
    <tr class="more">
      <td colSpan={props.columns}>
        <button type="button" class="quiet" onClick={props.onClick}>
          {props.children}
        </button>
      </td>
    </tr>
  );
}

function Cell(props: { shown: Shown; node: number; step: Step; changed: boolean }) {
  const { shown, node, step, changed } = props;
  const history = shown.histories[node]!;
  const at = lastAtMost(history.steps, step);
  const record = history.records[at]!;
  const before = changed ? history.records[at - 1] : undefined;
  const firstUp = history.records.findIndex((one) => one.up);
  const classes = `${changed ? "changed" : ""} ${record.up ? "" : "is-down"}`;
  return (
    <td class={classes}>
      <State
        record={record}
        before={before}
        names={namesOf(shown.run)}
        started={firstUp >= 0 && firstUp <= at}
      />
    </td>
  );
}

/** The state that matters in words; of a log, its entries. */
export function State(props: {
  record: NodeRecord;
  before: NodeRecord | undefined;
  names: string[];
  started?: boolean;
}) {
  const { record, before, names, started = true } = props;
  if (!record.up) return <span class="down-words">{started ? "down" : "not started"}</span>;
  const state = record.key_state ?? [];
  const settled = committed(state);
  const old = new Map(before?.key_state ?? []);
  return (
    <>
      {headline(record) && (
        <b class={before && headline(before) !== headline(record) ? "new" : ""}>
          {named(headline(record), names)}
        </b>
      )}
      {state
        .filter(([label]) => label !== "")
        .map(([label, value]) => {
          const was = old.get(label);
          const isNew = before !== undefined && !same(was ?? null, value);
          return (
            <span class={`value ${isNew ? "new" : ""}`}>
              <span class="faint">{label}</span>{" "}
              {Array.isArray(value) ? (
                <Log
                  value={value}
                  was={Array.isArray(was) ? was : undefined}
                  settled={settled}
                  names={names}
                />
              ) : (
                named(value, names)
              )}
            </span>
          );
        })}
    </>
  );
}

/** Of a long log, so many entries are shown at its end. */
const ENTRIES_MAX = 12;

function Log(props: {
  value: [number, string[]];
  was: [number, string[]] | undefined;
  settled: number;
  names: string[];
}) {
  const { settled, names, was } = props;
  const [first, entries] = props.value;
  const end = first + entries.length;
  const oldEntry = (index: number) => was?.[1][index - was[0]];
  const oldEnd = was ? was[0] + was[1].length : 0;
  const indexes = Array.from({ length: Math.max(end, oldEnd) - first }, (_, at) => first + at);
  const skipped = Math.max(0, indexes.length - ENTRIES_MAX);
  return (
    <span class="log">
      {(first > 1 || skipped > 0) && <span class="entry before">…{first + skipped - 1}</span>}
      {indexes.length === 0 && first <= 1 && <span class="faint">empty</span>}
      {indexes.slice(skipped).map((index) => {
        const entry = entries[index - first];
        const old = oldEntry(index);
        const title = `at ${index}${index <= settled ? ", committed" : ""}`;
        return (
          <>
            {old !== undefined && old !== entry && (
              <del class="entry" title={`was at ${index}`}>
                <span class="off-screen">overwritten: </span>
                {named(old, names)}
              </del>
            )}
            {entry !== undefined && (
              <span class={`entry ${index <= settled ? "settled" : ""}`} title={title}>
                {named(entry, names)}
                {index <= settled && <span class="off-screen"> (committed)</span>}
              </span>
            )}
          </>
        );
      })}
    </span>
  );
}

/** What is known by its value alone: a phase, a role. */
function headline(record: NodeRecord): string {
  const heads = (record.key_state ?? []).filter(
    ([label, value]) => label === "" && typeof value === "string",
  );
  return heads.map(([, value]) => value as string).join(", ");
}

/** How far a log is committed, where the state says so. */
function committed(state: KeyState): number {
  const commit = state.find(([label]) => label === "commit")?.[1];
  return typeof commit === "string" ? Number.parseInt(commit, 10) || 0 : 0;
}

function hasLog(shown: Shown): boolean {
  return shown.histories.some(({ records }) =>
    records.some((record) => (record.key_state ?? []).some(([, value]) => Array.isArray(value))),
  );
}
