// The list of faults that the page offers: how each is caused, what mends it, and by what sign from outside it is known that it has healed.
// Called by fault-board.ts. Each is also in docs/sandbox.md.
import { Redis } from "ioredis";

import type { Instance } from "../instance/fleet.ts";
import type { Services } from "../services/driver.ts";
import type { FaultOrder } from "../world/faults.ts";
import { handOver, USUAL_HAND_OVER } from "../world/live-agent/failover.ts";
import { isOver } from "../world/live-agent/session.ts";
import type { WorldParts } from "../world/world-parts.ts";
import type { FaultView } from "./protocol.ts";
import type { SeenCall } from "./traces.ts";

/** What can be broken. */
export interface Breakable {
  readonly parts: Pick<WorldParts, "faults" | "oauth" | "desk">;
  readonly services: Pick<Services, "kafka">;
  /** `host:port`. */
  readonly redis: string;
  /** SIGKILL to the first instance. */
  readonly killService: () => Promise<void>;
}

/** What was seen since the last look. */
export interface Evidence {
  readonly calls: readonly SeenCall[];
  /** Moments at which records were written, and what they are. */
  readonly records: readonly {
    readonly at: number;
    readonly topic: string;
    readonly partition: number;
    readonly kind: string;
  }[];
  readonly instances: readonly (Pick<Instance, "number" | "pid"> & {
    readonly isReady: boolean;
    readonly askedAt: number;
  })[];
}

/** Takes the fault away; how many calls it struck, where that can be counted. */
export type Undo = () => Promise<number | undefined>;

/** A fault of the list. */
export interface FaultKind extends Omit<FaultView, "isOn" | "offAt"> {
  /** What stands in the log until it has healed. */
  readonly waitsFor: string;
  /** Causes it; undefined when it was but a moment. */
  breakIt(): Promise<Undo | undefined>;
  /** The sign of healing in words; undefined while there is none. `since`: when it was switched off, or happened. */
  healedBy(evidence: Evidence, since: number): string | undefined;
}

const SLOW_MS = 2_000;
const HALF = 0.5;

/** All of them, in the order of the page. */
export function faultKinds(breakable: Breakable): readonly FaultKind[] {
  return [
    {
      name: "salesforce-503",
      title: "Salesforce 503",
      does: "Every call to Salesforce is refused.",
      heals: "Calls are repeated and polls reconnect. After 40 s a chat would end, on both sides.",
      kind: "switch",
      waitsFor: "waits for the next call to Salesforce",
      breakIt: async () => struck(breakable, [{ system: "salesforce", effect: { kind: "status", status: 503 } }]),
      healedBy: ({ calls }, since) => answeredBy(calls, since, "salesforce"),
    },
    {
      name: "slow-channel",
      title: "Slow channel",
      does: `The Integrations API answers ${String(SLOW_MS / 1000)} s later.`,
      heals: "Each user has a lane of their own: texts wait in order, nobody else waits.",
      kind: "switch",
      waitsFor: "waits for the next message to a phone",
      breakIt: async () =>
        struck(breakable, [
          { system: "integrations", operation: "messages", effect: { kind: "delay", delayMs: SLOW_MS } },
        ]),
      healedBy: ({ calls }, since) => answeredBy(calls, since, "integrations"),
    },
    {
      name: "lost-replies",
      title: "Lost replies",
      does: "Half of all texts are taken, but not answered.",
      heals: "The same text goes out again under the same number or id, and the other side drops it.",
      kind: "switch",
      waitsFor: "waits for the next text",
      breakIt: async () =>
        struck(breakable, [
          { system: "salesforce", operation: "ChatMessage", when: "after", share: HALF, effect: { kind: "reset" } },
          {
            system: "integrations",
            // Facebook's form has no place for an id: there a repeat could not be told from a new text.
            path: "/api/outgoing_webhook/*",
            operation: "messages",
            when: "after",
            share: HALF,
            effect: { kind: "reset" },
          },
        ]),
      healedBy: ({ calls }, since) =>
        answeredBy(calls.filter(isText), since, "salesforce") ??
        answeredBy(calls.filter(isText), since, "integrations"),
    },
    {
      name: "kafka-paused",
      title: "Freeze Kafka",
      does: "Connections stay, nobody answers.",
      heals: "Webhooks get 503 and come again; results and acknowledgements wait; the polls go on.",
      kind: "switch",
      waitsFor: "waits for the next record",
      async breakIt() {
        await breakable.services.kafka.pause();
        return async () => {
          await breakable.services.kafka.resume();
          return undefined;
        };
      },
      healedBy({ records }, since) {
        const first = records.find(({ at }) => at >= since);
        return first === undefined ? undefined : `first record after it: ${first.topic}`;
      },
    },
    ...moments(breakable),
  ];
}

