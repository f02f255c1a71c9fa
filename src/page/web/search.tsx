// The search: words of steps, events, names and kinds.

import { nextHit, viewOf } from "./diagram/view.ts";
import { query, type Shown } from "./store.ts";

export function Search({ one }: { one: Shown }) {
  const { hits } = viewOf(one);
  const count = hits.value.length;
  const at = hits.value.indexOf(one.step.value) + 1;
  return (
    <div class="search" role="search">
      <input
        id="search"
        type="search"
        placeholder="search"
        aria-label="Search steps"
        value={query.value}
        onInput={(event) => (query.value = event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter") return;
          event.preventDefault();
          nextHit(one, event.shiftKey ? -1 : 1);
        }}
      />
      <span class="hits" role="status">
        {query.value.trim() === "" ? "" : at > 0 ? `${at}/${count}` : count === 1 ? "1 hit" : `${count} hits`}
      </span>
    </div>
  );
}
