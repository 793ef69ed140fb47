// One record, whole: where it lies, and its decoded value.
import type { JSX } from "preact";
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { call } from "../api.ts";
import { Icon } from "../icons.tsx";
import { follow, held, openRecord } from "../state/view.ts";
import { records } from "../state/world.ts";

/** The record with that id. */
export function RecordView({ id }: { readonly id: string }): JSX.Element {
  const whole = useSignal<unknown>(undefined);
  useEffect(() => void call("GET", `/records/${id}`).then((answer) => (whole.value = answer)), [id, whole]);
  const [topic = "", partition = "", offset = ""] = id.split("/");
  const trace = (held.value ?? records.value).find((record) => record.id === id)?.trace ?? null;
  return (
    <section class="detail" aria-label="The record">
      <div class="detail-top">
        <h2 data-topic={topic}>{topic}</h2>
        <span class="soft">
          partition {partition}, offset {offset}
        </span>
        {trace !== null && (
          <button type="button" onClick={() => follow(trace)}>
            Follow its message
          </button>
        )}
        <button
          type="button"
          class="plain square"
          aria-label="Close the record"
          onClick={() => (openRecord.value = null)}
        >
          <Icon name="close" />
        </button>
      </div>
      <pre tabIndex={0} aria-label="Decoded value">
        {whole.value === undefined ? "" : JSON.stringify(readable(whole.value), null, 2)}
      </pre>
    </section>
  );
}

/** JSON inside of texts is opened, bytes are counted: what a person can read. */
function readable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value === "string" && value.startsWith("{")) return opened(value);
  if (typeof value !== "object" || value === null) return value;
  if ("type" in value && value.type === "Buffer" && "data" in value && Array.isArray(value.data)) {
    return `${String(value.data.length)} bytes`;
  }
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, readable(inner)]));
}

function opened(text: string): unknown {
  try {
    return readable(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}