function moments({ parts, redis, killService }: Breakable): readonly FaultKind[] {
  return [
    {
      name: "service-killed",
      title: "Kill the service",
      does: "kill -9 to the first instance.",
      heals: "The supervisor starts it again; it takes its partitions over and goes on where the state says.",
      kind: "moment",
      waitsFor: "waits until every instance is ready",
      async breakIt() {
        await killService();
        return undefined;
      },
      healedBy({ instances }, since) {
        const isBack = instances.length > 0 && instances.every(({ isReady, askedAt }) => isReady && askedAt > since);
        return isBack ? `ready again as process ${String(instances[0]?.pid)}` : undefined;
      },
    },
    redisFlushed(redis),
    {
      name: "session-expired",
      title: "Expired session",
      does: "The access tokens of the org end now.",
      heals: "One login, shared by all calls that wait for it, and the call once more.",
      kind: "moment",
      waitsFor: "waits for the next chat or file, which needs a token",
      async breakIt() {
        parts.oauth.expireAll();
        return undefined;
      },
      healedBy: ({ calls }, since) =>
        calls.some(({ at, operation, status }) => operation === "token" && status === 200 && at >= since)
          ? "logged in again"
          : undefined,
    },
    {
      name: "desk-moved",
      title: "Live Agent moves",
      does: "503 to all chats until they reconnect.",
      heals: "Every poller reconnects its session and drops what comes a second time.",
      kind: "moment",
      waitsFor: "waits for the first reconnect",
      async breakIt() {
        for (const session of parts.desk.byKey.values()) {
          if (!isOver(session)) handOver(session, USUAL_HAND_OVER);
        }
        return undefined;
      },
      healedBy: ({ calls }, since) =>
        calls.some(({ at, operation, status }) => operation === "ReconnectSession" && status === 200 && at >= since)
          ? "reconnected"
          : undefined,
    },
  ];
}

/** An owner reads its states again up to its fence on the changelog: what it writes there behind the fence shows that it has them. */
function redisFlushed(redis: string): FaultKind {
  const fenced = new Set<number>();
  return {
    name: "redis-flushed",
    title: "Flush Redis",
    does: "Every state is gone from the store.",
    heals: "The owner of a partition notices, and reads its states again from the changelog topic.",
    kind: "moment",
    waitsFor: "waits until the states are read again",
    async breakIt() {
      fenced.clear();
      await flushed(redis);
      return undefined;
    },
    healedBy({ records }, since) {
      for (const { at, topic, partition, kind } of records) {
        if (at < since || topic !== "interconnections" || kind === "claim") continue;
        if (kind === "fence") fenced.add(partition);
        else if (fenced.has(partition)) return `partition ${String(partition)} has its states and goes on: ${kind}`;
      }
      return undefined;
    },
  };
}

/** Switches on faults of calls; undone, they tell how many calls they struck. */
function struck({ parts }: Breakable, orders: readonly FaultOrder[]): Undo {
  const ids = orders.map((order) => parts.faults.add(order).id);
  return async () => {
    const counted = parts.faults.list().filter(({ id }) => ids.includes(id));
    for (const id of ids) parts.faults.remove(id);
    return counted.reduce((sum, fault) => sum + fault.struck, 0);
  };
}

function isText({ operation }: SeenCall): boolean {
  return operation === "ChatMessage" || operation === "messages";
}

function answeredBy(calls: readonly SeenCall[], since: number, system: string): string | undefined {
  const isAnswered = ({ status }: SeenCall): boolean => status !== null && status < 400;
  const first = calls.find((call) => call.system === system && call.at >= since && isAnswered(call));
  return first === undefined ? undefined : `first call that was answered: ${first.operation}`;
}

async function flushed(address: string): Promise<void> {
  const redis = new Redis(`redis://${address}`, { lazyConnect: true, maxRetriesPerRequest: 1 });
  try {
    await redis.connect();
    await redis.flushall();
  } finally {
    redis.disconnect();
  }
}
