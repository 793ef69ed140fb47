// A value that breaks the schema of its topic: a defect of ours. Thrown by codecs, turned into a dead letter or an alarm by
// the runtime.
import type { TopicSuffix } from "./topics.ts";

/** `fields` are paths of what is wrong, such as body.Connect.email; never a value. */
export interface EncodeFailure extends Error {
  readonly name: "EncodeFailure";
  readonly topic: TopicSuffix;
  readonly fields: readonly string[];
}

/** The error of Codec.encode. */
export function encodeFailure(topic: TopicSuffix, fields: readonly string[]): EncodeFailure {
  return Object.assign(new Error(`a value for ${topic} breaks its schema at ${fields.join(", ")}`), {
    name: "EncodeFailure" as const,
    topic,
    fields,
  });
}
