// What the parts of one partition index's owner are made with in their unit tests: virtual time, in-memory store, events kept
// instead of produced, and a log and metrics that remember.
import { nothingTold } from "../../src/processors/interconnection/desk-repeats.ts";
import { nobody, type Active, type UserState } from "../../src/processors/interconnection/state.ts";
import type { Command, SayToAgent } from "../../src/processors/interconnection/commands.ts";
import type { AgentEvent, DeskSession } from "../../src/processors/messages/generated.ts";
import { createVirtualClock, type VirtualClock } from "../../src/topology/in-memory/clock.ts";
import { createInMemoryStore, type InMemoryStore } from "../../src/topology/in-memory/store.ts";
import { memoryLimits } from "../../src/topology/memory-limits.ts";
import type { Log, Metrics } from "../../src/topology/ports.ts";
import { lost } from "../../src/topology/retry.ts";
import type { Right, RightToAct } from "../../src/topology/right-to-act.ts";
import { createSessionGates, type SessionGates } from "../../src/topology/session-gates.ts";
import { settle } from "./graph-world.ts";

/** Made anew for each test. */
export interface OwnerParts {
  readonly clock: VirtualClock;
  readonly store: InMemoryStore;
  readonly random: { next(): number };
  readonly log: Log;
  readonly metrics: Metrics;
  /** Texts of warnings and errors. */
  readonly told: string[];
  /** Their fields, in the same order. */
  readonly toldOf: Readonly<Record<string, unknown>>[];
  readonly alarms: string[];
  readonly client: string;
  /** What the right to act is from now on. */
  rightIs(right: Right): void;
  readonly right: RightToAct;
  readonly gates: SessionGates;
  /** Events told, in order. */
  readonly events: AgentEvent[];
  tell(partition: number, event: AgentEvent, signal: AbortSignal): Promise<number>;
  /** While held, nothing is told. */
  holdTelling(held: boolean): void;
  readonly fatals: Error[];
  fatal(error: Error): void;
}

/** Parts at rest. */
export function createOwnerParts(): OwnerParts {
  const clock = createVirtualClock(1_000_000, settle);
  const told: string[] = [];
  const toldOf: Readonly<Record<string, unknown>>[] = [];
  const alarms: string[] = [];
  const events: AgentEvent[] = [];
  const fatals: Error[] = [];
  let right: Right = "mine";
  let held: ReturnType<typeof Promise.withResolvers<undefined>> | null = null;
  const keep = (fields: Readonly<Record<string, unknown>>, text: string): void => {
    told.push(text);
    toldOf.push(fields);
  };
  return {
    clock,
    store: createInMemoryStore(clock, memoryLimits(1_000_000)),
    random: { next: () => 0.5 },
    log: { info: () => undefined, warn: keep, error: keep },
    metrics: {
      count(name, labels) {
        if (name === "alarms") alarms.push(labels?.["alarm"] ?? "");
      },
      observeMs: () => undefined,
      gauge: () => undefined,
    },
    told,
    toldOf,
    alarms,
    client: "test",
    rightIs(next) {
      right = next;
    },
    right: {
      watch: () => undefined,
      unwatch: () => undefined,
      check: () => Promise.resolve(right),
      look: () => Promise.resolve(),
      stop: () => undefined,
    },
    gates: createSessionGates(),
    events,
    async tell(_partition, event, signal) {
      await held?.promise;
      if (signal.aborted) throw lost();
      return events.push(event) - 1;
    },
    holdTelling(hold) {
      held?.resolve(undefined);
      held = hold ? Promise.withResolvers<undefined>() : null;
    },
    fatals,
    fatal: (error) => void fatals.push(error),
  };
}

/** A session at the desk. */
export const session: DeskSession = {
  id: "s",
  key: "k",
  route: "r",
  generation: "g1",
  pollTimeoutMs: 40_000,
  numbered: true,
};

/** A chat that an agent has. */
export const active: Active = {
  ...{ status: "ACTIVE", chatId: "chat", requestId: "request", channel: "whatsapp", name: "Ana" },
  ...{ email: "ana@example.org", phoneNumber: null, botSlug: "bot", botId: "1", extraData: {}, requestedAt: 0 },
  ...{ contactId: "contact", caseId: "case", session, position: 4, resumeToken: "token", postSequence: 2 },
  ...nothingTold,
  ...{ waitingSince: 0, acceptedAt: 0, agentName: "Agent" },
};

/** A text to the agent, number `seq` of its lane. */
export function sayToAgent(seq: number, over: Partial<SayToAgent> = {}): SayToAgent {
  return {
    ...{ lane: "desk", kind: "SayToAgent", seq, chatId: "chat", giveUpAt: 1_600_000, session },
    ...{ text: `text ${String(seq)}`, messageIds: [], about: "message", ...over },
  };
}

/** A state with an open chat and these commands. */
export function stateWith(pending: readonly Command[], over: Partial<UserState> = {}): UserState {
  return { ...nobody, interconnection: active, pending, ...over };
}
