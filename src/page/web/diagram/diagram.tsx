// The space-time diagram: lanes with their names on top, rows that can be walked, and the drawing behind them.
//
// Invariant: only rows in sight, and a few around them, are in the document, however long the run is.

import { useSignal, useSignalEffect } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { isObject, type Run, type Step, WEIGHT, timeText } from "../data.ts";
import {
  helpIsOpen,
  isPrinting,
  nameOf,
  partingOf,
  query,
  recordOf,
  select,
  shown,
  shownNumber,
  type Shown,
} from "../store.ts";
import { type Geometry, ROW } from "./geometry.ts";
import { isDim, keyOf, Picture, range } from "./picture.tsx";
import type { Row, Rows } from "./rows.ts";
import { widthOf } from "./text.ts";
import { stepOfRow, toggleFold, viewOf, type View, wordsOf } from "./view.ts";
import "./diagram.css";

/** How many rows more than are seen are drawn, on either side. */
const AROUND = 12;
/** Rows are drawn anew when the view has moved by so many. */
const CHUNK = 6;
/** How high a view may be, in rows: in print it is as high as this. */
const SEEN_MAX = 200;

export function Diagram({ one }: { one: Shown }) {
  const view = viewOf(one);
  const scroller = useRef<HTMLDivElement>(null);
  const seen = useSignal({ first: 0, last: 40 });
  const geometry = view.geometry.value;
  const rows = view.rows.value;
  const selected = one.step.value;

  const measure = () => {
    const box = scroller.current;
    if (!box) return;
    const { ys } = view.geometry.peek();
    const head = headOf(box);
    const first = rowsAbove(ys, box.scrollTop - ROW);
    const last = rowsAbove(ys, box.scrollTop + Math.min(box.clientHeight, SEEN_MAX * ROW) - head + ROW);
    const next = {
      first: Math.max(0, Math.floor(first / CHUNK) * CHUNK - AROUND),
      last: Math.min(ys.length - 1, Math.ceil(last / CHUNK) * CHUNK + AROUND),
    };
    const visible = { first: rowsAbove(ys, box.scrollTop), last: Math.max(0, last - 2) };
    view.visible.value = visible;
    const now = seen.peek();
    if (now.first !== next.first || now.last !== next.last) seen.value = next;
  };

  useLayoutEffect(() => {
    const box = scroller.current!;
    const observer = new ResizeObserver(() => {
      view.width.value = box.clientWidth;
      measure();
    });
    observer.observe(box);
    view.width.value = box.clientWidth;
    return () => observer.disconnect();
  }, [one]);

  useLayoutEffect(measure, [geometry]);

  // What is selected is brought into sight, but what is in sight stays where it is.
  useSignalEffect(() => {
    one.moved.value;
    const { ys } = view.geometry.value;
    const y = ys[view.rows.value.of[one.step.peek()]!] ?? 0;
    requestAnimationFrame(() => scroller.current && bringIntoSight(scroller.current, y));
  });

  const first = isPrinting.value ? 0 : Math.min(seen.value.first, rows.rows.length - 1);
  const last = isPrinting.value
    ? Math.min(rows.rows.length, SEEN_MAX) - 1
    : Math.min(seen.value.last, rows.rows.length - 1);
  const selectedRow = rows.of[selected]!;
  const drawn = range(first, last);
  if (selectedRow < first || selectedRow > last) drawn.push(selectedRow);
  const height = isPrinting.value ? (geometry.ys[last] ?? 0) + ROW * 1.5 : geometry.height;

  const rowAt = (event: MouseEvent) => {
    const canvas = event.currentTarget as HTMLElement;
    return geometry.rowAt(event.clientY - canvas.getBoundingClientRect().top);
  };
  const click = (event: MouseEvent) => {
    const target = event.target as Element;
    const step = target.closest("[data-step]")?.getAttribute("data-step");
    const at = rowAt(event);
    const row = rows.rows[at];
    // Where nothing hovers, a tap on a sign is answered with its words.
    const words = target.querySelector(":scope > title")?.textContent;
    const selects = Number(step ?? (row?.kind === "fold" ? selected : stepOfRow(rows, at)));
    view.sign.value = words ? { step: selects, words } : null;
    if (step) select(Number(step), one);
    else if (row?.kind === "fold") toggleFold(one, row.step);
    else if (row) select(stepOfRow(rows, at), one);
  };

  const id = shown.value.indexOf(one) > 0 ? "other-diagram" : "diagram";
  return (
    <section
      id={id}
      class="diagram"
      aria-label={`Diagram of ${nameOf(one.run)}`}
      style={{ "--whole": `${height + headHeight(one, geometry.gap)}px` }}
    >
      <div class="scroller" ref={scroller} onScroll={measure}>
        <Head one={one} geometry={geometry} />
        <div
          class="canvas"
          style={{ width: `${geometry.width}px`, height: `${height}px` }}
          onClick={click}
          onPointerMove={(event) => (view.hover.value = rowAt(event))}
          onPointerLeave={() => (view.hover.value = null)}
        >
          <TimeTicks geometry={geometry} first={first} last={last} />
          <div
            class="rows"
            role="listbox"
            tabIndex={0}
            aria-label="Steps of the run"
            aria-activedescendant={rowId(id, rows.rows[selectedRow]!)}
            onKeyDown={(event) => {
              const row = rows.rows[selectedRow];
              if (event.key === "Enter" && row?.kind === "fold") toggleFold(one, row.step);
            }}
          >
            {drawn.map((at) => (
              <RowLine
                key={keyOf(rows.rows[at]!)}
                id={id}
                one={one}
                view={view}
                at={at}
                isSelected={at === selectedRow}
              />
            ))}
          </div>
          <svg width={geometry.width} height={height} aria-hidden="true">
            <Picture
              run={one.run}
              rows={rows}
              geometry={geometry}
              arrows={view.arrows.value}
              first={first}
              last={last}
              selected={selected}
              lit={one.lit.value}
            />
          </svg>
        </div>
      </div>
    </section>
  );
}

