// The page: where everything stands.

import { focused } from "./store.ts";
import { Apart } from "./panels/Apart.tsx";
import { Operations } from "./panels/Operations.tsx";
import { Scenario } from "./panels/Scenario.tsx";
import { Strips } from "./panels/Strips.tsx";
import { Table } from "./panels/Table.tsx";
import { Transcript } from "./panels/Transcript.tsx";
import { WhatHappened } from "./panels/WhatHappened.tsx";
import { Why } from "./panels/Why.tsx";
import { Exports } from "./exports/Exports.tsx";

export function App() {
  const one = focused.value;
  if (!one) return <p>There is no run in this page.</p>;
  return (
    <main>
      <Exports shown={one} />
      <Strips shown={one} />
      <WhatHappened shown={one} />
      <Why shown={one} />
      <Table shown={one} />
      <Operations shown={one} />
      <Scenario shown={one} />
      <Apart />
      <Transcript shown={one} />
    </main>
  );
}
