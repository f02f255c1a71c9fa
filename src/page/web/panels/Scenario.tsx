import type { Shown } from "../store.ts";

export function Scenario(_: { shown: Shown }) {
  return null;
}
