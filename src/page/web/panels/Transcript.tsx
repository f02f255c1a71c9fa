import type { Shown } from "../store.ts";

export function Transcript(_: { shown: Shown }) {
  return null;
}
