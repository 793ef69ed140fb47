// Records that are made to do harm where they are read.
import { loadTopicTypes } from "../../src/clients/schema-registry/topic-types.ts";

/** A number as Avro writes a long. */
export function longBytes(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

/** A framed request to connect, under 60 bytes for a short user id, whose extraData claims 2^50 entries. */
export function mapBomb(schemaId: number, userId: string): Buffer {
  const connect = { name: "n", email: "e", phoneNumber: "p", channel: "whatsapp", botSlug: "b", botId: "i" };
  const good = loadTopicTypes()["chat-requests"].frame(schemaId, {
    ...{ requestId: "r", client: "c", userId, occurredAt: 1, expiresAt: null },
    body: { type: "Connect", ...connect, extraData: { kkkk: "v" } },
  });
  // Its count of one, and the length of its key, stand before the key.
  const key = good.indexOf("kkkk");
  return Buffer.concat([good.subarray(0, key - 2), longBytes(2n ** 50n), good.subarray(key - 1)]);
}
