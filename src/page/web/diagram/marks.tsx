// The marks of a step on its lane.

import { type Flag, type FlagKind, type Mark, MARKS, type Meaning } from "./meaning.ts";
import { fitted, widthOf } from "./text.ts";

const FLAG_SIGNS: Record<FlagKind, string> = {
  commit: "✓",
  abort: "✗",
  decided: "✓",
  elected: "★",
  lost: "✗",
  gone: "",
};
/** The sizes of a flag, with the room around its text. */
const FLAG_SIZES = [
  { size: 11, around: 10 },
  { size: 9.5, around: 6 },
];

/** Everything at one place of a lane. Flags stand at its right, in the room up to the next lane; writes too, but for where
 *  a message comes from. */
export function Marks({
  meaning,
  x,
  y,
  room,
  isFromRight,
}: {
  meaning: Meaning;
  x: number;
  y: number;
  room: number;
  isFromRight: boolean;
}) {
  const { saved, flags } = meaning;
  let reach = isFromRight ? 15 : 9;
  const writes = saved.slice(0, 3).map((write, index) => {
    const at = x + (isFromRight ? -1 : 1) * (12 + 9 * index);
    if (!isFromRight) reach += 9;
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
        const left = reach + 3;
        reach = left + fitting(flag, room - left).width + 1;
        return <Pill key={index} flag={flag} x={x + left} y={y} room={room - left} />;
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

interface Fit {
  text: string;
  size: number;
  width: number;
}

/** A flag in the room that it has: whole, or smaller, or no more of it than fits. */
function fitting({ kind, text }: Flag, room: number): Fit {
  const sign = FLAG_SIGNS[kind];
  const whole = `${sign} ${text}`.trim();
  const fits = FLAG_SIZES.map(({ size, around }) => ({
    text: whole,
    size,
    width: widthOf(whole, size, 600) + around,
  }));
  const found = fits.find(({ width }) => width <= room);
  if (found) return found;
  const { size, around } = FLAG_SIZES.at(-1)!;
  const some = fitted(text, size, room - around - widthOf(`${sign} `, size, 600) - 2);
  const least = `${sign} ${some}`.trim() || "–";
  return { text: least, size, width: widthOf(least, size, 600) + around };
}

export function Pill({ flag, x, y, room }: { flag: Flag; x: number; y: number; room: number }) {
  const { text, size, width } = fitting(flag, room);
  return (
    <g class={`pill ${flag.kind}`}>
      <rect x={x} y={y - 8} width={width} height={16} rx={8}>
        <title>{flag.title}</title>
      </rect>
      <text x={x + width / 2} y={y + 4} text-anchor="middle" style={{ fontSize: `${size}px` }}>
        {text}
      </text>
    </g>
  );
}
