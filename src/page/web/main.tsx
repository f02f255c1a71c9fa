// Reads the data and draws the page.

import { effect } from "@preact/signals";
import { render } from "preact";
import { App } from "./app.tsx";
import { load } from "./data.ts";
import { follow, fragment, isPrinting, open, theme } from "./store.ts";
import "./theme.css";

const root = document.getElementById("app")!;

function fail(why: string) {
  root.textContent = why;
  root.setAttribute("role", "alert");
}

async function begin() {
  if (typeof DecompressionStream === "undefined") {
    return fail("This browser is too old for this page: it cannot unpack the run.");
  }
  const data = document.getElementById("data")!.textContent ?? "";
  open(await load(data));
  follow(location.hash);
  root.textContent = "";
  render(<App />, root);
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  const paint = () => {
    const isDark = theme.value === "dark" || (theme.value === "system" && prefersDark.matches);
    // On paper it is black on white.
    document.documentElement.dataset.theme = isDark && !isPrinting.value ? "dark" : "light";
  };
  effect(paint);
  prefersDark.addEventListener("change", paint);
  addEventListener("beforeprint", () => (isPrinting.value = true));
  addEventListener("afterprint", () => (isPrinting.value = false));
  // The address follows what is selected, without an entry in the history for each step.
  let waiting = 0;
  effect(() => {
    const hash = `#${fragment.value}`;
    clearTimeout(waiting);
    waiting = window.setTimeout(() => {
      if (location.hash !== hash) history.replaceState(null, "", hash);
    }, 120);
  });
  addEventListener("hashchange", () => follow(location.hash));
}

begin().catch((error: unknown) => fail(`The run in this page cannot be read: ${String(error)}`));
