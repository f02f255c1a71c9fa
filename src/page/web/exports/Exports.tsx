// A menu of what a run can be taken along as.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Run } from "../data.ts";
import { drawn } from "../diagram/drawn.tsx";
import { type Shown, announcement } from "../store.ts";
import { itf } from "./itf.ts";
import { mermaid } from "./mermaid.ts";
import { png, standalone } from "./picture.ts";
import { shiviz } from "./shiviz.ts";
import "./exports.css";

interface Format {
  name: string;
  words: string;
  ending: string;
  type: string;
  made: (shown: Shown) => string | Blob | Promise<string | Blob>;
}

const FORMATS: Format[] = [
  {
    name: "SVG",
    words: "the diagram as it is seen, for slides",
    ending: "svg",
    type: "image/svg+xml",
    made: picture,
  },
  {
    name: "PNG",
    words: "the same as a picture",
    ending: "png",
    type: "image/png",
    made: (shown) => png(picture(shown)),
  },
  {
    name: "Mermaid",
    words: "a sequence diagram in text",
    ending: "mmd",
    type: "text/plain",
    made: ({ run }) => mermaid(run),
  },
  {
    name: "ShiViz",
    words: "a log with vector clocks",
    ending: "shiviz.log",
    type: "text/plain",
    made: ({ run }) => shiviz(run),
  },
  {
    name: "ITF",
    words: "states, as Apalache writes them",
    ending: "itf.json",
    type: "application/json",
    made: ({ run }) => itf(run),
  },
];

export function Exports({ shown }: { shown: Shown }) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!open) return;
    const away = (event: Event) => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    addEventListener("pointerdown", away);
    addEventListener("focusin", away);
    return () => {
      removeEventListener("pointerdown", away);
      removeEventListener("focusin", away);
    };
  }, [open]);
  const close = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !open) return;
    event.stopPropagation();
    setOpen(false);
    button.current?.focus();
  };
  const take = async ({ made, ending, type, name }: Format) => {
    setOpen(false);
    button.current?.focus();
    try {
      save(await made(shown), `${fileName(shown.run)}.${ending}`, type);
      announcement.value = `Saved as ${name}.`;
    } catch (error) {
      announcement.value = `${name} cannot be made: ${error instanceof Error ? error.message : error}`;
    }
  };
  return (
    <div class="exports" ref={box} onKeyDown={close}>
      <button
        type="button"
        ref={button}
        aria-expanded={open}
        aria-controls="exports"
        onClick={() => setOpen(!open)}
      >
        Export
      </button>
      <ul id="exports" hidden={!open}>
        {FORMATS.map((format) => (
          <li>
            <button type="button" onClick={() => take(format)}>
              <b>{format.name}</b> <span class="faint">{format.words}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The rows of the diagram that are in sight, in light colours. */
function picture(shown: Shown): string {
  const svg = drawn(shown);
  try {
    return standalone(svg, `${shown.run.trace.protocol} · ${shown.run.name}`);
  } finally {
    svg.parentElement?.remove();
  }
}

const fileName = (run: Run) =>
  run.name.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[-.]+|-+$/g, "") || "run";

function save(content: string | Blob, name: string, type: string) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
