// A circuit around the calls to one outside system: while most of them fail they are held back, one at a time tries, and the first
// that succeeds lets all go again. It answers at once, keeps nothing and repeats nothing: what a held back call means is its
// caller's, whose lane waits and keeps its order. One circuit may stand around several clients. Made in the composition.
import type { CircuitPolicy } from "../../topology/policies.ts";
import type { Clock, Log, Metrics } from "../../topology/ports.ts";
import type { HttpAnswer, HttpClient, HttpRequest, NoAnswer } from "./http-client.ts";

/** What a circuit is made with. */
export interface CircuitOptions {
  /** Name for people: log, metrics, and the reason of what is held back. */
  readonly system: string;
  readonly policy: CircuitPolicy;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Whether an answer says that the system does not work; a call without one always says so. */
  readonly isFailure: (answer: HttpAnswer, request: HttpRequest) => boolean;
}

/** One circuit. */
export interface Circuit {
  /** The same client, behind this circuit. */
  around(http: HttpClient): HttpClient;
}

/** A server's own failure, which another try may not meet. */
export function isServerFailure({ status }: HttpAnswer): boolean {
  return status >= 500 && status !== 501 && status !== 505;
}

/** What a call says of the system. One that its caller gave up soon says nothing: it was not waited for. */
type Verdict = "works" | "fails" | "unknown";

/** Asked again this soon where another call is trying just now. */
const whileTryingMs = 500;

/** A circuit that lets everything through. */
export function createCircuit({ system, policy, clock, log, metrics, isFailure }: CircuitOptions): Circuit {
  let window = { sinceMs: clock.monotonicMs(), calls: 0, failed: 0 };
  let open: { readonly untilMs: number; readonly forMs: number } | null = null;
  let isTrying = false;

  function judge(answer: HttpAnswer | NoAnswer, request: HttpRequest, tookMs: number): Verdict {
    if (answer.kind === "answer") return isFailure(answer, request) ? "fails" : "works";
    return answer.detail === "aborted" && tookMs < policy.slowMs ? "unknown" : "fails";
  }

  function openFor(forMs: number): void {
    open = { untilMs: clock.monotonicMs() + forMs, forMs };
  }

  /** Counts a call of a closed circuit. */
  function count(verdict: Verdict): void {
    const nowMs = clock.monotonicMs();
    if (open !== null || verdict === "unknown") return;
    if (nowMs - window.sinceMs >= policy.windowMs) window = { sinceMs: nowMs, calls: 0, failed: 0 };
    window = { ...window, calls: window.calls + 1, failed: window.failed + (verdict === "fails" ? 1 : 0) };
    if (window.calls < policy.minCalls || window.failed < policy.failedShare * window.calls) return;
    openFor(policy.openMs);
    metrics.count("circuits_opened", { system });
    metrics.count("alarms", { alarm: "outside_system_fails" });
    metrics.gauge("circuit_open", 1, { system });
    log.warn(
      { system, calls: window.calls, failed: window.failed, windowMs: policy.windowMs },
      "most calls to an outside system fail: they are held back, and one at a time tries whether it works again",
    );
  }

  /** Takes the verdict of the one call that was let through. Where it is none, the next call may try. */
  function tried(verdict: Verdict, heldMs: number): void {
    if (verdict === "unknown") return;
    if (verdict === "fails") {
      openFor(Math.min(policy.maxOpenMs, 2 * heldMs));
      return;
    }
    open = null;
    window = { sinceMs: clock.monotonicMs(), calls: 0, failed: 0 };
    metrics.gauge("circuit_open", 0, { system });
    log.info({ system }, "an outside system works again: its calls are made");
  }

  function heldBack(untilMs: number): NoAnswer {
    metrics.count("calls_held_back", { system, reason: "circuit_open" });
    const detail = `${system} does not work at the moment`;
    const retryAfterMs = Math.max(whileTryingMs, Math.ceil(untilMs - clock.monotonicMs()));
    return { kind: "noAnswer", detail, mayHaveHappened: false, retryAfterMs };
  }

  async function call(http: HttpClient, request: HttpRequest, signal: AbortSignal | null) {
    const startedMs = clock.monotonicMs();
    const held = open;
    if (held !== null && (isTrying || startedMs < held.untilMs)) return heldBack(held.untilMs);
    if (held === null) {
      const answer = await http.call(request, signal);
      count(judge(answer, request, clock.monotonicMs() - startedMs));
      return answer;
    }
    isTrying = true;
    try {
      const answer = await http.call(request, signal);
      tried(judge(answer, request, clock.monotonicMs() - startedMs), held.forMs);
      return answer;
    } finally {
      isTrying = false;
    }
  }

  return {
    around: (http) => ({
      call: (request, signal) => call(http, request, signal),
      close: () => http.close(),
    }),
  };
}
