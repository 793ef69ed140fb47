// The codec in memory: real bodies and the registry's framing, with ids that never change and no registry. For tests and the
// simulation; it can be told of other writers' schemas and of a registry that does not answer.
import type { BodyFormat } from "../body-format.ts";
import type { Codec, Decoded } from "../ports.ts";
import { type TopicSuffix, topics } from "../topics.ts";

/** The port, and what a test can make of the registry behind it. */
export interface InMemoryCodec {
  readonly codec: Codec;
  /** Lets the registry know a schema (as JSON) under this id. */
  learn(id: number, schema: object): void;
  /** While true, ids that are not ours can't be asked for. */
  away(away: boolean): void;
  /** Ids that are not ours are answered only when this resolves. */
  hang(until: Promise<void>): void;
}

interface Learnt {
  readonly schema: object;
  /** By topic; null where the topic's schema can't read it. */
  readonly decoders: Map<TopicSuffix, ((body: Buffer) => unknown) | null>;
}

/** A codec whose schema ids count the topics from 1, in the order of topics.ts. */
export function createInMemoryCodec(formats: Readonly<Record<TopicSuffix, BodyFormat>>): InMemoryCodec {
  const idOf = (topic: TopicSuffix): number => topics.findIndex(({ suffix }) => suffix === topic) + 1;
  const learnt = new Map<number, Learnt>();
  let isAway = false;
  let hanging = Promise.resolve();

  const undecodable = (detail: string): Decoded<unknown> => ({ kind: "bad", reason: "undecodable", detail });
  const read = (decode: (body: Buffer) => unknown, bytes: Buffer): Decoded<unknown> => {
    try {
      return { kind: "value", value: decode(bytes.subarray(5)) };
    } catch {
      return undecodable("the bytes are not of their schema");
    }
  };

  return {
    codec: {
      encode(topic, value) {
        const header = Buffer.alloc(5);
        header.writeInt32BE(idOf(topic), 1);
        return Buffer.concat([header, formats[topic].encode(value)]);
      },
      decode(topic, bytes) {
        if (bytes.length < 5 || bytes[0] !== 0) return undecodable("not the registry's wire format");
        const id = bytes.readInt32BE(1);
        if (id === idOf(topic)) return read((body) => formats[topic].decode(body), bytes);
        const writer = learnt.get(id);
        if (writer === undefined) {
          return hanging.then(() =>
            isAway
              ? { kind: "unavailable", detail: "away" }
              : { kind: "bad", reason: "unknown_schema", detail: `schema id ${String(id)}` },
          );
        }
        const { decoders, schema } = writer;
        if (!decoders.has(topic)) decoders.set(topic, formats[topic].decoderFrom(schema));
        const decode = decoders.get(topic) ?? null;
        if (decode === null) return undecodable(`schema id ${String(id)} can't be read as a value of ${topic}`);
        return read(decode, bytes);
      },
    },
    learn: (id, schema) => void learnt.set(id, { schema, decoders: new Map() }),
    away: (away) => {
      isAway = away;
    },
    hang: (until) => {
      hanging = until;
    },
  };
}
