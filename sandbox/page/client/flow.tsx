// The right panel: the graph above, the river of records below, and beside it what the visitor looks into.
import type { JSX } from "preact";

import { GraphView } from "./graph/graph-view.tsx";
import { RecordView } from "./river/record-view.tsx";
import { River } from "./river/river.tsx";
import { TraceView } from "./river/trace-view.tsx";
import { followed, openRecord } from "./state/view.ts";

/** The panel. */
export function Flow(): JSX.Element {
  return (
    <>
      <GraphView />
      <div class="below-graph" data-split={followed.value !== null || openRecord.value !== null}>
        <River />
        {followed.value !== null && <TraceView key={followed.value} trace={followed.value} />}
        {followed.value === null && openRecord.value !== null && (
          <RecordView key={openRecord.value} id={openRecord.value} />
        )}
      </div>
    </>
  );
}