const rowId = (diagram: string, row: Row) => `${diagram}-${keyOf(row)}`;

const headOf = (box: HTMLElement) => box.firstElementChild?.clientHeight ?? 0;

function rowsAbove(ys: number[], y: number): number {
  let low = 0;
  let high = ys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ys[middle]! < y) low = middle + 1;
    else high = middle;
  }
  return low;
}

function bringIntoSight(box: HTMLElement, y: number) {
  const room = box.clientHeight - headOf(box);
  const above = y - box.scrollTop;
  const margin = Math.min(ROW * 2, room / 4);
  if (above < margin) box.scrollTop = Math.max(0, y - margin);
  else if (above > room - margin) {
    // A step further down is seen with what follows; a far one in the middle.
    box.scrollTop = above > room + ROW * 4 ? y - room / 2 : y - room + margin;
  }
}

function RowLine({
  id,
  one,
  view,
  at,
  isSelected,
}: {
  id: string;
  one: Shown;
  view: View;
  at: number;
  isSelected: boolean;
}) {
  const rows: Rows = view.rows.value;
  const geometry = view.geometry.value;
  const row = rows.rows[at]!;
  const height = Math.max(14, geometry.heights[at]!);
  const lit = one.lit.value;
  const told = row.kind === "step" && row.step > 0 ? one.run.told[row.step - 1] : undefined;
  const classes = ["line", row.kind];
  if (isSelected) classes.push("selected");
  if (view.hover.value === at) classes.push("hover");
  if (isDim(row, lit)) classes.push("dim");
  if (told && told.weight >= WEIGHT.breaks) classes.push("breaks");
  else if (told && told.weight >= WEIGHT.turns) classes.push("turns");
  else if (told && told.weight === WEIGHT.quiet) classes.push("quiet");
  if (query.value !== "" && isHit(row, view)) classes.push("hit");
  const parting = partingOf(one);
  const isParting = parting !== undefined && view.rows.value.of[parting] === at;
  if (isParting) classes.push("parts");
  if (!geometry.words) classes.push("narrow");
  const time = one.times?.[row.step];
  const words = wordsOf(one, row);
  const isTold = told && told.weight >= WEIGHT.turns && height >= ROW;
  return (
    <div
      id={rowId(id, row)}
      class={classes.join(" ")}
      role="option"
      aria-selected={isSelected}
      aria-posinset={at + 1}
      aria-setsize={rows.rows.length}
      style={{ top: `${geometry.ys[at]! - height / 2}px`, height: `${height}px`, lineHeight: `${height}px` }}
      title={words.title}
    >
      {isParting && <span class="parting">they part here</span>}
      <span class="gutter" style={{ width: `${geometry.left - 6}px` }}>
        <span class="number">
          {!geometry.words && <Twist row={row} />}
          {numberInGutter(one, row, geometry.hasTimes || !geometry.words)}
        </span>
        {time !== undefined && geometry.hasTimes && row.kind === "step" && (
          <span class="time">{timeInGutter(one, time)}</span>
        )}
      </span>
      <span class={wordsClass(row, geometry, isTold ? words : null)} style={wordsPlace(row, geometry)}>
        {geometry.words && <Twist row={row} />}
        {words.breaks && <strong class="broken">{words.breaks}. </strong>}
        {words.text}
        {words.changes && <span class="changes"> {words.changes}</span>}
      </span>
    </div>
  );
}

