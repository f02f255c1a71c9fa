// What a node observed of itself, in the words that the program has for it.

import type { Observation } from "../data.ts";

/** A clause with the node as its subject: `decides commit`. */
export function observedWords(observation: Observation): string {
  const [kind, seen] = Object.entries(observation)[0] ?? ["", {}];
  const { subject, value, rule, thing, words } = seen;
  switch (kind) {
    case "intends":
      return `means to vote ${value}`;
    case "voted":
      return `votes ${value}`;
    case "decided":
      return `decides ${value}`;
    case "locked":
      return "takes its locks";
    case "released":
      return "releases its locks";
    case "accepted":
      return `accepts ${value} in ${subject}`;
    case "chosen":
      return `learns ${value}`;
    case "elected":
      return `leads term ${subject}`;
    case "invoked":
      return `asks for ${value}`;
    case "returned":
      return `is told ${value}`;
    case "committed":
      return `commits ${value} at ${subject}`;
    case "executed":
      return `executes ${value}`;
    case "applied":
      return `applies ${rule}`;
    case "took":
      return `takes ${thing}`;
    case "gave":
      return `gives up ${thing}`;
    default:
      return words ?? kind;
  }
}
