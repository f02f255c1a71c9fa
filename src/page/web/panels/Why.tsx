import type { Shown } from "../store.ts";

export function Why(_: { shown: Shown }) {
  return null;
}
