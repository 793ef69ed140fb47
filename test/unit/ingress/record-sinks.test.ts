// What the edge lets wait for the broker. That records arrive, keyed and encoded, is shown over HTTP (test/integration).
import { expect, it } from "vitest";

import { createRecordSinks } from "../../../src/ingress/record-sinks.ts";
import type { ChatRequest } from "../../../src/processors/messages/generated.ts";

const request = { userId: "u" } as ChatRequest;

it("is 64 MiB of records at most: beyond it the caller is refused, and served again when there is room", async () => {
  const waiting: (() => void)[] = [];
  const encoded = Buffer.alloc(1024 * 1024);
  const producer = { produce: () => new Promise<readonly number[]>((resolve) => waiting.push(() => resolve([]))) };
  const codec = { encode: () => encoded, decode: () => ({ kind: "bad", reason: "undecodable", detail: "" }) as const };
  const { requests } = createRecordSinks(producer, codec);
  const taken = Array.from({ length: 63 }, () => requests.produce(request));
  await expect(requests.produce(request)).rejects.toThrow("too much waits for the broker");
  for (const store of waiting.splice(0)) store();
  await Promise.all(taken);
  const again = requests.produce(request);
  for (const store of waiting.splice(0)) store();
  await again;
});
