// A run in Apalache's Informal Trace Format (its ADR 015).
//
// - JSON without blanks, each state on a line of its own.
// - The variables are `step` (its number, 0 for the start), `event` (in the one notation, `start` for the start) and
//   `nodes`, a map from names to records of `up`, `status`, `storage` and `state`.
// - In storage and state, nothing is `{"#unserializable":"null"}`, and so is a number that is no integer; an integer
//   that is too large for a JSON number is a `#bigint`. Members of objects are sorted by their keys' code points; an
//   object with a key that begins with `#` is a `#map`. Nodes go by their names.

import type { Json, NodeRecord, Run } from "../data.ts";
import { isObject, laneOf, numberOf, unpack } from "../data.ts";
import { named } from "../panels/values.ts";

const DESCRIPTION = "https://apalache-mc.org/docs/adr/015adr-trace.html";

export function itf({ trace }: Run): string {
  const names = trace.nodes.map(({ name }) => name);
  const histories = unpack(trace);
  // What a node is written as changes only where its record does.
  const written = histories.map(({ records }) => node(records[0]!, names));
  const place = histories.map(() => 0);
  const state = (index: number, step: number, event: string) => {
    const nodes = names.map((name, at) => `[${JSON.stringify(name)},${written[at]}]`);
    const rest = `"step":${step},"event":${JSON.stringify(event)},"nodes":{"#map":[${nodes.join(",")}]}`;
    return `{"#meta":{"index":${index}},${rest}}`;
  };
  const states = [state(0, 0, "start")];
  trace.steps.forEach((step, at) => {
    const actor = laneOf(step.what);
    const history = actor === undefined ? undefined : histories[actor];
    if (actor !== undefined && history && history.steps[place[actor]! + 1] === at + 1) {
      place[actor]! += 1;
      written[actor] = node(history.records[place[actor]!]!, names);
    }
    states.push(state(at + 1, numberOf(trace, at + 1), step.event));
  });
  const meta = `"format":"ITF","format-description":"${DESCRIPTION}","source":${JSON.stringify(trace.protocol)}`;
  return `{"#meta":{${meta}},\n"vars":["step","event","nodes"],\n"states":[\n${states.join(",\n")}\n]}\n`;
}

function node({ up, status, storage, state }: NodeRecord, names: string[]): string {
  const value = (json: Json) => encoded(json, names);
  const words = JSON.stringify(named(status, names));
  return `{"up":${up},"status":${words},"storage":${value(storage)},"state":${value(state)}}`;
}

function encoded(json: Json, names: string[]): string {
  if (json === null) return unserializable("null");
  if (typeof json === "boolean") return String(json);
  if (typeof json === "string") return JSON.stringify(named(json, names));
  if (typeof json === "number") {
    if (Number.isSafeInteger(json)) return String(json);
    return Number.isInteger(json) ? `{"#bigint":"${BigInt(json)}"}` : unserializable(String(json));
  }
  if (!isObject(json)) return `[${json.map((one) => encoded(one, names)).join(",")}]`;
  const members = Object.keys(json)
    .sort(byCodePoints)
    .map((key) => [named(key, names), encoded(json[key]!, names)] as const);
  if (members.some(([key]) => key.startsWith("#"))) {
    return `{"#map":[${members.map(([key, value]) => `[${JSON.stringify(key)},${value}]`).join(",")}]}`;
  }
  return `{${members.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(",")}}`;
}

const unserializable = (text: string) => `{"#unserializable":${JSON.stringify(text)}}`;

/** The order that the program has: JavaScript's own is by halves of what is beyond U+FFFF. */
function byCodePoints(one: string, other: string): number {
  const [a, b] = [[...one], [...other]];
  for (let at = 0; at < Math.min(a.length, b.length); at += 1) {
    const difference = a[at]!.codePointAt(0)! - b[at]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
