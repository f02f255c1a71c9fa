// What keys do, everywhere but where one writes.

import { moveRows, toggleFold, viewOf } from "./diagram/view.ts";
import { focus, focused, helpIsOpen, nextWhere, panel, playing, select, shown, toggleAxis } from "./store.ts";

export interface Key {
  keys: string[];
  does: string;
}

/** All of them, for the help. */
export const KEYS: Key[] = [
  { keys: ["↓", "j"], does: "next step" },
  { keys: ["↑", "k"], does: "previous step" },
  { keys: ["Page down", "Page up"], does: "ten steps on, or back" },
  { keys: ["Home", "End"], does: "the start, the end" },
  { keys: ["n", "p"], does: "next or previous step that the run turns on" },
  { keys: ["f", "F"], does: "next or previous fault" },
  { keys: ["d", "D"], does: "next or previous decision or election" },
  { keys: ["v", "V"], does: "next or previous violation" },
  { keys: ["Space"], does: "play, pause" },
  { keys: ["Enter"], does: "open or close a line of folded steps" },
  { keys: ["/"], does: "search; Enter there goes to the next hit" },
  { keys: ["t"], does: "time or steps as the axis" },
  { keys: ["w"], does: "why it came to this" },
  { keys: ["o"], does: "the other run, where there are two" },
  { keys: ["Esc"], does: "close this; light everything again" },
  { keys: ["?"], does: "this list" },
];

const isWriting = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  target.matches("input:not([type=range]):not([type=checkbox]), textarea, select");

/** Elements that have their own use of the keys that move: a panel is scrolled with them. */
const keepsArrows = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  target.closest("[role=tablist], .tab-panel, [type=range], [type=radio], dialog") !== null;

const keepsEnter = (target: EventTarget | null) =>
  target instanceof HTMLElement && target.closest("button, a, summary, [role=tab], dialog, input") !== null;

export function onKey(event: KeyboardEvent) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") return escape();
  if (isWriting(event.target)) return;
  const one = focused.peek();
  if (!one) return;
  const isMove = ["ArrowDown", "ArrowUp", "PageDown", "PageUp", "Home", "End"].includes(event.key);
  if (isMove && keepsArrows(event.target)) return;
  if ((event.key === "Enter" || event.key === " ") && keepsEnter(event.target)) return;
  const does: Record<string, () => unknown> = {
    ArrowDown: () => moveRows(one, 1),
    j: () => moveRows(one, 1),
    ArrowUp: () => moveRows(one, -1),
    k: () => moveRows(one, -1),
    PageDown: () => moveRows(one, 10),
    PageUp: () => moveRows(one, -10),
    Home: () => select(0, one),
    End: () => select(one.last, one),
    n: () => nextWhere("turn"),
    p: () => nextWhere("turn", -1),
    f: () => nextWhere("fault"),
    F: () => nextWhere("fault", -1),
    d: () => nextWhere("decision"),
    D: () => nextWhere("decision", -1),
    v: () => nextWhere("violation"),
    V: () => nextWhere("violation", -1),
    " ": () => (playing.value = !playing.peek()),
    Enter: () => {
      const rows = viewOf(one).rows.peek();
      const row = rows.rows[rows.of[one.step.peek()]!];
      if (row?.kind === "fold") toggleFold(one, row.step);
    },
    "/": () => document.getElementById("search")?.focus(),
    t: toggleAxis,
    w: () => {
      panel.value = "why";
      document.getElementById("tab-why")?.focus();
    },
    o: () => {
      if (shown.peek().length > 1) focus.value = 1 - focus.peek();
    },
    "?": () => (helpIsOpen.value = true),
  };
  const act = does[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

function escape() {
  const one = focused.peek();
  if (helpIsOpen.peek()) helpIsOpen.value = false;
  else if (one?.lit.peek()) one.lit.value = null;
  if (document.activeElement?.id === "search") (document.activeElement as HTMLElement).blur();
}
