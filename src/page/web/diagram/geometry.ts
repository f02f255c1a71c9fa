// Where everything stands: lanes across, rows down.
//
// Invariant: a function of the rows, the room and the axis alone. Time runs downwards, and never up.

import { scaleLinear, type ScaleLinear } from "d3-scale";
import { type Arrow, lastAtMost, type Run } from "../data.ts";
import type { Axis } from "../store.ts";
import type { Rows } from "./rows.ts";

export const ROW = 26;
/** Rows never stand closer than this, however little time there is between them. */
const ROW_MIN = 16;
/** More room than this no time gets that nothing happens in. */
const ROW_MAX = 120;
export const TOP = 10;
/** Room below the last row, for what lasts. */
const BOTTOM = 44;
const FLAG_ROOM = 106;
/** Where there are no words at the right of the lanes: the room before the first lane, and behind the last. */
const NARROW_BEFORE = 24;
const NARROW_BEHIND = 68;
/** What flags leave to the next lane. */
const LANE_CLEAR = 12;
const LANE_MIN = 58;
const WORDS_MIN = 170;
/** The room for numbers and times. */
const TIMES = 104;
/** From this width on, the words of a step stand in its row. */
const WIDE = 640;

export interface Geometry {
  width: number;
  height: number;
  /** Where the lanes' part begins and ends. */
  left: number;
  right: number;
  gap: number;
  /** The middle of each lane. */
  lanes: number[];
  /** The room behind the last one. */
  behind: number;
  hasTimes: boolean;
  /** Where the words begin, and their room; nothing where there is no room. */
  words: { x: number; width: number } | null;
  /** The middle of each row. */
  ys: number[];
  heights: number[];
  end: number;
  /** The y of a time, if time is the axis. */
  time: ScaleLinear<number, number> | null;
  rowAt(y: number): number;
}

export interface Room {
  width: number;
  axis: Axis;
  times: number[] | null;
}

export function geometryOf(rows: Rows, nodes: number, room: Room): Geometry {
  const least = TIMES + LANE_MIN * nodes + WORDS_MIN + FLAG_ROOM - LANE_MIN / 2;
  const isWide = room.width >= Math.max(WIDE, least);
  const hasTimes = room.times !== null && (isWide || room.axis === "time");
  const left = hasTimes ? (isWide ? TIMES : 84) : 44;
  const forWords = isWide ? Math.max(WORDS_MIN + 40, room.width * 0.42) : 0;
  const share = isWide
    ? (room.width - left - forWords - 12) / Math.max(1, nodes)
    : (room.width - left - NARROW_BEFORE - NARROW_BEHIND) / Math.max(1, nodes - 1);
  const gap = Math.max(isWide ? LANE_MIN : 46, Math.min(isWide ? 142 : 150, share));
  const before = isWide ? gap / 2 : NARROW_BEFORE;
  const right = isWide ? left + gap * nodes : left + before + gap * (nodes - 1) + NARROW_BEHIND;
  // The flags of the last lane stand at its right.
  const flags = Math.max(12, FLAG_ROOM - gap / 2);
  const width = Math.max(room.width, right + (isWide ? flags + 180 : 0));
  const words = isWide ? { x: right + flags, width: width - right - flags - 12 } : null;

  const ys: number[] = [];
  const inTime = room.axis === "time" && room.times !== null;
  const times = rows.rows.map((row) => room.times?.[row.step] ?? 0);
  const perMilli = inTime ? ROW / Math.max(1e-6, middleGap(times)) : 0;
  let y = TOP + ROW / 2;
  rows.rows.forEach((row, index) => {
    if (index > 0) {
      const passed = (times[index]! - times[index - 1]!) * perMilli;
      const least = row.kind === "step" ? ROW_MIN : ROW;
      y += inTime ? Math.max(least, Math.min(ROW_MAX, passed)) : ROW;
    }
    ys.push(y);
  });
  const heights = ys.map((at, index) => {
    const before = index > 0 ? at - ys[index - 1]! : ROW;
    const behind = index + 1 < ys.length ? ys[index + 1]! - at : ROW;
    return Math.min(ROW, before, behind);
  });
  const end = y + ROW / 2;
  return {
    width,
    height: end + BOTTOM,
    left,
    right,
    gap,
    lanes: Array.from({ length: nodes }, (_, lane) => left + before + gap * lane),
    behind: isWide ? FLAG_ROOM - 8 : NARROW_BEHIND - 4,
    hasTimes,
    words,
    ys,
    heights,
    end,
    time: inTime ? scaleLinear(times, ys) : null,
    rowAt: (at) => {
      const above = lastAtMost(ys, at);
      const below = ys[above + 1];
      return below !== undefined && below - at < at - ys[above]! ? above + 1 : above;
    },
  };
}

/** The room for what stands at the right of a lane. */
export const roomAt = ({ lanes, gap, behind }: Geometry, lane: number) =>
  lane + 1 < lanes.length ? gap - LANE_CLEAR : Math.max(behind, gap / 2);

function middleGap(times: number[]): number {
  const gaps = times.slice(1).map((time, index) => time - times[index]!);
  const some = gaps.filter((gap) => gap > 0).sort((one, other) => one - other);
  return some[Math.floor(some.length / 2)] ?? 1;
}

// Arrows by the rows that they cross.

const BUCKET = 32;

export interface Placed {
  arrow: Arrow;
  /** Its position in `run.arrows`. */
  index: number;
  /** Rows. */
  from: number;
  to: number;
}

export interface ArrowIndex {
  buckets: Placed[][];
}

/** How many rows an arrow goes down that has not arrived when the run ends. */
export const FLIGHT_ROWS = 2;

export function indexOf(run: Run, rows: Rows): ArrowIndex {
  const buckets: Placed[][] = [];
  run.arrows.forEach((arrow, index) => {
    const arrives = arrow.to !== undefined && arrow.to !== arrow.from;
    // What arrives in a fold is folded with it.
    if (arrives && rows.isInside[arrow.to!]) return;
    if (!arrives && rows.isInside[arrow.from]) return;
    const from = rows.of[arrow.from]!;
    const to = arrives ? rows.of[arrow.to!]! : Math.min(rows.rows.length - 1, from + FLIGHT_ROWS);
    const placed = { arrow, index, from, to };
    for (let at = Math.floor(from / BUCKET); at <= Math.floor(to / BUCKET); at += 1) {
      (buckets[at] ??= []).push(placed);
    }
  });
  return { buckets };
}

/** The arrows that cross these rows. */
export function arrowsIn({ buckets }: ArrowIndex, first: number, last: number): Placed[] {
  const found = new Set<Placed>();
  for (let at = Math.floor(first / BUCKET); at <= Math.floor(last / BUCKET); at += 1) {
    for (const placed of buckets[at] ?? []) {
      if (placed.from <= last && placed.to >= first) found.add(placed);
    }
  }
  return [...found];
}
