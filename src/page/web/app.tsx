// The page: where everything stands.

import { useLayoutEffect, useRef } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { Diagram } from "./diagram/diagram.tsx";
import { viewOf } from "./diagram/view.ts";
import { Header, Verdict } from "./header.tsx";
import { Help } from "./help.tsx";
import { onKey } from "./keyboard.ts";
import { Apart } from "./panels/Apart.tsx";
import { Operations } from "./panels/Operations.tsx";
import { Scenario } from "./panels/Scenario.tsx";
import { Table } from "./panels/Table.tsx";
import { Transcript } from "./panels/Transcript.tsx";
import { WhatHappened } from "./panels/WhatHappened.tsx";
import { Why } from "./panels/Why.tsx";
import { Bar } from "./scrubber.tsx";
import {
  announcement,
  banner,
  focus,
  focused,
  isPrinting,
  nameOf,
  page,
  panel,
  shown,
  shownNumber,
  type PanelName,
  type Shown,
} from "./store.ts";

export function App() {
  // Before the page is painted: whoever sees it can use its keys.
  useLayoutEffect(() => {
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  const one = focused.value;
  if (!one) return <p class="loading">There is no run in this page.</p>;
  const isPair = shown.value.length > 1;
  return (
    <div class={isPair ? "page pair" : "page"}>
      <a class="skip" href="#steps" onClick={toSteps}>
        To the steps
      </a>
      <Header one={one} />
      {banner.value && (
        <p class="banner" role="alert">
          {banner.value}
          <button type="button" class="link" onClick={() => (banner.value = null)}>
            close
          </button>
        </p>
      )}
      {one.run.no_longer && (
        <p class="banner" role="note">
          This record no longer replays: {one.run.no_longer}
        </p>
      )}
      <main>
        <div class="diagrams">
          {shown.value.map((each, index) => (
            <div
              key={each.run.id + each.index}
              class={isPair && focus.value === index ? "column has-focus" : "column"}
              onFocusIn={() => (focus.value = index)}
              onPointerDown={() => (focus.value = index)}
            >
              {isPair && (
                <div class="run-head">
                  <h2>
                    {page.value?.diff && <b class={`letter ${LETTERS[each.index]}`}>{LETTERS[each.index]}</b>}
                    {nameOf(each.run)}
                  </h2>
                  <Verdict run={each.run} />
                </div>
              )}
              <Diagram one={each} />
              <Selected one={each} />
            </div>
          ))}
        </div>
        <Side one={one} />
      </main>
      <Bar />
      <Help />
      <p class="unseen" role="status" aria-live="polite">
        {announcement.value}
      </p>
    </div>
  );
}

function toSteps(event: Event) {
  event.preventDefault();
  document.querySelector<HTMLElement>("[role=listbox]")?.focus();
}

/** The selected step in words, where there is no room for them beside the lanes. */
function Selected({ one }: { one: Shown }) {
  const step = one.step.value;
  const told = one.run.told[step - 1];
  const view = viewOf(one);
  const isNeeded = view.geometry.value.words === null;
  const { rows, of, isInside } = view.rows.value;
  const row = isInside[step] ? rows[of[step]!] : undefined;
  const sign = view.sign.value;
  return (
    <p class={isNeeded ? "selected-words needed" : "selected-words"}>
      <b>{shownNumber(one, step)}</b> {told?.words ?? "all start"}
      {told?.changes?.length ? <span class="changes"> · {told.changes.join(", ")}</span> : null}
      {row?.kind === "fold" && <span class="changes"> · one of {row.words}</span>}
      {sign?.step === step && <span class="sign-words">{sign.words}</span>}
    </p>
  );
}

/** How a difference calls its two runs. */
const LETTERS = ["A", "B"] as const;

interface Tab {
  name: PanelName;
  title: string;
  /** The rest of its title, which is seen where there is room. */
  more?: string;
  draw: () => ComponentChildren;
}

function tabsFor(one: Shown): Tab[] {
  const tabs: Tab[] = [
    { name: "what", title: "What", more: "happened", draw: () => <WhatHappened shown={one} /> },
    { name: "why", title: one.run.explanation ? "Why" : "Story", draw: () => <Why shown={one} /> },
    { name: "table", title: "State", more: "over time", draw: () => <Table shown={one} /> },
  ];
  if (page.value?.diff) {
    tabs.unshift({ name: "apart", title: "Where", more: "they part", draw: () => <Apart /> });
  }
  if (one.run.operations) {
    tabs.push({ name: "operations", title: "Operations", draw: () => <Operations shown={one} /> });
  }
  tabs.push(
    { name: "transcript", title: "Transcript", draw: () => <Transcript shown={one} /> },
    { name: "scenario", title: "Scenario", draw: () => <Scenario shown={one} /> },
  );
  return tabs;
}

/** The panels, one at a time. */
function Side({ one }: { one: Shown }) {
  const list = useRef<HTMLDivElement>(null);
  const tabs = tabsFor(one);
  const open = tabs.find((tab) => tab.name === panel.value) ?? tabs[0]!;
  // On paper stand the story and the whole run.
  const isPrinted = (tab: Tab) =>
    tab.name === "transcript" || (tab.name === "why" && one.run.explanation !== null);
  const isDrawn = (tab: Tab) => (isPrinting.value ? isPrinted(tab) : tab === open);
  const go = (event: KeyboardEvent) => {
    const at = tabs.indexOf(open);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const tab = tabs[(to + tabs.length) % tabs.length]!;
    panel.value = tab.name;
    list.current?.querySelector<HTMLElement>(`#tab-${tab.name}`)?.focus();
  };
  return (
    <aside class="side" aria-label="About the run">
      <div
        class={tabs.length > 5 ? "tabs" : "tabs few"}
        role="tablist"
        aria-label="About the run"
        ref={list}
        onKeyDown={go}
      >
        {tabs.map((tab) => (
          <button
            key={tab.name}
            type="button"
            id={`tab-${tab.name}`}
            role="tab"
            aria-selected={tab === open}
            aria-controls={`panel-${tab.name}`}
            tabIndex={tab === open ? 0 : -1}
            onClick={() => (panel.value = tab.name)}
          >
            {tab.title}
            {tab.more && <span class="more"> {tab.more}</span>}
          </button>
        ))}
      </div>
      {tabs.map((tab) => (
        <div
          key={tab.name}
          id={`panel-${tab.name}`}
          class="tab-panel"
          role="tabpanel"
          tabIndex={0}
          aria-labelledby={`tab-${tab.name}`}
          hidden={!isDrawn(tab)}
        >
          {isDrawn(tab) && tab.draw()}
        </div>
      ))}
    </aside>
  );
}