/** What a run turns on is written smaller where it does not fit, and in two lines where that is not enough. */
function wordsClass(row: Row, geometry: Geometry, told: ReturnType<typeof wordsOf> | null): string {
  if (!geometry.words) return row.kind === "gap" ? "words over" : "words unseen";
  if (!told) return "words";
  const room = geometry.words.width;
  const width = (size: number) =>
    widthOf(`${told.breaks} ${told.text}`.trim(), size, 600) + widthOf(` ${told.changes}`.trimEnd(), size);
  return width(12.5) <= room ? "words" : width(11.5) <= room ? "words small" : "words two";
}

const Twist = ({ row }: { row: Row }) =>
  row.kind === "fold" ? <span class="twist">{row.isOpen ? "▾ " : "▸ "}</span> : null;

function wordsPlace(row: Row, { words, left, width, right }: Geometry) {
  if (words) return { left: `${words.x}px`, width: `${words.width}px` };
  // There is no room beside the lanes; what is not there at all says so across them.
  return row.kind !== "gap" ? {} : { left: `${left}px`, maxWidth: `${Math.min(width, right) - left}px` };
}

function isHit(row: Row, view: View): boolean {
  const hits = view.hitSet.value;
  if (row.kind === "step") return hits.has(row.step);
  if (row.kind === "gap" || row.isOpen) return false;
  return view.hits.value.some((hit) => hit >= row.step && hit <= row.last);
}

function numberInGutter(one: Shown, row: Row, hasRoom: boolean): string {
  if (row.kind === "gap") return "";
  const number = String(shownNumber(one, row.step));
  const isRange = row.kind === "fold" && !row.isOpen && hasRoom;
  return isRange ? `${number}–${shownNumber(one, row.last)}` : number;
}

/** A time in as few digits as tell it from its neighbours. */
function timeInGutter(one: Shown, ms: number): string {
  const last = one.times?.[one.last] ?? 0;
  if (last >= 100_000) return (ms / 1000).toFixed(2);
  return ms.toFixed(last >= 10_000 ? 0 : 1);
}

const timeUnit = (one: Shown) => ((one.times?.[one.last] ?? 0) >= 100_000 ? "s" : "ms");

