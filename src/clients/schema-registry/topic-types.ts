// The compiled Avro type of each topic's value: bytes and back, without the registry. Compiled once per process.
import avro from "avsc";

import { encodeFailure } from "../../topology/encode-failure.ts";
import type { BodyFormat } from "../../topology/body-format.ts";
import type { TopicSuffix } from "../../topology/topics.ts";
import { boundBlocks } from "./block-bounds.ts";
import { type SchemaJson, loadTopicSchemas } from "./schemas.ts";
import { taggedUnionsOf } from "./tagged-unions.ts";

/** One topic's value. */
export interface TopicType extends BodyFormat {
  /** The closed schema as it is registered, byte for byte the same on every instance of a version. */
  readonly schemaText: string;
  /**
   * The framed value: zero, the id in four bytes big-endian, the body. Throws EncodeFailure naming the fields that break the
   * schema, never their values.
   */
  frame(id: number, value: unknown): Buffer;
  /** Reads what was written with another schema; null when this schema can't read that one. */
  readerOf(writer: avro.Type): ((body: Buffer) => unknown) | null;
}

/** The types of all topics. */
export type TopicTypes = Readonly<Record<TopicSuffix, TopicType>>;

/** Bytes before the body. */
export const headerBytes = 5;

/** Reads and compiles the schemas of all topics. Throws when one is not valid. */
export function loadTopicTypes(): TopicTypes {
  boundBlocks();
  const schemas = loadTopicSchemas();
  const of = (suffix: TopicSuffix): TopicType => topicType(suffix, schemas[suffix]);
  return {
    "chat-requests": of("chat-requests"),
    "channel-messages": of("channel-messages"),
    "agent-events": of("agent-events"),
    "chat-events": of("chat-events"),
    interconnections: of("interconnections"),
    "dead-letters": of("dead-letters"),
  };
}

/** Compiles one schema. Throws when it is not valid. */
function topicType(topic: TopicSuffix, schema: SchemaJson): TopicType {
  const type = avro.Type.forSchema(schema as avro.schema.AvroSchema, { omitRecordMethods: true });
  const unions = taggedUnionsOf(type);
  let scratch = Buffer.allocUnsafe(16_384);

  /** Writes into the buffer that is used again and again, and copies what came out: half the cost of avsc's own toBuffer. */
  function write(value: unknown, from: number): Buffer {
    const wrapped = unions.wrap(value);
    let end: number;
    try {
      end = type.encode(wrapped, scratch, from);
      if (end < 0) {
        scratch = Buffer.allocUnsafe(2 * (scratch.length - end));
        end = type.encode(wrapped, scratch, from);
      }
    } catch {
      throw encodeFailure(topic, brokenFields(type, wrapped));
    }
    return Buffer.from(scratch.subarray(0, end));
  }

  return {
    schemaText: JSON.stringify(schema),
    encode: (value) => write(value, 0),
    decode: (body) => unions.unwrap(type.fromBuffer(body)),
    frame(id, value) {
      const bytes = write(value, headerBytes);
      bytes[0] = 0;
      bytes.writeInt32BE(id, 1);
      return bytes;
    },
    readerOf(writer) {
      const resolver = resolverOf(type, writer);
      return resolver === null ? null : (body) => unions.unwrap(type.fromBuffer(body, resolver));
    },
    decoderFrom(writerSchema) {
      return this.readerOf(avro.Type.forSchema(writerSchema as avro.schema.AvroSchema));
    },
  };
}

function resolverOf(reader: avro.Type, writer: avro.Type): ReturnType<avro.Type["createResolver"]> | null {
  try {
    return reader.createResolver(writer);
  } catch {
    return null; // avsc says in this way that the two do not fit
  }
}

/** Paths of what is wrong with a value, without the names of union branches' namespaces. */
function brokenFields(type: avro.Type, value: unknown): readonly string[] {
  const paths = new Set<string>();
  type.isValid(value, {
    errorHook: (path) => {
      paths.add(path.map((part) => part.slice(part.lastIndexOf(".") + 1)).join(".") || "the value itself");
    },
  });
  return paths.size === 0 ? ["the value itself"] : [...paths];
}
