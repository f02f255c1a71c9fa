// Values of a node's state: in words, and what is not the same in two of them.
//
// Invariant: a value may be anything that JSON can say. Nodes go by their names wherever a protocol prints their ids.

const ID = /(?<![\p{L}\p{N}_])Id\((\d+)\)/gu;

/** A text in which nodes go by their names: a protocol that prints an id says `Id(2)`, and means `P2`. */
export function named(text: string, names: readonly string[]): string {
  return text.includes("Id(") ? text.replace(ID, (id, place) => names[Number(place)] ?? id) : text;
}

type Members = Record<string, unknown>;

function members(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value in one line: `Prepared {vote: yes}`, `[a, b]`, `none`. */
export function inline(value: unknown, names: readonly string[]): string {
  if (value === null || value === undefined) return "none";
  if (typeof value === "string") return value === "" ? "“”" : named(value, names);
  if (Array.isArray(value)) return `[${value.map((one) => inline(one, names)).join(", ")}]`;
  if (!members(value)) return String(value);
  const entries = Object.entries(value);
  const [only] = entries;
  // A variant of an enumeration, with what it holds.
  if (entries.length === 1 && only && /^[A-Z]\w*$/.test(only[0]) && only[1] !== null) {
    return `${only[0]} ${inline(only[1], names)}`;
  }
  return `{${entries.map(([key, one]) => `${named(key, names)}: ${inline(one, names)}`).join(", ")}}`;
}

/** A place in a value that is not the same in another one. */
export interface Change {
  /** `log.entries[2]`; nothing for the whole. */
  place: string;
  /** Absent where there was, or is, nothing. */
  was?: string;
  is?: string;
}

/** What has changed from one value to another, place by place. */
export function changes(before: unknown, after: unknown, names: readonly string[]): Change[] {
  const found: Change[] = [];
  const whole = (place: string, was: unknown, is: unknown) =>
    found.push({ place, was: inline(was, names), is: inline(is, names) });
  const walk = (place: string, was: unknown, is: unknown): void => {
    if (was === is) return;
    if (Array.isArray(was) && Array.isArray(is)) return lists(place, was, is);
    if (members(was) && members(is) && alike(was, is)) {
      for (const key of new Set([...Object.keys(was), ...Object.keys(is)])) {
        const at = place ? `${place}.${named(key, names)}` : named(key, names);
        if (!(key in was)) found.push({ place: at, is: inline(is[key], names) });
        else if (!(key in is)) found.push({ place: at, was: inline(was[key], names) });
        else walk(at, was[key], is[key]);
      }
      return;
    }
    if (!same(was, is)) whole(place, was, is);
  };
  const lists = (place: string, was: unknown[], is: unknown[]): void => {
    const scalars = [...was, ...is].every((one) => typeof one !== "object" || one === null);
    const grows = was.every((one, at) => same(one, is[at]));
    // A set of votes reads better as a whole; a log, entry by entry.
    if (scalars && !(grows && is.length > 4)) {
      if (!same(was, is)) whole(place, was, is);
      return;
    }
    for (let at = 0; at < Math.max(was.length, is.length); at++) {
      const spot = `${place}[${at}]`;
      if (at >= was.length) found.push({ place: spot, is: inline(is[at], names) });
      else if (at >= is.length) found.push({ place: spot, was: inline(was[at], names) });
      else walk(spot, was[at], is[at]);
    }
  };
  walk("", ...unwrapped(before, after));
  return found;
}

/** Two objects that are worth comparing member by member: not two variants of an enumeration. */
function alike(was: Members, is: Members): boolean {
  const keys = Object.keys(was);
  return keys.length === 0 || Object.keys(is).length === 0 || keys.some((key) => key in is);
}

/** What a variant holds that both are, as `Server` around the whole state. */
function unwrapped(before: unknown, after: unknown): [unknown, unknown] {
  if (!members(before) || !members(after)) return [before, after];
  const [key, more] = Object.keys(before);
  const isVariant = key !== undefined && more === undefined && /^[A-Z]/.test(key);
  if (!isVariant || !(key in after) || Object.keys(after).length !== 1 || !members(after[key]))
    return [before, after];
  return [before[key], after[key]];
}

/** Whether two values say the same. */
export function same(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((part, at) => same(part, other[at]));
  }
  if (!members(one) || !members(other)) return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => key in other && same(one[key], other[key]))
  );
}

/** A value in lines, each with how deep it stands: what fits into one stands in one. */
export function lines(
  value: unknown,
  names: readonly string[],
  wide = 44,
): { depth: number; text: string }[] {
  const all: { depth: number; text: string }[] = [];
  const put = (label: string, one: unknown, depth: number): void => {
    const text = label + inline(one, names);
    const compound = typeof one === "object" && one !== null && Object.keys(one).length > 0;
    if (!compound || text.length <= wide) {
      all.push({ depth, text });
      return;
    }
    if (label) all.push({ depth, text: label.trimEnd() });
    const inside = label ? depth + 1 : depth;
    if (Array.isArray(one)) one.forEach((part) => put("· ", part, inside));
    else for (const [key, part] of Object.entries(one)) put(`${named(key, names)}: `, part, inside);
  };
  put("", value, 0);
  return all;
}
