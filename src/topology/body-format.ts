// The body of one topic's value, without the registry's framing: what the in-memory codec needs of Avro, which only clients know.

/** Bytes of a value and back. */
export interface BodyFormat {
  /** Throws EncodeFailure when the value breaks the schema. */
  encode(value: unknown): Buffer;
  /** Throws when the bytes are not of this schema. */
  decode(body: Buffer): unknown;
  /** Reads bodies that were written with another schema (as JSON); null when this schema can't read that one. */
  decoderFrom(writerSchema: object): ((body: Buffer) => unknown) | null;
}
