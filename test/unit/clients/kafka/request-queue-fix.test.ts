// KafkaJS's request queue as repaired, and whether what was repaired is still what KafkaJS has.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { fixRequestQueue, requestQueueClass } from "../../../../src/clients/kafka/request-queue-fix.ts";

interface Queue {
  pending: { send(): void; expectResponse: boolean }[];
  throttledUntil: number;
  throttleCheckTimeoutId: unknown;
  scheduleCheckPendingRequests(): void;
  destroy(): void;
}

function makeQueue(): Queue {
  fixRequestQueue();
  const RequestQueue = requestQueueClass() as unknown as new (options: object) => Queue;
  const logger = { debug: () => undefined };
  return new RequestQueue({ maxInFlightRequests: 1, requestTimeout: 1_000, enforceRequestTimeout: false, logger });
}

describe("the request queue", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("is the one that the fix was written against: compare again when KafkaJS changes it", () => {
    const path = createRequire(import.meta.url).resolve("kafkajs/src/network/requestQueue/index.js");
    const source = readFileSync(path, "utf8");
    expect(createHash("sha256").update(source).digest("hex")).toMatchInlineSnapshot(
      `"b55986089c14f8f7bfc377922e2e65b3e4c1e7c7af2752d3b10a75dfe9e9260c"`,
    );
  });

  it("starts no timer while nothing waits", () => {
    const queue = makeQueue();
    queue.scheduleCheckPendingRequests();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("looks again at what waits, once, and in time when it is throttled", () => {
    const queue = makeQueue();
    let sent = 0;
    const request = { expectResponse: true, send: () => (sent += 1) };
    queue.pending.push(request);
    queue.scheduleCheckPendingRequests();
    queue.scheduleCheckPendingRequests();
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(10);
    expect(sent).toBe(1);
    expect(vi.getTimerCount()).toBe(0);

    queue.throttledUntil = Date.now() + 5_000;
    queue.pending.push(request);
    queue.scheduleCheckPendingRequests();
    vi.advanceTimersByTime(4_900);
    expect(sent).toBe(1);
    vi.advanceTimersByTime(200);
    expect(sent).toBe(2);
  });
});
