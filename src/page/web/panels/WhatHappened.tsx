import type { Shown } from "../store.ts";

export function WhatHappened(_: { shown: Shown }) {
  return null;
}
