import type { Shown } from "../store.ts";

export function Strips(_: { shown: Shown }) {
  return null;
}
