// The HTTP edge with parts that a test rules: what was produced, what is answered, what does not answer.
import type { InjectOptions, LightMyRequestResponse } from "fastify";
import { onTestFinished } from "vitest";

import { createIngress, type Ingress, type IngressOptions } from "../../../src/ingress/ingress.ts";
import type { IngressPorts } from "../../../src/ingress/ports.ts";
import type { ContextEntry, Reply } from "../../../src/processors/interconnection/state.ts";
import type { ChannelMessage, ChatRequest } from "../../../src/processors/messages/generated.ts";
import { done, type Done } from "../../../src/processors/outcome.ts";
import type { Log } from "../../../src/topology/ports.ts";

/** What happened at the edge's ports, in order. */
export interface Seen {
  readonly steps: string[];
  readonly requests: ChatRequest[];
  readonly messages: ChannelMessage[];
  readonly registrations: string[];
  readonly counts: { readonly name: string; readonly labels: Readonly<Record<string, string>> }[];
  readonly lines: { readonly fields: Readonly<Record<string, unknown>>; readonly text: string }[];
}

/** How the parts behave; a test changes it as it goes. */
export interface World {
  now: number;
  broker: "acknowledges" | "refuses" | "is silent";
  store: "answers" | "is away" | "is silent" | "leaves while waiting";
  /** The outcome that waits for every request; null: none comes. */
  reply: Reply | null;
  /** Replies that are kept, by request id. */
  readonly kept: Map<string, Reply>;
  context: readonly ContextEntry[] | null;
  /** What the Integrations API says to a registration; null: nothing until it is left alone. */
  registration: Done | (() => Done) | null;
  /** Set: outcomes never come, and this is resolved when somebody waits for one. */
  waiting: PromiseWithResolvers<undefined> | null;
}

export interface Edge {
  readonly ingress: Ingress;
  readonly seen: Seen;
  readonly world: World;
  send(request: InjectOptions): Promise<LightMyRequestResponse>;
  /** A token of the account, from the route itself. */
  token(username?: string): Promise<string>;
}

export const startOfTime = Date.UTC(2026, 0, 2, 3, 4, 5);
export const created: Reply = { outcome: "done", reason: "chat_created", chatId: "chat-1", detail: null };
export const passwords: Readonly<Record<string, string>> = { yaloUser: "yaloPassword", salesforceUser: "sfPassword" };

const never = new Promise<never>(() => undefined);
const away = (): Promise<never> => Promise.reject(new Error("no connection"));

export function createEdge(changes: Partial<IngressOptions> = {}): Edge {
  const seen: Seen = { steps: [], requests: [], messages: [], registrations: [], counts: [], lines: [] };
  const world: World = {
    now: startOfTime,
    broker: "acknowledges",
    store: "answers",
    reply: created,
    kept: new Map(),
    context: null,
    registration: done,
    waiting: null,
  };
  const options: IngressOptions = {
    client: "salesforce",
    host: "127.0.0.1",
    port: 0,
    replyTimeoutMs: 10_000,
    lateStatus: 202,
    refusalStatus: "original",
    ignoredTypes: ["status", "notification-status"],
    extraDataRules: [
      { key: "source_flow_bot", field: null, mayBeEmpty: true, onlyWith: null },
      { key: "description", field: null, mayBeEmpty: false, onlyWith: null },
      { key: "AccountRecordTypeId", field: null, mayBeEmpty: false, onlyWith: null },
      { key: "urgency", field: "Priority", mayBeEmpty: false, onlyWith: null },
      { key: "tax_id", field: "TaxId__pc", mayBeEmpty: true, onlyWith: "AccountRecordTypeId" },
    ],
    auth: {
      secretKey: "secret",
      tokenTtlMs: 12 * 3_600_000,
      legacyTokens: "accept",
      accounts: [
        { username: "yaloUser", password: "yaloPassword", role: "YALO_ROLE" },
        { username: "salesforceUser", password: "sfPassword", role: "SALESFORCE_ROLE" },
      ],
    },
    clock: {
      now: () => world.now,
      monotonicMs: () => performance.now(),
      after: (delayMs, fn) => {
        const timer = setTimeout(fn, delayMs);
        return () => clearTimeout(timer);
      },
    },
    log: logTo(seen),
    ...changes,
  };
  const ingress = createIngress(portsOf(world, seen), options);
  onTestFinished(() => ingress.close(0));
  return {
    ingress,
    seen,
    world,
    send: (request) => ingress.inject(request),
    async token(username = "yaloUser") {
      const payload = { username, password: passwords[username] };
      const response = await ingress.inject({ method: "POST", url: "/v1/authenticate", payload });
      return response.json<{ readonly token: string }>().token;
    },
  };
}

function logTo(seen: Seen): Log {
  const line: Log["info"] = (fields, text) => void seen.lines.push({ fields, text });
  return { info: line, warn: line, error: line };
}

function registered(world: World, signal: AbortSignal): Promise<Done> {
  const { registration } = world;
  if (registration !== null) return Promise.resolve(typeof registration === "function" ? registration() : registration);
  const left = { kind: "retry", detail: "aborted", status: null, mayHaveHappened: true, retryAfterMs: null } as const;
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(left));
  });
}

function portsOf(world: World, seen: Seen): IngressPorts {
  const produce = (): Promise<void> => {
    if (world.broker === "is silent") return never;
    return world.broker === "acknowledges" ? Promise.resolve() : Promise.reject(new Error("not acknowledged"));
  };
  const stored = <Value>(value: Value): Promise<Value> => {
    if (world.store === "is silent") return never;
    return world.store === "is away" ? away() : Promise.resolve(value);
  };
  return {
    requests: {
      produce: (...records) => {
        seen.steps.push("produce");
        seen.requests.push(...records);
        return produce();
      },
    },
    messages: {
      produce: (...records) => {
        seen.messages.push(...records);
        return produce();
      },
    },
    replies: {
      waiter: (requestId) => {
        seen.steps.push("subscribe");
        return stored({
          wait: async () => {
            seen.steps.push("wait");
            world.waiting?.resolve(undefined);
            if (world.waiting !== null) return never;
            if (world.store === "leaves while waiting") return away();
            return world.kept.get(requestId) ?? world.reply;
          },
          close: () => void seen.steps.push("close"),
        });
      },
      find: (requestId) => stored(world.kept.get(requestId) ?? null),
    },
    context: { of: () => stored(world.context) },
    registrations: {
      register: (provider, path, signal) => {
        seen.registrations.push(`register ${provider} ${path}`);
        return registered(world, signal);
      },
      remove: (provider, signal) => {
        seen.registrations.push(`remove ${provider}`);
        return registered(world, signal);
      },
    },
    metrics: {
      count: (name, labels = {}) => void seen.counts.push({ name, labels }),
      observeMs: (name, _ms, labels = {}) => void seen.counts.push({ name, labels }),
    },
  };
}
