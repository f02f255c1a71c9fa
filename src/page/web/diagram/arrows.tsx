// Messages on their way: from the row where they are sent to the row where they meet their fate.

import type { Run } from "../data.ts";
import { FLIGHT_ROWS, type Geometry, type Placed, ROW } from "./geometry.ts";
import { fitted, widthOf } from "./text.ts";

const LABEL_SIZE = 10.5;
/** How far from the middle of a lane an arrow ends. */
const CLEAR = 7;

export interface ArrowLook {
  isSelected: boolean;
  isDim: boolean;
  /** Neither end is in view, or it crosses very much: it stays in the background. */
  isFaint: boolean;
  hasLabel: boolean;
  /** Where its head is stands a flag. */
  isBelowFlag: boolean;
}

/** How much of its way a lost message gets. */
const LOST_AT = 0.45;

const FATES = {
  arrived: "arrived",
  refused: "its node was down",
  dropped: "lost on its way",
  cut: "lost to a cut",
  absorbed: "not sent: one like it is on its way for ever",
  flying: "still on its way",
} as const;

export function ArrowMark({
  run,
  placed,
  geometry,
  look,
  cutEdge,
}: {
  run: Run;
  placed: Placed;
  geometry: Geometry;
  look: ArrowLook;
  /** Of a message that is lost to a cut: where the cut is. */
  cutEdge: number | undefined;
}) {
  const { arrow } = placed;
  const { lanes, ys } = geometry;
  const [whole, short] = run.labels[arrow.label] ?? ["", ""];
  const names = run.trace.nodes;
  const title = `${whole}, ${names[arrow.src]?.name} → ${names[arrow.dst]?.name}: ${FATES[arrow.fate]}`;
  const source = lanes[arrow.src]!;
  const target = lanes[arrow.dst]!;
  const top = ys[placed.from]!;
  const isInstant = arrow.to === undefined || arrow.to === arrow.from;
  const direction = Math.sign(target - source) || 1;
  const isLost = arrow.fate === "dropped" || arrow.fate === "cut" || arrow.fate === "refused";
  const classes = ["arrow", arrow.fate];
  if (arrow.copy) classes.push("copy");
  if (look.isSelected) classes.push("selected");
  else if (look.isDim) classes.push("dim");
  else if (look.isFaint) classes.push("faint");
  const group = classes.join(" ");
  const data = isInstant ? arrow.from : arrow.to!;

  if (arrow.src === arrow.dst) {
    const bottom = isInstant ? top + ROW * 0.8 : ys[placed.to]!;
    const bulge = source + 22;
    const path = `M${source + CLEAR} ${top}C${bulge} ${top} ${bulge} ${bottom} ${source + CLEAR} ${bottom}`;
    return (
      <g class={group} data-step={data}>
        <path class="line" d={path} />
        <path class="reach" d={path}>
          <title>{title}</title>
        </path>
        <Head x={source + CLEAR} y={bottom} angle={Math.PI} />
        {look.hasLabel && <Label x={source + 24} y={(top + bottom) / 2 + 4} anchor="start" text={short} />}
      </g>
    );
  }

  let endX = target - direction * CLEAR;
  let endY = isInstant ? top + ROW * 0.55 : ys[placed.to]!;
  const startX = source + direction * 5;
  if (arrow.fate === "flying" || arrow.fate === "absorbed") {
    endX = source + (target - source) * Math.min(0.55, (geometry.gap * 1.1) / Math.abs(target - source));
    endY = Math.min(geometry.end + 14, top + ROW * FLIGHT_ROWS * 0.8);
  } else if (arrow.fate === "cut") {
    endX = cutEdge ?? (source + target) / 2;
    if (isInstant) endY = top + ROW * 0.5;
  } else if (arrow.fate === "dropped") {
    endX = source + (target - source) * LOST_AT;
  }
  const angle = Math.atan2(endY - top, endX - startX);
  const line = `M${startX} ${top}L${endX} ${endY}`;
  const fades = arrow.fate === "flying" || arrow.fate === "absorbed";
  return (
    <g class={group} data-step={data}>
      <path class="line" d={line} />
      <path class="reach" d={line}>
        <title>{title}</title>
      </path>
      {isLost ? (
        <path class="lost" d={`M${endX - 4} ${endY - 4}l8 8m0 -8l-8 8`}>
          <title>{title}</title>
        </path>
      ) : fades ? (
        <circle class="aloft" cx={endX} cy={endY} r={1.8} />
      ) : (
        <Head x={endX} y={endY} angle={angle} />
      )}
      {arrow.copy && (
        <text class="copied" x={(startX + endX) / 2} y={(top + endY) / 2 + 4} text-anchor="middle">
          »
        </text>
      )}
      {look.hasLabel && (
        <Label
          x={endX - direction * (isLost ? 8 : 9)}
          y={endY + (look.isBelowFlag ? 18 : Math.abs(Math.tan(angle)) > 1.2 ? 4 : 11)}
          anchor={direction > 0 ? "end" : "start"}
          text={fitted(short, LABEL_SIZE, roomOf(geometry, source, endX))}
        />
      )}
    </g>
  );
}

/** The room of a label: from the head back to the next lane or, where that is no room, a bit further. */
function roomOf({ gap }: Geometry, source: number, endX: number): number {
  const way = Math.abs(endX - source);
  return Math.max(gap + 6, Math.min(way - 20, gap * 1.6));
}

function Head({ x, y, angle }: { x: number; y: number; angle: number }) {
  const turn = ((angle * 180) / Math.PI).toFixed(1);
  return <path class="head" d="M0 0l-8 -3.6v7.2z" transform={`translate(${x} ${y}) rotate(${turn})`} />;
}

function Label({ x, y, anchor, text }: { x: number; y: number; anchor: "start" | "end"; text: string }) {
  if (text === "") return null;
  const width = widthOf(text, LABEL_SIZE) + 4;
  const left = anchor === "end" ? x - width + 2 : x - 2;
  return (
    <g class="label">
      <rect x={left} y={y - 9} width={width} height={12} rx={3} />
      <text x={x} y={y} text-anchor={anchor}>
        {text}
      </text>
    </g>
  );
}

/** Where a message from one lane to another meets a cut: between two lanes, the nearer of which it still reaches. */
export function edgeOf(cut: [number, number][], src: number, dst: number, lanes: number[]): number {
  const direction = dst > src ? 1 : -1;
  for (let lane = src + direction; lane !== dst; lane += direction) {
    if (cut.some(([from, to]) => from === src && to === lane)) {
      return (lanes[lane]! + lanes[lane - direction]!) / 2;
    }
  }
  return (lanes[dst]! + lanes[dst - direction]!) / 2;
}
