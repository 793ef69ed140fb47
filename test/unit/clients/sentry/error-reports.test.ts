// Error reports: where they go by the DSN, what stands in them and what never does, and that a flood is one report.
import { describe, expect, it } from "vitest";

import { createMetrics } from "../../../../src/clients/metrics/metrics.ts";
import type { HttpRequest } from "../../../../src/clients/http/http-client.ts";
import { readDsn } from "../../../../src/clients/sentry/dsn.ts";
import { createErrorReports, noErrorReports, type ErrorReports } from "../../../../src/clients/sentry/error-reports.ts";

describe("a DSN", () => {
  it.each([
    ["https://key@sentry.example.com/42", "https://sentry.example.com/api/42/envelope/"],
    ["http://key:secret@127.0.0.1:9000/7", "http://127.0.0.1:9000/api/7/envelope/"],
    ["https://key@example.com/sentry/behind/7/", "https://example.com/sentry/behind/api/7/envelope/"],
  ])("%s leads to %s", (text, url) => {
    expect(readDsn(text)).toEqual({ url, publicKey: "key" });
  });

  it.each(["", "sentry", "https://sentry.example.com/42", "ftp://key@host/1", "https://key@host/", "{{dsn}}"])(
    "%j is none",
    (text) => {
      expect(readDsn(text)).toBeNull();
    },
  );
});

function sink(): { readonly reports: ErrorReports; readonly sent: HttpRequest[]; now: number } {
  const sent: HttpRequest[] = [];
  const state = { now: 1_000_000, sent };
  const dsn = readDsn("https://key@sentry.example.com/42");
  if (dsn === null) throw new Error("no DSN");
  const reports = createErrorReports({
    dsn,
    http: {
      call: async (request) => {
        sent.push(request);
        return { kind: "answer", status: 200, body: "", retryAfterMs: null };
      },
    },
    ...{ environment: "staging", release: "r@1", client: "salesforce", now: () => state.now },
  });
  return Object.assign(state, { reports });
}

function events(sent: readonly HttpRequest[]): readonly Record<string, unknown>[] {
  return sent.map(
    ({ body }) => JSON.parse((typeof body === "string" ? body : "").split("\n")[2] ?? "") as Record<string, unknown>,
  );
}

describe("reports", () => {
  it("of alarms and dead letters carry their names, and the metrics still count", async () => {
    const { reports, sent } = sink();
    const metrics = reports.watching(createMetrics({ processMetrics: false }));
    metrics.count("alarms", { alarm: "state_unreadable" });
    metrics.count("dead_letters", { reason: "undecodable" });
    metrics.count("turns");
    await reports.flush(1_000);
    expect(events(sent)).toMatchObject([
      { level: "error", message: { formatted: "alarm: state_unreadable" }, environment: "staging", release: "r@1" },
      { level: "warning", message: { formatted: "dead letter: undecodable" }, tags: { client: "salesforce" } },
    ]);
    expect(sent[0]).toMatchObject({ method: "POST", url: "https://sentry.example.com/api/42/envelope/" });
    expect(sent[0]?.headers["x-sentry-auth"]).toContain("sentry_key=key");
    const { text } = await metrics.exposition();
    expect(text).toContain('salesforce_integration_alarms_total{alarm="state_unreadable"} 1');
  });

  it("of an error carry its type, code and calls, never its words", async () => {
    const { reports, sent } = sink();
    const cause = new Error("Bearer eyJhbGciOi.x.y");
    reports.unhandled(
      Object.assign(new TypeError("hola 5215512345678\n    at secret (/x.js:1:1)"), { code: "E_X", cause }),
    );
    reports.unhandled("a text with 5215512345678");
    await reports.flush(1_000);
    const [first, second] = events(sent);
    expect(first).toMatchObject({ level: "fatal", exception: { values: [{ type: "TypeError", value: "E_X" }] } });
    expect(second).toMatchObject({ exception: { values: [{ type: "string", value: "see the log" }] } });
    expect(JSON.stringify(first)).toContain("error-reports.test.ts");
    for (const word of ["hola", "5215512345678", "eyJhbGciOi"])
      expect(JSON.stringify(events(sent))).not.toContain(word);
  });

  it("of the same thing are one a minute, and the next says how many there were", async () => {
    const state = sink();
    const metrics = state.reports.watching(createMetrics({ processMetrics: false }));
    const letter = (): void => metrics.count("dead_letters", { reason: "invalid" });
    for (let i = 0; i < 1_000; i += 1) letter();
    state.now += 60_000;
    metrics.count("dead_letters", { reason: "invalid" }, 5);
    await state.reports.flush(1_000);
    expect(events(state.sent).map(({ extra }) => extra)).toEqual([
      { repeatsSinceLast: 0 },
      { repeatsSinceLast: 999 + 4 },
    ]);
  });

  it("that nobody answers hold a process for no longer than it waits", async () => {
    const dsn = readDsn("https://key@sentry.example.com/42");
    if (dsn === null) throw new Error("no DSN");
    const http = { call: () => new Promise<never>(() => undefined) };
    const reports = createErrorReports({ dsn, http, environment: "e", release: "r", client: "c", now: () => 0 });
    reports.unhandled(new Error("x"));
    const startedMs = performance.now();
    await reports.flush(50);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });

  it("are none without a DSN", async () => {
    const metrics = createMetrics({ processMetrics: false });
    expect(noErrorReports.watching(metrics)).toBe(metrics);
    noErrorReports.unhandled(new Error("x"));
    await noErrorReports.flush(1);
  });
});
