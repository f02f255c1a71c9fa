// Which kinds of steps are shown, folded or hidden.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "./icons.tsx";
import type { Run } from "./data.ts";
import { kinds, repeats, setKind, type Shown, type Showing } from "./store.ts";

const SHOWINGS: Showing[] = ["show", "fold", "hide"];

export function Filters({ one }: { one: Shown }) {
  const isOpen = useSignal(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isOpen.value) return;
    const close = (event: Event) => {
      if (
        event instanceof KeyboardEvent ? event.key === "Escape" : !box.current?.contains(event.target as Node)
      ) {
        isOpen.value = false;
      }
    };
    document.addEventListener("pointerdown", close);
    document.addEventListener("keydown", close);
    return () => {
      document.removeEventListener("pointerdown", close);
      document.removeEventListener("keydown", close);
    };
  }, [isOpen.value]);
  const count = kinds.value.size;
  return (
    <div class="filters" ref={box}>
      <button
        type="button"
        class="text"
        aria-expanded={isOpen.value}
        aria-controls="filters"
        title="Which kinds of steps are shown"
        onClick={() => (isOpen.value = !isOpen.value)}
      >
        <Icon name="filter" />
        <span>
          kinds
          {count > 0 && <span class="count-of-kinds"> ({count})</span>}
        </span>
      </button>
      {isOpen.value && (
        <div id="filters" class="popup" role="dialog" aria-label="Kinds of steps">
          <label class="check">
            <input
              type="checkbox"
              checked={repeats.value}
              onChange={(event) => (repeats.value = event.currentTarget.checked)}
            />
            fold equal repeats
          </label>
          <table>
            <thead>
              <tr>
                <th scope="col">kind</th>
                <th scope="col" class="count">
                  steps
                </th>
                {SHOWINGS.map((showing) => (
                  <th key={showing} scope="col">
                    {showing}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {countsOf(one.run).map(([kind, count]) => (
                <tr key={kind}>
                  <th scope="row">{kind}</th>
                  <td class="count">{count}</td>
                  {SHOWINGS.map((showing) => (
                    <td key={showing}>
                      <input
                        type="radio"
                        name={`kind-${kind}`}
                        aria-label={`${showing} ${kind}`}
                        checked={(kinds.value.get(kind) ?? "show") === showing}
                        onChange={() => setKind(kind, showing)}
                      />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
          <p class="hint">
            What is folded is only what is quiet; what is hidden is all but what the run turns on.
          </p>
          <button type="button" class="text" onClick={() => (kinds.value = new Map())}>
            show all
          </button>
        </div>
      )}
    </div>
  );
}

function countsOf(run: Run): [string, number][] {
  const counts = new Map<string, number>();
  for (const { kind } of run.told) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].sort((one, other) => other[1] - one[1]);
}
