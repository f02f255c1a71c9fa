// The signs of a run's diagram, and the list of keys.

import { useEffect, useRef } from "preact/hooks";
import type { ComponentChildren } from "preact";
import type { Run } from "./data.ts";
import { Glyph, Pill } from "./diagram/marks.tsx";
import { type FlagKind, type Mark, MARKS, meaningOf } from "./diagram/meaning.ts";
import { KEYS } from "./keyboard.ts";
import { focused, helpIsOpen } from "./store.ts";

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  const run = focused.value?.run;
  useEffect(() => {
    const box = dialog.current;
    if (helpIsOpen.value && box && !box.open) {
      box.showModal();
      // Its button has the focus, and stands at the end.
      box.scrollTop = 0;
    }
    if (!helpIsOpen.value && box?.open) box.close();
  }, [helpIsOpen.value]);
  return (
    <dialog
      ref={dialog}
      class="help"
      aria-labelledby="help-title"
      onClose={() => (helpIsOpen.value = false)}
      onClick={(event) => event.target === dialog.current && (helpIsOpen.value = false)}
    >
      <div class="help-inside">
        <h2 id="help-title">Signs in this run, and keys</h2>
        <div class="help-columns">
          {helpIsOpen.value && run && <Legend run={run} />}
          <dl class="keys">
            {KEYS.map(({ keys, does }) => (
              <div key={does}>
                <dt>
                  {keys.map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dt>
                <dd>{does}</dd>
              </div>
            ))}
          </dl>
        </div>
        <button type="button" class="primary" onClick={() => (helpIsOpen.value = false)}>
          Close
        </button>
      </div>
    </dialog>
  );
}

interface Sign {
  says: string;
  isHere: boolean;
  /** As the diagram draws it, or as its words write it. */
  drawn?: ComponentChildren;
  written?: string | undefined;
}

const FLAGS: Record<FlagKind, string> = {
  commit: "decides so, or commits these entries",
  abort: "decides so",
  decided: "decides or learns this",
  elected: "begins to lead",
  lost: "overwritten, though it must not be",
  gone: "overwritten; it was never committed",
};

/** All signs of the diagram, and whether a run has them. */
function signsOf(run: Run): Sign[] {
  const meanings = run.told.map((_, index) => meaningOf(run, index + 1));
  const marks = new Set(
    meanings.flatMap(({ mark, crashed }) => (crashed ? [mark, "crash" as const] : [mark])),
  );
  const flags = new Map(meanings.flatMap(({ flags }) => flags.map((flag) => [flag.kind, flag] as const)));
  const writes = new Set(meanings.flatMap(({ saved }) => saved.map(({ forced }) => forced)));
  const fates = new Set(run.arrows.map(({ fate }) => fate));
  const spans = new Set(run.spans.map(({ kind }) => kind));
  const message = run.labels.map(([, short]) => /\+\S+/.exec(short)?.[0]).find(Boolean);
  const entry = entryOf(run);
  return [
    ...(Object.keys(MARKS) as Mark[]).map((mark) => ({
      says: MARKS[mark],
      isHere: mark !== "none" && marks.has(mark),
      drawn: <Glyph mark={mark} x={22} y={10} />,
    })),
    {
      says: "forced write: on the disk before the node goes on",
      isHere: writes.has(true),
      drawn: <rect class="forced" x={19} y={7} width={6} height={6} />,
    },
    {
      says: "lazy write: a crash may lose it",
      isHere: writes.has(false),
      drawn: <rect class="lazy" x={19} y={7} width={6} height={6} />,
    },
    ...[...flags].map(([kind, flag]) => ({
      says: FLAGS[kind],
      isHere: true,
      drawn: <Pill flag={flag} x={2} y={10} room={40} />,
    })),
    {
      says: "a message, sent and arriving",
      isHere: fates.has("arrived"),
      drawn: (
        <g class="arrow arrived">
          <path class="line" d="M3 5L40 14" />
          <path class="head" d="M0 0l-8 -3.6v7.2z" transform="translate(40 14) rotate(13.7)" />
        </g>
      ),
    },
    {
      says: "a message is lost",
      isHere: fates.has("refused") || fates.has("dropped") || fates.has("cut"),
      drawn: (
        <g class="arrow dropped">
          <path class="line" d="M3 7L28 11" />
          <path class="lost" d="M24 7l8 8m0 -8l-8 8" />
        </g>
      ),
    },
    {
      says: "still on its way at the end",
      isHere: fates.has("flying"),
      drawn: (
        <g class="arrow flying">
          <path class="line" d="M3 6L30 14" />
          <circle class="aloft" cx={30} cy={14} r={1.8} />
        </g>
      ),
    },
    {
      says: "holds locks",
      isHere: spans.has("holds"),
      drawn: <rect class="holds" x={20} y={1} width={5} height={18} rx={2} />,
    },
    {
      says: "leads",
      isHere: spans.has("leads"),
      drawn: (
        <g class="leads">
          <rect x={19} y={1} width={6} height={18} rx={3} />
        </g>
      ),
    },
    {
      says: "is down",
      isHere: spans.has("down"),
      drawn: (
        <g class="down">
          <rect class="hatch" x={15} y={0} width={14} height={20} fill="url(#hatch)" />
        </g>
      ),
    },
    {
      says: "has not started yet",
      isHere: spans.has("not-started"),
      drawn: (
        <g class="not-started">
          <path d="M22 1V19" />
        </g>
      ),
    },
    {
      says: "can do no more: stuck",
      isHere: spans.has("stuck"),
      drawn: <rect class="stuck" x={8} y={1} width={28} height={18} rx={5} />,
    },
    {
      says: "a cut: nothing passes",
      isHere: spans.has("cut"),
      drawn: (
        <g class="cut-band">
          <rect class="shade" x={2} y={0} width={40} height={20} />
          <path class="wall" d="M20 0V20M24 0V20" />
        </g>
      ),
    },
    { says: "sent in step 3", isHere: run.told.some(({ words }) => / #\d/.test(words)), written: "#3" },
    { says: entry?.says ?? "", isHere: entry !== undefined, written: entry?.written },
    { says: "what a message brings", isHere: message !== undefined, written: message },
  ];
}

/** An entry of a log, where logs have terms. */
function entryOf({ trace }: Run): { written: string; says: string } | undefined {
  for (const { after } of trace.steps) {
    const state = after?.key_state ?? [];
    if (!state.some(([label]) => label === "term")) continue;
    for (const [, value] of state) {
      const found = Array.isArray(value) && /^(\d+):(.+)$/.exec(value[1][0] ?? "");
      if (found) return { written: found[0], says: `an entry of a log: term ${found[1]}, entry ${found[2]}` };
    }
  }
  return undefined;
}

function Legend({ run }: { run: Run }) {
  return (
    <ul class="legend diagram">
      {signsOf(run)
        .filter(({ isHere }) => isHere)
        .map(({ says, drawn, written }) => (
          <li key={`${says} ${written}`}>
            {drawn ? (
              <svg width="44" height="20" viewBox="0 0 44 20" aria-hidden="true" class="sample">
                {drawn}
              </svg>
            ) : (
              <b class="sample">{written}</b>
            )}
            {says}
          </li>
        ))}
    </ul>
  );
}
