import type { Shown } from "../store.ts";

export function Operations(_: { shown: Shown }) {
  return null;
}
