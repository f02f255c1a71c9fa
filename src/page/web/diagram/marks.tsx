// The marks of a step on its lane.

import { type Flag, type FlagKind, type Mark, MARKS, type Meaning } from "./meaning.ts";
import { fitted, widthOf } from "./text.ts";

const FLAG_SIGNS: Record<FlagKind, string> = {
  commit: "✓",
  abort: "✗",
  decided: "✓",
  elected: "★",
  lost: "✗",
};
const FLAG_SIZE = 11;

/** Everything at one place of a lane. `side` is where flags and writes stand: 1 at the right, -1 at the left. */
export function Marks({
  meaning,
  x,
  y,
  side,
  room,
}: {
  meaning: Meaning;
  x: number;
  y: number;
  side: 1 | -1;
  room: number;
}) {
  const { saved, flags } = meaning;
  let reach = 9;
  const writes = saved.slice(0, 3).map((write, index) => {
    const at = x + side * (reach + 3);
    reach += 9;
    return (
      <rect
        key={`w${index}`}
        class={write.forced ? "forced" : "lazy"}
        x={at - 3}
        y={y - 3}
        width={6}
        height={6}
      >
        <title>{`${write.forced ? "forced" : "lazy"} write: ${write.record}`}</title>
      </rect>
    );
  });
  return (
    <g>
      <Glyph mark={meaning.mark} x={x} y={y} />
      {meaning.crashed && <Glyph mark="crash" x={x} y={y} />}
      {writes}
      {flags.slice(0, 2).map((flag, index) => {
        const drawn = (
          <Pill key={index} flag={flag} x={x + side * (reach + 3)} y={y} side={side} room={room} />
        );
        reach += pillWidth(flag, room) + 4;
        return drawn;
      })}
    </g>
  );
}

export function Glyph({ mark, x, y }: { mark: Mark; x: number; y: number }) {
  const title = <title>{MARKS[mark]}</title>;
  switch (mark) {
    case "acts":
      return (
        <circle class="acts" cx={x} cy={y} r={4.5}>
          {title}
        </circle>
      );
    case "idle":
      return (
        <circle class="idle" cx={x} cy={y} r={4}>
          {title}
        </circle>
      );
    case "timer":
      return (
        <g class="timer">
          <circle cx={x} cy={y} r={6}>
            {title}
          </circle>
          <path d={`M${x} ${y - 3.5}V${y}H${x + 3}`} />
        </g>
      );
    case "choice":
      return (
        <path class="choice" d={`M${x} ${y - 6}l6 6l-6 6l-6 -6z`}>
          {title}
        </path>
      );
    case "crash":
      return (
        <g class="crash">
          <rect x={x - 8} y={y - 8} width={16} height={16} rx={3}>
            {title}
          </rect>
          <path d={`M${x - 5} ${y - 5}l10 10m0 -10l-10 10`} />
        </g>
      );
    case "recover":
      return (
        <g class="recover">
          <circle cx={x} cy={y} r={7}>
            {title}
          </circle>
          <path d={`M${x} ${y + 4}v-8m-3 3l3 -3l3 3`} />
        </g>
      );
    case "copied":
      return (
        <text class="copied" x={x} y={y + 4} text-anchor="middle">
          »{title}
        </text>
      );
    case "none":
      return null;
  }
}

const pillText = (flag: Flag, room: number) =>
  `${FLAG_SIGNS[flag.kind]} ${fitted(flag.text, FLAG_SIZE, Math.max(24, room - 30))}`.trim();

const pillWidth = (flag: Flag, room: number) => widthOf(pillText(flag, room), FLAG_SIZE, 600) + 10;

function Pill({ flag, x, y, side, room }: { flag: Flag; x: number; y: number; side: 1 | -1; room: number }) {
  const width = pillWidth(flag, room);
  const left = side > 0 ? x : x - width;
  return (
    <g class={`pill ${flag.kind}`}>
      <rect x={left} y={y - 8} width={width} height={16} rx={8}>
        <title>{flag.kind === "lost" ? `overwritten: ${flag.text}` : flag.text}</title>
      </rect>
      <text x={left + width / 2} y={y + 4} text-anchor="middle">
        {pillText(flag, room)}
      </text>
    </g>
  );
}
