// Reading what Redis answers: bulk strings as Buffers, integers as numbers. Used by the store and what stands beside it.

/** The text of a bulk string; empty for nil. */
export function textOf(value: unknown): string {
  return bytes(value).toString();
}

/** The number in a bulk string or integer; -1 for nil. */
export function numberOf(value: unknown): number {
  if (typeof value === "number") return value;
  return Buffer.isBuffer(value) ? Number(value.toString()) : -1;
}

/** The bytes of a bulk string; empty for nil. */
export function bytes(value: unknown): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
}
