// How wide texts are, and what of them fits.

const widths = new Map<string, number>();
const KEPT_MAX = 20_000;
let context: CanvasRenderingContext2D | null = null;

const FAMILY = "system-ui, sans-serif";

export function widthOf(text: string, size: number, weight = 400): number {
  const key = `${size} ${weight} ${text}`;
  const known = widths.get(key);
  if (known !== undefined) return known;
  context ??= document.createElement("canvas").getContext("2d");
  let width = text.length * size * 0.56;
  if (context) {
    context.font = `${weight} ${size}px ${FAMILY}`;
    width = context.measureText(text).width;
  }
  if (widths.size > KEPT_MAX) widths.clear();
  widths.set(key, width);
  return width;
}

/** A text, or as much of it as fits, with an ellipsis; empty if that is next to nothing. */
export function fitted(text: string, size: number, room: number): string {
  if (widthOf(text, size) <= room) return text;
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (widthOf(`${text.slice(0, middle).trimEnd()}…`, size) <= room) low = middle;
    else high = middle - 1;
  }
  return low < 3 ? "" : `${text.slice(0, low).trimEnd()}…`;
}
