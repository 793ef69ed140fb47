// Keeps Salesforce's limits: when one is reached no call is made for a while, and near it calls go out slowly, those for open chats
// first, then new chats, then what nobody waits for. Salesforce tells how near by the header Sforce-Limit-Info
// (`api-usage=18/5000`), that it is reached by 429, or by 403 with REQUEST_LIMIT_EXCEEDED (REST API guide, "Status Codes and Error
// Responses"). Owns no retry: who is held back is told how long. Used by desk.ts and data-api/api-call.ts.
import type { LimitPolicy } from "../../topology/policies.ts";
import type { Clock, Log, Metrics } from "../../topology/ports.ts";
import type { HttpAnswer, NoAnswer } from "../http/http-client.ts";

/** On whose behalf a call is made, most urgent first. */
export const urgencies = ["open chat", "new chat", "housekeeping"] as const;
/** One of them. */
export type Urgency = (typeof urgencies)[number];

/** The limits of one API. */
export interface SalesforceLimits {
  /** Null when the call may be made, maybe after a wait; else why not. An aborted wait is `aborted`. */
  admit(urgency: Urgency, signal: AbortSignal): Promise<NoAnswer | null>;
  /** Hears of every answer. */
  heard(answer: HttpAnswer | NoAnswer): void;
}

/** What the limits are kept with. */
export interface LimitTools {
  /** Name for people: log, metrics, and the reason of what is held back. */
  readonly system: string;
  readonly policy: LimitPolicy;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** True when the answer says that a limit is reached. */
export function isOverLimit({ status, body }: HttpAnswer): boolean {
  return status === 429 || (status === 403 && (body?.includes("REQUEST_LIMIT_EXCEEDED") ?? false));
}

/** Share of the org's calls that are used, by the header; null when it does not say. */
export function usageOf(limitInfo: string | undefined): number | null {
  const [, used, allowed] = /(?:^|[;,\s])api-usage=(\d+)\/(\d+)/u.exec(limitInfo ?? "") ?? [];
  return used === undefined || Number(allowed) === 0 ? null : Number(used) / Number(allowed);
}

/** Limits of which nothing is known yet. */
export function createSalesforceLimits({ system, policy, clock, log, metrics }: LimitTools): SalesforceLimits {
  const waiting: Record<Urgency, Set<() => void>> = {
    "open chat": new Set(),
    "new chat": new Set(),
    housekeeping: new Set(),
  };
  let pausedUntilMs = Number.NEGATIVE_INFINITY;
  let slowUntilMs = Number.NEGATIVE_INFINITY;
  let isNear = false;
  let nextMs = Number.NEGATIVE_INFINITY;
  let isPlanned = false;

  const isSlow = (): boolean => isNear || clock.monotonicMs() < slowUntilMs;

  function pause(askedMs: number | null): void {
    const nowMs = clock.monotonicMs();
    const wasPaused = nowMs < pausedUntilMs;
    pausedUntilMs = Math.max(pausedUntilMs, nowMs + (askedMs ?? policy.pauseMs));
    slowUntilMs = pausedUntilMs + policy.slowAfterMs;
    if (wasPaused) return;
    metrics.count("alarms", { alarm: "salesforce_limit" });
    log.warn(
      { system, pauseMs: Math.round(pausedUntilMs - nowMs) },
      "a limit of Salesforce is reached: no call for a while, then slowly, open chats first",
    );
  }

  function near(usage: number): void {
    metrics.gauge("api_usage", usage);
    const was = isNear;
    isNear = usage >= policy.slowFrom;
    if (isNear && !was)
      log.warn({ system, usage }, "the org's calls are nearly used up: they are made slowly, open chats first");
  }

  function serve(): void {
    isPlanned = false;
    const urgent = urgencies.map((urgency) => waiting[urgency]).find(({ size }) => size > 0);
    const [go] = urgent ?? [];
    if (go === undefined) return;
    nextMs = clock.monotonicMs() + 1_000 / policy.slowCallsPerSecond;
    urgent?.delete(go);
    go();
    plan();
  }

  function plan(): void {
    if (isPlanned || urgencies.every((urgency) => waiting[urgency].size === 0)) return;
    isPlanned = true;
    clock.after(Math.max(1, Math.ceil(nextMs - clock.monotonicMs())), serve);
  }

  function turn(urgency: Urgency, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const leave = (): void => {
        waiting[urgency].delete(go);
        resolve();
      };
      const go = (): void => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      signal.addEventListener("abort", leave, { once: true });
      waiting[urgency].add(go);
      plan();
    });
  }

  function heldBack(): NoAnswer | null {
    const leftMs = pausedUntilMs - clock.monotonicMs();
    if (leftMs <= 0) return null;
    metrics.count("calls_held_back", { system, reason: "limit" });
    const detail = `a limit of ${system} is reached`;
    return { kind: "noAnswer", detail, mayHaveHappened: false, retryAfterMs: Math.ceil(leftMs) };
  }

  return {
    async admit(urgency, signal) {
      const held = heldBack();
      if (held !== null || !isSlow()) return held;
      if (over(signal)) return aborted;
      await turn(urgency, signal);
      return over(signal) ? aborted : heldBack();
    },
    heard(answer) {
      if (answer.kind === "noAnswer") return;
      const usage = usageOf(answer.limitInfo);
      if (usage !== null) near(usage);
      if (isOverLimit(answer)) pause(answer.retryAfterMs);
    },
  };
}

const aborted: NoAnswer = { kind: "noAnswer", detail: "aborted", mayHaveHappened: false };

/** Asked anew each time: it changes while one waits. */
function over(signal: AbortSignal): boolean {
  return signal.aborted;
}
