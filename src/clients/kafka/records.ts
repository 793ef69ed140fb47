// KafkaJS messages as records of the ports, and headers back.
import type { IHeaders, KafkaMessage } from "kafkajs";

import type { ConsumedRecord, Header } from "../../topology/ports.ts";

/** One message as a record. Offsets and times are below 2^53. */
export function toRecord(message: KafkaMessage): ConsumedRecord {
  return {
    offset: Number(message.offset),
    timestamp: Number(message.timestamp),
    key: message.key,
    value: message.value,
    headers: toHeaders(message.headers),
  };
}

function toHeaders(headers: KafkaMessage["headers"]): readonly Header[] {
  const list: Header[] = [];
  for (const [name, values] of Object.entries(headers ?? {})) {
    for (const value of Array.isArray(values) ? values : [values]) {
      list.push({ name, value: typeof value === "string" ? Buffer.from(value) : (value ?? null) });
    }
  }
  return list;
}

/** Headers as KafkaJS takes them. A name is anything that somebody upstream has chosen: nothing is inherited. */
export function headersOf(headers: readonly Header[]): IHeaders {
  const byName = Object.create(null) as Record<string, Buffer | Buffer[]>;
  for (const { name, value } of headers) {
    // KafkaJS can't write null: its size computation throws.
    const bytes = value ?? Buffer.alloc(0);
    const known = byName[name];
    if (known === undefined) byName[name] = bytes;
    else if (Array.isArray(known)) known.push(bytes);
    else byName[name] = [known, bytes];
  }
  return byName;
}
