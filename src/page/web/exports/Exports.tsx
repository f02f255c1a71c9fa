// A menu of what a run can be taken along as.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Run } from "../data.ts";
import { type Shown, announcement } from "../store.ts";
import { itf } from "./itf.ts";
import { mermaid } from "./mermaid.ts";
import { inLight, png, standalone } from "./picture.ts";
import { shiviz } from "./shiviz.ts";
import "./exports.css";

interface Format {
  name: string;
  words: string;
  ending: string;
  type: string;
  made: (run: Run) => string | Blob | Promise<string | Blob>;
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
    made: async (run) => png(await picture(run)),
  },
  { name: "Mermaid", words: "a sequence diagram in text", ending: "mmd", type: "text/plain", made: mermaid },
  {
    name: "ShiViz",
    words: "a log with vector clocks",
    ending: "shiviz.log",
    type: "text/plain",
    made: shiviz,
  },
  {
    name: "ITF",
    words: "states, as Apalache writes them",
    ending: "itf.json",
    type: "application/json",
    made: itf,
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
      save(await made(shown.run), `${fileName(shown.run)}.${ending}`, type);
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

async function picture(run: Run): Promise<string> {
  const svg = document.querySelector<SVGSVGElement>("#diagram svg");
  if (!svg) throw new Error("there is no diagram");
  return inLight(() => standalone(svg, `${run.trace.protocol} · ${run.name}`));
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
