// Implements the Codec port: our own schema ids are known from the start and need no registry; a record of another writer is
// read through that writer's schema, asked for once.
import type { Codec, Decoded } from "../../topology/ports.ts";
import type { TopicSuffix } from "../../topology/topics.ts";
import { type TopicTypes, headerBytes } from "./topic-types.ts";
import type { WriterSchemas } from "./writer-schemas.ts";

type Read = (body: Buffer) => unknown;

/** The codec over compiled types, with the id under which each topic's schema is registered. */
export function createCodec(
  types: TopicTypes,
  ids: Readonly<Record<TopicSuffix, number>>,
  writers: WriterSchemas,
): Codec {
  /** How to read each (topic, writer id) that was met; null where the two do not fit. */
  const readers = new Map<string, Read | null>();

  async function decodeForeign(topic: TopicSuffix, id: number, bytes: Buffer): Promise<Decoded<unknown>> {
    const writer = await writers.schemaOf(id);
    switch (writer.kind) {
      case "unavailable":
        return writer;
      case "unknown":
        return { kind: "bad", reason: "unknown_schema", detail: `the registry knows no schema id ${String(id)}` };
      case "unusable":
        return undecodable(`schema id ${String(id)} is no Avro schema that can be read`);
      case "type": {
        const reader = types[topic].readerOf(writer.type);
        readers.set(readerKey(topic, id), reader);
        return read(reader, topic, id, bytes);
      }
    }
  }

  return {
    encode: (topic, value) => types[topic].frame(ids[topic], value),
    decode(topic, bytes) {
      if (bytes.length < headerBytes || bytes[0] !== 0) return undecodable("not the registry's wire format");
      const id = bytes.readInt32BE(1);
      if (id === ids[topic]) return read((body) => types[topic].decode(body), topic, id, bytes);
      const reader = readers.get(readerKey(topic, id));
      return reader === undefined ? decodeForeign(topic, id, bytes) : read(reader, topic, id, bytes);
    },
  };
}

function read(reader: Read | null, topic: TopicSuffix, id: number, bytes: Buffer): Decoded<unknown> {
  if (reader === null) return undecodable(`schema id ${String(id)} can't be read as a value of ${topic}`);
  try {
    return { kind: "value", value: reader(bytes.subarray(headerBytes)) };
  } catch {
    // avsc's own message may quote the bytes.
    return undecodable(`the bytes are not of schema id ${String(id)}`);
  }
}

function readerKey(topic: TopicSuffix, id: number): string {
  return `${topic}:${String(id)}`;
}

function undecodable(detail: string): Decoded<unknown> {
  return { kind: "bad", reason: "undecodable", detail };
}
