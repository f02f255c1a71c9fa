import type { Shown } from "../store.ts";

export function Table(_: { shown: Shown }) {
  return null;
}