function Head({ one, geometry }: { one: Shown; geometry: Geometry }) {
  const step = one.step.value;
  const stuck = stuckAt(one.run, step);
  const hasRoles = rolesTell(one.run);
  const height = headHeight(one, geometry.gap);
  return (
    <div
      class={statusLines(one, geometry.gap) > 1 ? "head tall" : "head"}
      style={{ width: `${geometry.width}px`, height: `${height}px` }}
    >
      <button
        type="button"
        class="link signs"
        title="What the signs in this run mean (?)"
        onClick={() => (helpIsOpen.value = true)}
      >
        signs
      </button>
      <span class="gutter" style={{ width: `${geometry.left - 6}px` }} aria-hidden="true">
        {geometry.words && <span class="number">#</span>}
        {geometry.hasTimes && <span class="time">{timeUnit(one)}</span>}
      </span>
      {one.run.trace.nodes.map(({ name, role }, node) => {
        const { up, status } = recordOf(one, node, step);
        const classes = stuck.has(node) ? "status stuck" : up ? "status" : "status down";
        return (
          <div
            key={node}
            class="node"
            style={{ left: `${geometry.lanes[node]! - geometry.gap / 2}px`, width: `${geometry.gap}px` }}
            title={`${name}, ${role}: ${status}`}
          >
            <span class="name">{name}</span>
            {hasRoles && <span class="role">{role}</span>}
            <span class={classes}>{fittingStatus(status, geometry.gap) || (up ? "up" : "down")}</span>
          </div>
        );
      })}
      {geometry.words && (
        <span class="at" style={{ left: `${geometry.words.x}px` }}>
          {step === 0 ? "at the start" : `after step ${shownNumber(one, step)}`}
          {one.times && step > 0 ? `, ${timeText(one.times[step]!)}` : ""}
        </span>
      )}
    </div>
  );
}

/** The head is as high in every step: it has the room for the longest status, in up to three lines. */
function statusLines(one: Shown, gap: number): number {
  const { whole, brief } = widestStatus(one);
  if (whole <= gap - 8) return 1;
  // Words break where they can, so lines are not full.
  return Math.min(whole, brief) <= (gap - 20) * 2 * 0.9 ? 2 : 3;
}

const headHeight = (one: Shown, gap: number) =>
  33 + (rolesTell(one.run) ? 14 : 0) + 13 * statusLines(one, gap);

/** Where all have the same role it tells nothing. */
const rolesTell = ({ trace }: Run) => new Set(trace.nodes.map(({ role }) => role)).size > 1;

const widest = new WeakMap<Shown, { whole: number; brief: number }>();

/** How wide the widest status is of all that nodes have in a run, and without particulars. */
function widestStatus(one: Shown): { whole: number; brief: number } {
  let found = widest.get(one);
  if (found === undefined) {
    const all = new Set(one.histories.flatMap(({ records }) => records.map(({ status }) => status)));
    const statuses = [...all].slice(0, 500);
    const width = (texts: string[]) => Math.max(0, ...texts.map((text) => widthOf(text, 11)));
    found = { whole: width(statuses) + 14, brief: width(statuses.map(withoutParticulars)) };
    widest.set(one, found);
  }
  return found;
}

const withoutParticulars = (status: string) => status.split(", ")[0]!;

/** A status without its particulars, where there is no room for them. */
function fittingStatus(status: string, room: number): string {
  return widthOf(status, 11) > (room - 20) * 2 ? withoutParticulars(status) : status;
}

function stuckAt(run: Run, step: Step): Set<number> {
  const stuck = run.spans.filter(
    (span) => span.kind === "stuck" && span.from <= step && (span.until === undefined || span.until > step),
  );
  return new Set(stuck.map((span) => span.node ?? -1));
}

/** Lines at round times, where time is the axis. */
function TimeTicks({ geometry, first, last }: { geometry: Geometry; first: number; last: number }) {
  const { time, ys } = geometry;
  if (!time) return null;
  const isFree = (y: number) => {
    const near = geometry.rowAt(y);
    return Math.abs(geometry.ys[near]! - y) > 11;
  };
  const from = time.invert(ys[first]!);
  const to = time.invert(ys[last]!);
  const ticks = time
    .copy()
    .domain([from, to])
    .range([ys[first]!, ys[last]!])
    .ticks(Math.max(2, Math.round((ys[last]! - ys[first]!) / 90)));
  return (
    <div class="ticks" aria-hidden="true">
      {ticks.map((tick) => (
        <span key={tick} style={{ top: `${time(tick)}px` }}>
          {isFree(time(tick)) && <b style={{ width: `${geometry.left - 6}px` }}>{timeText(tick)}</b>}
        </span>
      ))}
    </div>
  );
}

/** The parameters in brief: what differs from nothing. */
export function paramsInBrief(run: Run): string {
  const { params } = run.trace;
  if (!isObject(params)) return "";
  return Object.entries(params)
    .filter(([, value]) => typeof value === "number" || typeof value === "string" || value === true)
    .map(([key, value]) => (value === true ? key : `${key} ${value}`))
    .join(" · ");
}
