// The list of keys and signs.

import { useEffect, useRef } from "preact/hooks";
import { Glyph } from "./diagram/marks.tsx";
import { type Mark, MARKS } from "./diagram/meaning.ts";
import { KEYS } from "./keyboard.ts";
import { helpIsOpen } from "./store.ts";

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const box = dialog.current;
    if (helpIsOpen.value && !box?.open) box?.showModal();
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
        <h2 id="help-title">Keys and signs</h2>
        <div class="help-columns">
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
          <Legend />
        </div>
        <button type="button" class="primary" onClick={() => (helpIsOpen.value = false)}>
          Close
        </button>
      </div>
    </dialog>
  );
}

function Sample({ children, says }: { children: preact.ComponentChildren; says: string }) {
  return (
    <li>
      <svg width="44" height="20" viewBox="0 0 44 20" aria-hidden="true" class="sample">
        {children}
      </svg>
      {says}
    </li>
  );
}

/** All signs of the diagram. */
export function Legend() {
  return (
    <ul class="legend diagram">
      {(Object.keys(MARKS) as Mark[])
        .filter((mark) => mark !== "none")
        .map((mark) => (
          <Sample key={mark} says={MARKS[mark]}>
            <Glyph mark={mark} x={22} y={10} />
          </Sample>
        ))}
      <Sample says="forced write, lazy write">
        <rect class="forced" x={10} y={7} width={6} height={6} />
        <rect class="lazy" x={26} y={7} width={6} height={6} />
      </Sample>
      <Sample says="a message arrives">
        <g class="arrow arrived">
          <path class="line" d="M3 5L40 14" />
          <path class="head" d="M0 0l-8 -3.6v7.2z" transform="translate(40 14) rotate(13.7)" />
        </g>
      </Sample>
      <Sample says="a message is lost">
        <g class="arrow dropped">
          <path class="line" d="M3 7L28 11" />
          <path class="lost" d="M24 7l8 8m0 -8l-8 8" />
        </g>
      </Sample>
      <Sample says="still on its way at the end">
        <g class="arrow flying">
          <path class="line" d="M3 6L30 14" />
          <circle class="aloft" cx={30} cy={14} r={1.8} />
        </g>
      </Sample>
      <Sample says="holds locks">
        <rect class="holds" x={20} y={1} width={5} height={18} rx={2} />
      </Sample>
      <Sample says="leads">
        <g class="leads">
          <rect x={19} y={1} width={6} height={18} rx={3} />
        </g>
      </Sample>
      <Sample says="is down">
        <g class="down">
          <rect class="hatch" x={15} y={0} width={14} height={20} fill="url(#hatch)" />
        </g>
      </Sample>
      <Sample says="can do no more: stuck">
        <rect class="stuck" x={8} y={1} width={28} height={18} rx={5} />
      </Sample>
      <Sample says="a cut: nothing passes">
        <g class="cut-band">
          <rect class="shade" x={2} y={0} width={40} height={20} />
          <path class="wall" d="M20 0V20M24 0V20" />
        </g>
      </Sample>
    </ul>
  );
}
