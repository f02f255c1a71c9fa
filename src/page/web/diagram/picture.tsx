// The drawing of a part of a run: lanes, spans, messages and marks between two rows.
//
// Invariant: draws what it is given and nothing else; it knows no scrolling. Exports draw with it too.

import { type Arrow, type Run, type Step } from "../data.ts";
import { ArrowMark, edgeOf } from "./arrows.tsx";
import { type ArrowIndex, arrowsIn, type Geometry, type Placed, roomAt } from "./geometry.ts";
import { Marks } from "./marks.tsx";
import { type Meaning, meaningOf } from "./meaning.ts";
import type { Row, Rows } from "./rows.ts";
import { CutMark, EndMark, partsOf, SpanMark, spansIn } from "./spans.tsx";
import { widthOf } from "./text.ts";

/** Of more arrows at a time only those are drawn that begin or end in sight. */
const CROSSING_MAX = 120;
/** An arrow down more rows than this stays in the background. */
const LONG = 45;

export interface PictureProps {
  run: Run;
  rows: Rows;
  geometry: Geometry;
  arrows: ArrowIndex;
  /** The first row that is drawn, and the last. */
  first: number;
  last: number;
  selected: Step | null;
  lit: ReadonlySet<Step> | null;
}

export function Picture(props: PictureProps) {
  const { run, rows, geometry, first, last, lit } = props;
  const top = (geometry.ys[first] ?? 0) - 20;
  const bottom = last >= rows.rows.length - 1 ? geometry.height : (geometry.ys[last] ?? 0) + 20;
  const clip = { from: top, to: bottom };
  const spans = spansIn(run, rows, geometry, top, bottom);
  const laneEnd = Math.min(bottom, geometry.end + 16);
  return (
    <>
      <Definitions />
      {spans.map(
        (placed, index) =>
          placed.span.kind === "cut" && (
            <CutMark key={`c${index}`} run={run} placed={placed} geometry={geometry} clip={clip} />
          ),
      )}
      {spans.map(
        (placed, index) =>
          placed.span.kind === "stuck" && (
            <SpanMark key={`s${index}`} placed={placed} geometry={geometry} clip={clip} />
          ),
      )}
      {geometry.lanes.map((x, lane) => (
        <path key={lane} class="lane" d={`M${x} ${Math.max(0, top)}V${laneEnd}`} />
      ))}
      {spans.map(
        (placed, index) =>
          placed.span.kind !== "cut" &&
          placed.span.kind !== "stuck" && (
            <SpanMark key={index} placed={placed} geometry={geometry} clip={clip} />
          ),
      )}
      <ArrowMarks {...props} />
      {range(first, last).map((at) => {
        const row = rows.rows[at]!;
        return <RowMarks key={keyOf(row)} {...props} row={row} at={at} isDim={isDim(row, lit)} />;
      })}
      {last >= rows.rows.length - 1 && <EndMark run={run} geometry={geometry} />}
    </>
  );
}

export const keyOf = (row: Row) => `${row.kind}${row.step}`;

export const isDim = (row: Row, lit: ReadonlySet<Step> | null) =>
  lit !== null && !(row.kind === "step" && lit.has(row.step));

export const range = (first: number, last: number) =>
  Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);

function ArrowMarks({ run, geometry, arrows, first, last, selected, lit }: PictureProps) {
  let crossing = arrowsIn(arrows, first, last);
  if (crossing.length > CROSSING_MAX + last - first) {
    const isNear = ({ from, to }: Placed) => from >= first || to <= last;
    crossing = crossing.filter((placed) => isNear(placed) || touches(placed.arrow, selected));
  }
  // The selected step's own come last: on top.
  crossing.sort((one, other) => rank(one, selected) - rank(other, selected));
  const cuts = run.spans.filter((span) => span.kind === "cut");
  return crossing.map((placed) => {
    const { arrow } = placed;
    const isSelected = touches(arrow, selected);
    const isLit = lit === null || (lit.has(arrow.from) && (arrow.to === undefined || lit.has(arrow.to)));
    const isFaint = placed.to - placed.from > LONG || (placed.from < first && placed.to > last);
    const sent = arrow.to === undefined || arrow.to === arrow.from;
    let cutEdge: number | undefined;
    if (arrow.fate === "cut") {
      const at = arrow.to ?? arrow.from;
      const during = cuts.filter((cut) => cut.from <= at && (cut.until === undefined || cut.until >= at));
      const links = during.flatMap((cut) => cut.links ?? []);
      cutEdge = edgeOf(links, arrow.src, arrow.dst, geometry.lanes);
    }
    return (
      <ArrowMark
        key={placed.index}
        run={run}
        placed={placed}
        geometry={geometry}
        cutEdge={cutEdge}
        look={{
          isSelected,
          isDim: !isLit,
          isFaint,
          hasLabel: isSelected || (!sent && !isFaint && isLit),
          isBelowFlag: isBelowFlag(run, arrow),
        }}
      />
    );
  });
}

