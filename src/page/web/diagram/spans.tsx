// What lasts: nodes that are down, locks and leaderships that are held, cuts, and who is stuck.

import type { NodeId, Run, Span } from "../data.ts";
import type { Geometry } from "./geometry.ts";
import type { Rows } from "./rows.ts";
import { widthOf } from "./text.ts";

export interface PlacedSpan {
  span: Span;
  top: number;
  bottom: number;
  /** Of several that a node has at a time, the place beside its lane. */
  nth: number;
}

/** The spans that are seen between two heights. */
export function spansIn(run: Run, rows: Rows, geometry: Geometry, from: number, to: number): PlacedSpan[] {
  const busy = new Map<string, number[]>();
  const placed: PlacedSpan[] = [];
  for (const span of run.spans) {
    const first = rows.of[span.from] ?? 0;
    const last = span.until === undefined ? null : (rows.of[span.until] ?? null);
    const top = geometry.ys[first]!;
    const bottom = last === null ? geometry.end + 16 : geometry.ys[last]!;
    const key = `${span.kind} ${span.node}`;
    const ends = busy.get(key) ?? [];
    busy.set(key, ends);
    let nth = ends.findIndex((end) => end <= top);
    if (nth < 0) nth = ends.length;
    ends[nth] = bottom;
    if (bottom >= from && top <= to && bottom > top) placed.push({ span, top, bottom, nth });
  }
  return placed;
}

interface Clip {
  from: number;
  to: number;
}

/** Bars beside and on a lane. What is out of sight is clipped, for a bar may be very long. */
export function SpanMark({ placed, geometry, clip }: { placed: PlacedSpan; geometry: Geometry; clip: Clip }) {
  const { span, nth } = placed;
  const x = geometry.lanes[span.node ?? 0] ?? 0;
  const top = Math.max(placed.top, clip.from - 40);
  const bottom = Math.min(placed.bottom, clip.to + 40);
  const height = Math.max(0, bottom - top);
  const title = <title>{span.words}</title>;
  switch (span.kind) {
    case "down":
      return (
        <g class="down">
          <rect class="hidden-lane" x={x - 7} y={top} width={14} height={height} />
          <rect class="hatch" x={x - 7} y={top} width={14} height={height} fill="url(#hatch)">
            {title}
          </rect>
        </g>
      );
    case "not-started":
      return (
        <g class="not-started">
          <rect class="hidden-lane" x={x - 7} y={top} width={14} height={height} />
          <path d={`M${x} ${top}V${bottom}`}>{title}</path>
        </g>
      );
    case "holds":
      return (
        <rect class="holds" x={x - 13 - 6 * Math.min(nth, 3)} y={top} width={5} height={height} rx={2}>
          {title}
        </rect>
      );
    case "leads":
      return (
        <g class="leads">
          <rect x={x - 3} y={top} width={6} height={height} rx={3}>
            {title}
          </rect>
        </g>
      );
    case "stuck":
      return (
        <rect class="stuck" x={x - 17} y={top} width={34} height={height} rx={6}>
          {title}
        </rect>
      );
    case "cut":
      return null;
  }
}

/** The shade of a cut, and its walls. */
export function CutMark({
  run,
  placed,
  geometry,
  clip,
}: {
  run: Run;
  placed: PlacedSpan;
  geometry: Geometry;
  clip: Clip;
}) {
  const { span } = placed;
  const top = Math.max(placed.top, clip.from - 40);
  const bottom = Math.min(placed.bottom, clip.to + 40);
  const walls = wallsOf(span.links ?? [], run.trace.nodes.length);
  const title = <title>{`cut: ${span.words}`}</title>;
  const height = Math.max(0, bottom - top);
  return (
    <g class="cut-band">
      <rect
        class="shade"
        x={geometry.left + 4}
        y={top}
        width={geometry.right - geometry.left - 8}
        height={height}
      >
        {title}
      </rect>
      {walls.map(({ lane, isOneWay }) => {
        const x = (geometry.lanes[lane]! + geometry.lanes[lane + 1]!) / 2;
        return (
          <path
            key={lane}
            class={isOneWay ? "wall one-way" : "wall"}
            d={`M${x - 2} ${top}V${bottom}M${x + 2} ${top}V${bottom}`}
          >
            {title}
          </path>
        );
      })}
      {walls.length === 0 &&
        (span.links ?? []).slice(0, 8).map(([src, dst]) => {
          const x = (geometry.lanes[src]! + geometry.lanes[dst]!) / 2;
          return (
            <path key={`${src} ${dst}`} class="wall one-way" d={`M${x} ${top}V${bottom}`}>
              {title}
            </path>
          );
        })}
    </g>
  );
}

/** Between which neighbours nothing passes, and between which it does one way. */
function wallsOf(links: [NodeId, NodeId][], nodes: number): { lane: number; isOneWay: boolean }[] {
  const cut = new Set(links.map(([src, dst]) => src * nodes + dst));
  const walls = [];
  for (let lane = 0; lane + 1 < nodes; lane += 1) {
    const right = cut.has(lane * nodes + lane + 1);
    const left = cut.has((lane + 1) * nodes + lane);
    if (right || left) walls.push({ lane, isOneWay: !(right && left) });
  }
  return walls;
}

/** The parts that a cut leaves: `C P1 | P2 P3`; empty if it leaves one. */
export function partsOf(links: [NodeId, NodeId][], names: string[]): string {
  const cut = new Set(links.map(([src, dst]) => src * names.length + dst));
  const part = names.map((_, node) => node);
  const parts: number[][] = [];
  for (const first of part) {
    if (parts.some((known) => known.includes(first))) continue;
    const reached = [first];
    for (const at of reached) {
      for (const to of part) {
        const passes = !cut.has(at * names.length + to) || !cut.has(to * names.length + at);
        if (passes && !reached.includes(to)) reached.push(to);
      }
    }
    parts.push(reached.sort((one, other) => one - other));
  }
  if (parts.length < 2) return "";
  return parts.map((nodes) => nodes.map((node) => names[node]).join(" ")).join(" | ");
}

/** What lasts to the end, below the last row. */
export function EndMark({ run, geometry }: { run: Run; geometry: Geometry }) {
  const stuck = run.spans.filter((span) => span.kind === "stuck" && span.until === undefined);
  return stuck.map((span) => {
    const x = geometry.lanes[span.node ?? 0] ?? 0;
    const y = geometry.end + 16;
    const width = widthOf("stuck", 11, 700) + 14;
    return (
      <g key={span.node} class="pill stuck-end">
        <rect x={x - width / 2} y={y - 9} width={width} height={18} rx={9}>
          <title>{span.words}</title>
        </rect>
        <text x={x} y={y + 4} text-anchor="middle">
          stuck
        </text>
      </g>
    );
  });
}
