import type { Shown } from "../store.ts";

export function Exports(_: { shown: Shown }) {
  return null;
}