/** Flags stand at the right: the label of a message that comes from there stands below them. */
const isBelowFlag = (run: Run, { src, dst, to }: Arrow) =>
  src > dst && to !== undefined && to > 0 && meaningOf(run, to).flags.length > 0;

const touches = (arrow: Arrow, step: Step | null) =>
  step !== null && (arrow.from === step || arrow.to === step);

const rank = ({ arrow, index }: Placed, step: Step | null) => (touches(arrow, step) ? 1e9 : 0) + index;

function RowMarks({
  run,
  geometry,
  row,
  at,
  isDim,
}: PictureProps & { row: Row; at: number; isDim: boolean }) {
  const y = geometry.ys[at]!;
  if (row.kind !== "step") {
    return (
      <path
        class={row.kind === "gap" ? "fold-line gap" : "fold-line"}
        d={`M${geometry.left} ${y}H${geometry.right}`}
      />
    );
  }
  if (row.step === 0) return <StartMarks run={run} geometry={geometry} y={y} />;
  const meaning = meaningOf(run, row.step);
  return (
    <g class={isDim ? "row dim" : "row"} data-step={row.step}>
      {meaning.network && (
        <NetworkMark run={run} meaning={meaning} geometry={geometry} y={y} step={row.step} />
      )}
      {meaning.lane !== undefined && (
        <Marks
          meaning={meaning}
          x={geometry.lanes[meaning.lane]!}
          y={y}
          room={roomAt(geometry, meaning.lane)}
          isFromRight={(run.trace.steps[row.step - 1]!.what.deliver?.src ?? -1) > meaning.lane}
        />
      )}
    </g>
  );
}

function StartMarks({ run, geometry, y }: { run: Run; geometry: Geometry; y: number }) {
  return geometry.lanes.map((x, lane) => {
    const start = run.trace.start[lane];
    return (
      <g key={lane}>
        <path class="lane-begin" d={`M${x - 7} ${y}h14`} />
        {start && start.saved && start.saved.length > 0 && (
          <rect class={start.saved[0]!.forced ? "forced" : "lazy"} x={x + 9} y={y - 3} width={6} height={6} />
        )}
      </g>
    );
  });
}

function NetworkMark({
  run,
  meaning,
  geometry,
  y,
  step,
}: {
  run: Run;
  meaning: Meaning;
  geometry: Geometry;
  y: number;
  step: Step;
}) {
  const span = run.spans.find((span) => span.kind === "cut" && span.from === step);
  const room = geometry.right - geometry.left - 30;
  const parts = span
    ? partsOf(
        span.links ?? [],
        run.trace.nodes.map(({ name }) => name),
      )
    : "";
  const whole = `${meaning.network} ${parts}`.trim();
  const text = widthOf(whole, 11, 600) <= room ? whole : meaning.network!;
  const width = widthOf(text, 11, 600) + 16;
  // At the left: messages that a cut loses end at its wall, which is further in.
  const middle = geometry.left + 6 + width / 2;
  return (
    <g class={`network ${meaning.network}`}>
      <path d={`M${geometry.left + 4} ${y}H${geometry.right - 4}`} />
      <rect x={middle - width / 2} y={y - 9} width={width} height={18} rx={9} />
      <text x={middle} y={y + 4} text-anchor="middle">
        {text}
      </text>
    </g>
  );
}

function Definitions() {
  return (
    <defs>
      <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect class="hatch-ground" width="6" height="6" />
        <path class="hatch-line" d="M0 0V6" />
      </pattern>
    </defs>
  );
}
