// The bar at the bottom: where in the run one is, and the ways to go elsewhere.

import { useSignalEffect } from "@preact/signals";
import { type Run, type Step, WEIGHT, timeText } from "./data.ts";
import { moveRows } from "./diagram/view.ts";
import { Filters } from "./filters.tsx";
import { Icon } from "./icons.tsx";
import { Search } from "./search.tsx";
import {
  axis,
  focused,
  is,
  nextWhere,
  playing,
  select,
  shown,
  shownNumber,
  speed,
  toggleAxis,
  type Shown,
  type Wanted,
} from "./store.ts";
import { Strips } from "./panels/Strips.tsx";

const SPEEDS = [1, 2, 5, 10];
/** More ticks than this on the scrubber would be a solid bar. */
const TICKS_MAX = 400;

export function Bar() {
  const one = focused.value;
  usePlaying();
  if (!one) return null;
  const step = one.step.value;
  const hasTimes = shown.value.every((run) => run.times);
  return (
    <footer class={one.run.strips.length > 0 ? "bar has-strips" : "bar"} aria-label="Controls">
      <div class="strips-slot">
        <Strips shown={one} />
      </div>
      <Scrubber one={one} />
      <div class="controls">
        <div class="group" role="group" aria-label="Step by step">
          <Button label="To the start" keys="Home" onClick={() => select(0)} icon="first" />
          <Button label="Previous step" keys="k" onClick={() => moveRows(one, -1)} icon="back" />
          <Button
            label={playing.value ? "Pause" : "Play"}
            keys="space"
            onClick={() => (playing.value = !playing.value)}
            icon={playing.value ? "pause" : "play"}
          />
          <Button label="Next step" keys="j" onClick={() => moveRows(one, 1)} icon="on" />
          <Button label="To the end" keys="End" onClick={() => select(one.last)} icon="last" />
          <select
            class="speed"
            aria-label="Steps in a second"
            value={speed.value}
            onChange={(event) => (speed.value = Number(event.currentTarget.value))}
          >
            {SPEEDS.map((speed) => (
              <option key={speed} value={speed}>{`${speed}/s`}</option>
            ))}
          </select>
        </div>
        <output class="position">
          step <b>{shownNumber(one, step)}</b> of {shownNumber(one, one.last)}
          {one.times && <span class="time"> · {timeText(one.times[step]!)}</span>}
        </output>
        <div class="group jumps" role="group" aria-label="Jump to the next">
          <Jump run={one.run} wanted="fault" label="fault" keys="f" />
          <Jump run={one.run} wanted="decision" label="decision" keys="d" />
          <Jump run={one.run} wanted="violation" label="violation" keys="v" />
        </div>
        <div class="group end">
          {hasTimes && (
            <button
              type="button"
              class="text axis"
              title="Time or steps as the axis (t)"
              aria-label={`Axis: ${axis.value}. Change it`}
              onClick={toggleAxis}
            >
              <span class="spare">axis: </span>
              {axis.value}
            </button>
          )}
          <Filters one={one} />
          <Search one={one} />
        </div>
      </div>
    </footer>
  );
}

function Button({
  label,
  keys,
  icon,
  onClick,
}: {
  label: string;
  keys: string;
  icon: Parameters<typeof Icon>[0]["name"];
  onClick: () => unknown;
}) {
  return (
    <button type="button" class="icon" aria-label={label} title={`${label} (${keys})`} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}

const counted = new WeakMap<Run, Record<Wanted, number>>();

function count(run: Run, wanted: Wanted): number {
  let counts = counted.get(run);
  if (!counts) {
    counts = { turn: 0, fault: 0, decision: 0, violation: 0 };
    for (let step = 1; step <= run.told.length; step += 1) {
      for (const wanted of Object.keys(counts) as Wanted[]) if (is(run, step, wanted)) counts[wanted] += 1;
    }
    counted.set(run, counts);
  }
  return counts[wanted];
}

/** Where there is nothing to go to, it says so by being faint. */
function Jump({ run, wanted, label, keys }: { run: Run; wanted: Wanted; label: string; keys: string }) {
  const times = count(run, wanted);
  return (
    <button
      type="button"
      class={`text jump ${wanted}`}
      disabled={times === 0}
      title={`Next ${label} (${keys}), ${times} in this run`}
      aria-label={`Next ${label}, ${times} in this run`}
      onClick={() => nextWhere(wanted)}
    >
      <Icon name={wanted === "fault" ? "cross" : wanted === "decision" ? "check" : "flag"} />
      <span>{label}</span>
    </button>
  );
}

function Scrubber({ one }: { one: Shown }) {
  const step = one.step.value;
  const told = one.run.told[step - 1];
  return (
    <div class="scrubber">
      <div class="track">
        <Ticks one={one} />
        <input
          type="range"
          min={0}
          max={one.last}
          step={1}
          value={step}
          aria-label="Step of the run"
          aria-valuetext={`step ${shownNumber(one, step)}: ${told?.words ?? "the start"}`}
          onInput={(event) => select(Number(event.currentTarget.value), one)}
        />
      </div>
    </div>
  );
}

interface Tick {
  step: Step;
  kind: "turn" | "fault" | "violation";
}

const TICK_TOPS = { violation: 0, fault: 2, turn: 5 };

function ticksOf(run: Run): Tick[] {
  const ticks: Tick[] = [];
  run.told.forEach(({ weight }, index) => {
    const step = index + 1;
    if (weight >= WEIGHT.breaks) ticks.push({ step, kind: "violation" });
    else if (is(run, step, "fault")) ticks.push({ step, kind: "fault" });
    else if (weight >= WEIGHT.turns) ticks.push({ step, kind: "turn" });
  });
  if (ticks.length <= TICKS_MAX) return ticks;
  return ticks.filter(
    (tick, index) => tick.kind === "violation" || index % Math.ceil(ticks.length / TICKS_MAX) === 0,
  );
}

function Ticks({ one }: { one: Shown }) {
  return (
    <svg
      class="marks"
      preserveAspectRatio="none"
      viewBox={`0 0 ${Math.max(1, one.last)} 10`}
      aria-hidden="true"
    >
      {ticksOf(one.run).map(({ step, kind }) => (
        <path key={step} class={kind} d={`M${step} ${TICK_TOPS[kind]}V10`} />
      ))}
    </svg>
  );
}

function usePlaying() {
  useSignalEffect(() => {
    if (!playing.value) return;
    const one = focused.value;
    if (one && one.step.peek() >= one.last) select(0, one);
    const timer = setInterval(() => {
      if (!one || !moveRows(one, 1) || one.step.peek() >= one.last) playing.value = false;
    }, 1000 / speed.value);
    return () => clearInterval(timer);
  });
}
