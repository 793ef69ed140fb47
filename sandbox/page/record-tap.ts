// Owns reading every record of every topic for the page, decoded, each once: a consumer in a group of its own that never gives up and
// says nothing while Kafka is away. Called by page.ts. What a record means is record-line.ts's.
import { createRequire } from "node:module";
import { setTimeout as delay } from "node:timers/promises";

import { SchemaRegistry } from "@kafkajs/confluent-schema-registry";
import { Kafka, logLevel, type Consumer, type KafkaMessage } from "kafkajs";

/** A record as it was read. */
export interface TappedRecord {
  /** Without the prefix of the service's topics. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly at: number;
  readonly key: string | null;
  /** The decoded value; null for a tombstone; the reason as a text where it could not be decoded. */
  readonly value: unknown;
}

/** What the tap reads, and who is told. */
export interface TapOptions {
  readonly brokers: string;
  readonly registryUrl: string;
  /** KAFKA_TOPIC of the service. */
  readonly prefix: string;
  /** Topics without their prefix; they exist. */
  readonly topics: readonly string[];
  readonly onRecord: (record: TappedRecord) => void;
}

/** A running tap. */
export interface Tap {
  /** It is a member of its group and reads. */
  isConnected(): boolean;
  stop(): Promise<void>;
}

const AGAIN_AFTER_MS = 500;
const STOP_WITHIN_MS = 2_000;

/** Starts reading from the beginning, in the background. */
export function startTap(options: TapOptions): Tap {
  easeRequestQueue();
  const registry = new SchemaRegistry({ host: options.registryUrl });
  const kafka = new Kafka({ clientId: "sandbox-page", brokers: [options.brokers], logLevel: logLevel.NOTHING });
  const stopping = new AbortController();
  const isStopping = (): boolean => stopping.signal.aborted;
  /** Highest offset seen, by topic and partition: after a crash of the group the same records come again. */
  const seen = new Map<string, bigint>();
  const state: { consumer: Consumer | undefined; isConnected: boolean } = { consumer: undefined, isConnected: false };

  const take = async (topic: string, partition: number, message: KafkaMessage): Promise<void> => {
    const place = `${topic}/${String(partition)}`;
    const offset = BigInt(message.offset);
    if (offset <= (seen.get(place) ?? -1n)) return;
    const value = message.value === null ? null : await decoded(registry, message.value);
    seen.set(place, offset);
    options.onRecord({
      topic: topic.slice(options.prefix.length + 1),
      partition,
      offset: message.offset,
      at: Number(message.timestamp),
      key: message.key?.toString("utf8") ?? null,
      value,
    });
  };

  const read = async (): Promise<void> => {
    const consumer = kafka.consumer({ groupId: "sandbox-page", sessionTimeout: 30_000, maxWaitTimeInMs: 100 });
    state.consumer = consumer;
    const crashed = new Promise<void>((resolve) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => payload.restart || resolve());
    });
    consumer.on(consumer.events.GROUP_JOIN, () => (state.isConnected = true));
    try {
      await consumer.connect();
      const topics = options.topics.map((topic) => `${options.prefix}.${topic}`);
      await consumer.subscribe({ topics, fromBeginning: true });
      await consumer.run({ eachMessage: ({ topic, partition, message }) => take(topic, partition, message) });
      await Promise.race([crashed, aborted(stopping.signal)]);
    } finally {
      state.isConnected = false;
      await Promise.race([consumer.disconnect(), delay(STOP_WITHIN_MS, undefined, { ref: false })]);
    }
  };

  const running = (async () => {
    while (!isStopping()) {
      try {
        await read();
      } catch (error) {
        // Kafka is away: the page says so, and here it is tried until it is back.
        if (!(error instanceof Error)) throw error;
      }
      if (!isStopping()) await delay(AGAIN_AFTER_MS);
    }
  })();

  return {
    isConnected: () => state.isConnected,
    async stop() {
      stopping.abort();
      // KafkaJS tries to connect for long where Kafka is away: that is not waited for.
      await Promise.race([running, delay(STOP_WITHIN_MS, undefined, { ref: false })]);
    },
  };
}

async function decoded(registry: SchemaRegistry, bytes: Buffer): Promise<unknown> {
  try {
    return await registry.decode(bytes);
  } catch (error) {
    return `not decoded: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
}

/** KafkaJS 2.2.4 looks at its waiting requests with timers of negative length, and Node warns of each (tulios/kafkajs#1751). */
function easeRequestQueue(): void {
  const path = "kafkajs/src/network/requestQueue/index.js";
  const { prototype } = createRequire(import.meta.url)(path) as { readonly prototype: RequestQueue };
  prototype.scheduleCheckPendingRequests = function () {
    if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
    const look = (): void => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    };
    this.throttleCheckTimeoutId = setTimeout(look, Math.max(10, this.throttledUntil - Date.now()));
  };
}
