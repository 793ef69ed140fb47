// Repairs one method of KafkaJS 2.2.4 at run time: its request queue starts a timer with a negative delay after nearly every response,
// which Node takes for 1 ms and warns about (tulios/kafkajs#1751), and which starts the next one when it fires. Called by client.ts.
// A test compares KafkaJS's source with what this was written against.
import { createRequire } from "node:module";

/** Milliseconds after which waiting requests are looked at again, as in KafkaJS (CHECK_PENDING_REQUESTS_INTERVAL). */
const checkIntervalMs = 10;

interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
}

interface RequestQueueClass {
  readonly prototype: { scheduleCheckPendingRequests: (this: RequestQueue) => void };
}

/** KafkaJS's class, for the fix and for the test that watches its source. */
export function requestQueueClass(): RequestQueueClass {
  return createRequire(import.meta.url)("kafkajs/src/network/requestQueue/index.js") as RequestQueueClass;
}

/**
 * Replaces `scheduleCheckPendingRequests` by one that starts a timer only while requests wait, and never with a negative
 * delay. For all KafkaJS clients of the process; safe to repeat.
 */
export function fixRequestQueue(): void {
  requestQueueClass().prototype.scheduleCheckPendingRequests = scheduleCheckPendingRequests;
}

function scheduleCheckPendingRequests(this: RequestQueue): void {
  // Without a waiting request nothing has to be checked: the next push looks for itself.
  if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
  const throttledMs = this.throttledUntil - Date.now();
  this.throttleCheckTimeoutId = setTimeout(
    () => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    },
    throttledMs > 0 ? throttledMs : checkIntervalMs,
  );
}
