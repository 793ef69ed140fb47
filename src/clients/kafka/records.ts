// KafkaJS messages as records of the ports. Called by consumer.ts and changelog-reader.ts.
import type { KafkaMessage } from "kafkajs";

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
