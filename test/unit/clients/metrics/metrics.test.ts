// The metrics' text, the labels they take, and the port that shows them.
import { afterEach, describe, expect, it } from "vitest";

import { counters, gauges, timers, type Instrument } from "../../../../src/clients/metrics/instruments.ts";
import { createMetrics } from "../../../../src/clients/metrics/metrics.ts";
import { startObservationServer, type ObservationServer } from "../../../../src/clients/metrics/observation-server.ts";
import type { IngressMetrics } from "../../../../src/ingress/ports.ts";
import type { Log, Metrics } from "../../../../src/topology/ports.ts";
import { filesOfRepository } from "../../architecture/repository.ts";

const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

describe("metrics", () => {
  it("serve the runtime's port and the HTTP edge's", () => {
    const metrics = createMetrics({ processMetrics: false });
    const ports: { readonly topology: Metrics; readonly ingress: IngressMetrics } = {
      topology: metrics,
      ingress: metrics,
    };
    expect(ports.topology).toBe(ports.ingress);
  });

  it("export counters, timers in seconds and gauges under the service's name", async () => {
    const metrics = createMetrics({ processMetrics: false });
    metrics.count("dead_letters", { reason: "invalid" });
    metrics.count("dead_letters", { reason: "invalid" }, 2);
    metrics.observeMs("turn", 4);
    metrics.gauge("consumer_lag", 7, { topic: "chat-requests", partition: "3" });
    const { text, contentType } = await metrics.exposition();
    expect(contentType).toContain("text/plain");
    const lines = text.split("\n");
    expect(lines).toContain('salesforce_integration_dead_letters_total{reason="invalid"} 3');
    expect(lines).toContain('salesforce_integration_turn_seconds_bucket{le="0.005"} 1');
    expect(lines).toContain('salesforce_integration_turn_seconds_bucket{le="0.0025"} 0');
    expect(lines).toContain("salesforce_integration_turn_seconds_sum 0.004");
    expect(lines).toContain('salesforce_integration_consumer_lag{topic="chat-requests",partition="3"} 7');
  });

  it("drop a label that is not declared instead of throwing", async () => {
    const metrics = createMetrics({ processMetrics: false });
    metrics.count("turns", { user: "5215512345678" });
    expect((await metrics.exposition()).text).not.toContain("5215512345678");
  });

  it("keep the metrics of two services apart", async () => {
    const one = createMetrics({ processMetrics: false });
    createMetrics({ processMetrics: false }).count("turns");
    expect((await one.exposition()).text).not.toMatch(/turns_total(\{\})? 1/);
  });

  it("have every label that src/ uses, and no other", () => {
    const declared: Readonly<Record<string, Instrument>> = { ...counters, ...timers, ...gauges };
    const uses = filesOfRepository(/^src\/.*\.ts$/).flatMap(({ path, text }) =>
      [...text().matchAll(/\.(?:count|observeMs|gauge)\(\s*"(\w+)"[^;]*?\{([^}]*)\}/g)].flatMap(
        ([, name = "", labels = ""]) =>
          [...labels.matchAll(/(\w+)(?=\s*[:,]|\s*$)\s*(?::[^,]*)?/g)].map(([, label = ""]) => ({ path, name, label })),
      ),
    );
    expect(uses.length).toBeGreaterThan(5);
    const known = (name: string): readonly string[] => new Map(Object.entries(declared)).get(name)?.labels ?? [];
    expect(uses.filter(({ name, label }) => !known(name).includes(label))).toEqual([]);
    const used = new Set(uses.map(({ name, label }) => `${name} ${label}`));
    const all = Object.entries(declared).flatMap(([name, { labels }]) => labels.map((label) => `${name} ${label}`));
    expect(all.filter((one) => !used.has(one))).toEqual([]);
  });
});

describe("observation port", () => {
  const open: ObservationServer[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((server) => server.close()));
  });

  async function start(missing: () => readonly string[]): Promise<string> {
    const metrics = createMetrics({ processMetrics: true });
    const server = await startObservationServer({ host: "127.0.0.1", port: 0, metrics, missing, log: silent });
    open.push(server);
    return `http://127.0.0.1:${server.port.toString()}`;
  }

  it("says what is missing with 503, and 200 when nothing is", async () => {
    const missing = ["kafka", "redis"];
    const base = await start(() => missing);
    const unready = await fetch(`${base}/ready`);
    expect([unready.status, await unready.json()]).toEqual([503, { ready: false, missing: ["kafka", "redis"] }]);
    missing.length = 0;
    const ready = await fetch(`${base}/ready`);
    expect([ready.status, await ready.json()]).toEqual([200, { ready: true, missing: [] }]);
  });

  it("is alive while not ready", async () => {
    const base = await start(() => ["kafka"]);
    const live = await fetch(`${base}/live`);
    expect([live.status, await live.json()]).toEqual([200, { live: true }]);
  });

  it("shows the metrics, of the process too", async () => {
    const base = await start(() => []);
    const text = await (await fetch(`${base}/metrics?x=1`)).text();
    expect(text).toContain("# HELP salesforce_integration_turns_total Turns saved.");
    expect(text).toContain("process_resident_memory_bytes");
  });

  it("answers 404 elsewhere and 405 to writes", async () => {
    const base = await start(() => []);
    expect((await fetch(`${base}/`)).status).toBe(404);
    expect((await fetch(`${base}/ready`, { method: "POST", body: "x" })).status).toBe(405);
  });

  it("closes while a client keeps its connection, and closes twice", async () => {
    const base = await start(() => []);
    await (await fetch(`${base}/live`)).text();
    const [server] = open;
    await server?.close();
    await server?.close();
    await expect(fetch(`${base}/live`)).rejects.toThrow();
  });

  it("rejects when the port is taken", async () => {
    const base = await start(() => []);
    const port = Number(new URL(base).port);
    const metrics = createMetrics({ processMetrics: false });
    await expect(
      startObservationServer({ host: "127.0.0.1", port, metrics, missing: () => [], log: silent }),
    ).rejects.toMatchObject({ code: "EADDRINUSE" });
  });
});
