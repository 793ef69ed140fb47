// Reports of errors to Sentry, or whatever speaks its envelopes (develop.sentry.dev/sdk/data-model/envelopes): unhandled errors, dead letters
// and alarms. Owns what stands in an event: constant words, the type and stack of an error, never its message, which may be anybody's
// words. Sent by the service's own HTTP client, so by its proxy; nothing is patched, nothing is loaded without SENTRY_DSN.
import { v4 } from "uuid";

import type { ServiceMetrics } from "../metrics/metrics.ts";
import type { HttpClient } from "../http/http-client.ts";
import type { SentryDsn } from "./dsn.ts";

/** What reports are made with. */
export interface ErrorReportOptions {
  readonly dsn: SentryDsn;
  readonly http: Pick<HttpClient, "call">;
  /** ENVIRONMENT. */
  readonly environment: string;
  readonly release: string;
  /** CLIENT. */
  readonly client: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Reports. None of the calls throws or waits, except `flush`. */
export interface ErrorReports {
  /** An error that nobody has handled. */
  unhandled(error: unknown): void;
  /** The same metrics, whose alarms and dead letters are reported as well. */
  watching(metrics: ServiceMetrics): ServiceMetrics;
  /** Resolves when everything so far is sent or given up, at the latest after `timeoutMs`. */
  flush(timeoutMs: number): Promise<void>;
}

interface Frame {
  readonly filename: string;
  readonly function: string;
  readonly lineno: number;
  readonly colno: number;
}

/** The same report again within this time is counted, not sent: dead letters come by the thousand. */
const quietMs = 60_000;
const mostUnderWay = 20;
const mostFrames = 50;

/** Where there is no SENTRY_DSN. */
export const noErrorReports: ErrorReports = {
  unhandled: () => undefined,
  watching: (metrics) => metrics,
  flush: () => Promise.resolve(),
};

/** Makes them; sends nothing yet. */
export function createErrorReports(options: ErrorReportOptions): ErrorReports {
  const { dsn, http, now } = options;
  const sentAt = new Map<string, number>();
  const unsaid = new Map<string, number>();
  const underWay = new Set<Promise<unknown>>();

  function report(key: string, event: Readonly<Record<string, unknown>>, times = 1): void {
    const last = sentAt.get(key);
    if ((last !== undefined && now() - last < quietMs) || underWay.size >= mostUnderWay) {
      unsaid.set(key, (unsaid.get(key) ?? 0) + times);
      return;
    }
    sentAt.set(key, now());
    const repeats = (unsaid.get(key) ?? 0) + times - 1;
    unsaid.delete(key);
    const sending = send({ fingerprint: [key], extra: { repeatsSinceLast: repeats }, ...event });
    underWay.add(sending);
    void sending.finally(() => underWay.delete(sending));
  }

  /** What the other side says is not looked at: a report is never worth a second call. */
  function send(event: Readonly<Record<string, unknown>>): Promise<unknown> {
    const id = v4().replaceAll("-", "");
    const { environment, release, client } = options;
    const whole = {
      ...{ event_id: id, timestamp: now() / 1000, platform: "node", logger: "salesforce-integration" },
      ...{ environment, release, tags: { client } },
      ...event,
    };
    const lines = [{ event_id: id, sent_at: new Date(now()).toISOString() }, { type: "event" }, whole];
    return http.call(
      {
        method: "POST",
        url: dsn.url,
        headers: {
          "content-type": "application/x-sentry-envelope",
          "x-sentry-auth": `Sentry sentry_version=7, sentry_client=salesforce-integration/1.0, sentry_key=${dsn.publicKey}`,
        },
        body: lines.map((line) => JSON.stringify(line)).join("\n"),
      },
      null,
    );
  }

  function counted(name: string, labels: Readonly<Record<string, string>>, times: number): void {
    if (name !== "alarms" && name !== "dead_letters") return;
    const [what, level] = name === "alarms" ? (["alarm", "error"] as const) : (["dead letter", "warning"] as const);
    // Labels are from closed lists: see instruments.ts.
    const which = labels["alarm"] ?? labels["reason"] ?? "unknown";
    const tags = { client: options.client, ...labels };
    report(`${what}: ${which}`, { level, message: { formatted: `${what}: ${which}` }, tags }, times);
  }

  return {
    unhandled(error) {
      const type = error instanceof Error ? error.name : typeof error;
      const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
      const frames = error instanceof Error ? framesOf(error.stack ?? "") : [];
      const value = {
        type,
        value: code ?? "see the log",
        stacktrace: { frames },
        mechanism: { type: "generic", handled: false },
      };
      report(`${type} ${frames.at(-1)?.filename ?? ""}:${String(frames.at(-1)?.lineno ?? "")}`, {
        level: "fatal",
        exception: { values: [value] },
      });
    },
    watching: (metrics) => ({
      ...metrics,
      count(name, labels, by) {
        metrics.count(name, labels, by);
        counted(name, labels ?? {}, by ?? 1);
      },
    }),
    async flush(timeoutMs) {
      const late = Promise.withResolvers<undefined>();
      const timer = setTimeout(() => late.resolve(undefined), timeoutMs);
      await Promise.race([Promise.allSettled(underWay), late.promise]);
      clearTimeout(timer);
    },
  };
}

/** Oldest call first, as Sentry wants them. The first lines of a stack repeat the message: only calls are taken. */
function framesOf(stack: string): readonly Frame[] {
  return stack
    .split("\n")
    .flatMap((line): readonly Frame[] => {
      const found = /^\s+at (?:(?<name>[\w.<>[\] ]+) \()?(?<file>[^()\s]+):(?<line>\d+):(?<column>\d+)\)?$/.exec(
        line,
      )?.groups;
      if (found?.["file"] === undefined) return [];
      const { name = "?", file, line: lineno, column } = found;
      return [{ filename: file, function: name, lineno: Number(lineno), colno: Number(column) }];
    })
    .slice(0, mostFrames)
    .reverse();
}
