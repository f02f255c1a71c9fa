// The rows in sight as a picture that stands alone: names on top, words at the side, nothing to click.

import { render } from "preact";
import { recordOf, shownNumber, type Shown } from "../store.ts";
import type { Geometry } from "./geometry.ts";
import { Picture, range } from "./picture.tsx";
import { fitted } from "./text.ts";
import { viewOf, wordsOf } from "./view.ts";

const HEAD = 58;
const NAME = 13;
const SMALL = 11;
const WORDS = 12.5;

/** The picture, in the document but out of sight, for its style is computed there. The caller removes its parent. */
export function drawn(one: Shown): SVGSVGElement {
  const view = viewOf(one);
  const { first, last } = view.visible.peek();
  const geometry = view.geometry.peek();
  const rows = view.rows.peek();
  const top = Math.max(0, (geometry.ys[first] ?? 0) - 14);
  const isEnd = last >= rows.rows.length - 1;
  const bottom = isEnd ? geometry.height - 10 : (geometry.ys[last] ?? 0) + 14;
  const host = document.createElement("div");
  host.className = "diagram drawn";
  host.dataset.theme = "light";
  host.setAttribute("aria-hidden", "true");
  document.body.append(host);
  const box = [0, top - HEAD, geometry.width, bottom - top + HEAD];
  render(
    <svg width={box[2]} height={box[3]} viewBox={box.join(" ")}>
      <Picture
        run={one.run}
        rows={rows}
        geometry={geometry}
        arrows={view.arrows.peek()}
        first={first}
        last={last}
        selected={null}
        lit={one.lit.peek()}
      />
      {range(first, last).map((at) => (
        <Line key={at} one={one} geometry={geometry} at={at} />
      ))}
      <rect class="ground" x={0} y={top - HEAD} width={geometry.width} height={HEAD} />
      <Names one={one} geometry={geometry} top={top - HEAD} />
    </svg>,
    host,
  );
  return host.querySelector("svg")!;
}

function Line({ one, geometry, at }: { one: Shown; geometry: Geometry; at: number }) {
  const row = viewOf(one).rows.peek().rows[at]!;
  const y = geometry.ys[at]! + 4;
  const { text, changes, breaks } = wordsOf(one, row);
  const whole = [breaks && `${breaks}.`, text, changes].filter(Boolean).join(" ");
  return (
    <g class="drawn-line">
      {row.kind === "step" && (
        <text x={38} y={y} text-anchor="end" class="drawn-number">
          {shownNumber(one, row.step)}
        </text>
      )}
      {geometry.words && (
        <text x={geometry.words.x} y={y} class={breaks ? "drawn-words breaks" : "drawn-words"}>
          {fitted(whole, WORDS, geometry.words.width)}
        </text>
      )}
    </g>
  );
}

function Names({ one, geometry, top }: { one: Shown; geometry: Geometry; top: number }) {
  return one.run.trace.nodes.map(({ name, role }, node) => {
    const x = geometry.lanes[node]!;
    const status = recordOf(one, node, one.step.peek()).status;
    return (
      <g key={node} class="drawn-node">
        <text class="drawn-name" x={x} y={top + 17} text-anchor="middle">
          {fitted(name, NAME, geometry.gap - 4)}
        </text>
        <text class="drawn-role" x={x} y={top + 32} text-anchor="middle">
          {fitted(role, SMALL, geometry.gap - 4)}
        </text>
        <text class="drawn-role" x={x} y={top + 47} text-anchor="middle">
          {fitted(status, SMALL, geometry.gap - 4)}
        </text>
      </g>
    );
  });
}
