// One message on its way: every station in the order of time, with the time since the one before.
import type { JSX } from "preact";
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import type { Hop, Trace } from "../../protocol.ts";
import { call } from "../api.ts";
import { Icon } from "../icons.tsx";
import { followed, openRecord } from "../state/view.ts";
import { duration, fineTime } from "../words.ts";

const LOOK_EVERY_MS = 300;
/** After so long nothing is expected any more: the chat may have ended before it arrived. */
const LOOK_FOR_MS = 180_000;

/** The way of a message, looked at again until it is over. */
export function TraceView({ trace: id }: { readonly trace: string }): JSX.Element {
  const trace = useSignal<Trace | undefined>(undefined);
  useEffect(() => {
    const startedMs = performance.now();
    let timer: ReturnType<typeof setTimeout>;
    const look = async (): Promise<void> => {
      const answer = (await call("GET", `/traces/${encodeURIComponent(id)}`)) as Trace | undefined;
      trace.value = answer ?? trace.value;
      const isLate = performance.now() - startedMs > LOOK_FOR_MS;
      if (answer?.isOver === false && !isLate) timer = setTimeout(() => void look(), LOOK_EVERY_MS);
    };
    void look();
    return () => clearTimeout(timer);
  }, [id, trace]);
  return (
    <section class="detail" aria-label="The message's way">
      <div class="detail-top">
        <h2>{trace.value === undefined ? "…" : `“${trace.value.text}”`}</h2>
        {trace.value !== undefined && <span class="soft">{summary(trace.value)}</span>}
        <button type="button" class="plain square" aria-label="Close the way" onClick={() => (followed.value = null)}>
          <Icon name="close" />
        </button>
      </div>
      <ol class="hops" tabIndex={0} aria-label="Stations">
        {trace.value?.hops.map((hop, place, hops) => (
          <Station key={`${hop.place}${String(place)}`} hop={hop} sinceMs={hop.at - (hops[place - 1]?.at ?? hop.at)} />
        ))}
      </ol>
    </section>
  );
}

function summary({ hops, direction, isOver }: Trace): string {
  const first = hops[0]?.at ?? 0;
  const there = hops.find(({ what }) => what === "on the agent's screen" || what === "on the user's phone");
  const where = direction === "to-agent" ? "to the agent's screen" : "to the user's phone";
  if (there !== undefined) return `${duration(there.at - first)} ${where}`;
  return isOver ? "over" : `on its way ${where}`;
}

function Station({ hop, sinceMs }: { readonly hop: Hop; readonly sinceMs: number }): JSX.Element {
  const { at, place, what, record, isTrouble } = hop;
  return (
    <li class="hop" data-topic={place} data-trouble={isTrouble}>
      <span class="since">+{duration(sinceMs)}</span>
      <span class="hop-place">{place}</span>
      <time>{fineTime(at)}</time>
      <span class="hop-what">{what}</span>
      {record !== null && (
        <button
          type="button"
          class="plain"
          aria-label={`Open the record on ${place}`}
          onClick={() => {
            followed.value = null;
            openRecord.value = record;
          }}
        >
          record
        </button>
      )}
    </li>
  );
}
