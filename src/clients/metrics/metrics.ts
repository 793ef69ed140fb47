// The service's metrics in Prometheus form: implements the Metrics port and that of the HTTP edge. What exists is in
// instruments.ts; serving it is observation-server.ts's. The only place that knows the Prometheus client.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "@prometheus-io/client";

import type { Metrics } from "../../topology/ports.ts";
import {
  bucketsSeconds,
  counters,
  gauges,
  timers,
  type HttpCounterName,
  type HttpTimerName,
  type Instrument,
} from "./instruments.ts";

type Labels = Readonly<Record<string, string>>;

/** Metrics of one process. None of the calls throws or waits. */
export interface ServiceMetrics extends Metrics {
  count(name: Parameters<Metrics["count"]>[0] | HttpCounterName, labels?: Labels, by?: number): void;
  observeMs(name: Parameters<Metrics["observeMs"]>[0] | HttpTimerName, ms: number, labels?: Labels): void;
  /** Everything in Prometheus' text format. */
  exposition(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** What the metrics are about. */
export interface MetricsOptions {
  /** Adds memory, CPU and event loop of the process; these go on measuring until the process ends. */
  readonly processMetrics: boolean;
}

const prefix = "salesforce_integration_";

/** Makes the metrics in a registry of their own. */
export function createMetrics(options: MetricsOptions): ServiceMetrics {
  const registry = new Registry();
  const registers = [registry];
  const counter = byName(counters, (name, { help, labels }) => {
    return new Counter({ name: `${prefix}${name}_total`, help, labelNames: labels, registers });
  });
  const timer = byName(timers, (name, { help, labels }) => {
    const buckets = [...bucketsSeconds];
    return new Histogram({ name: `${prefix}${name}_seconds`, help, labelNames: labels, buckets, registers });
  });
  const gauge = byName(gauges, (name, { help, labels }) => {
    return new Gauge({ name: `${prefix}${name}`, help, labelNames: labels, registers });
  });
  if (options.processMetrics) collectDefaultMetrics({ register: registry });
  return {
    count: (name, labels, by = 1) => counter[name].inc(declared(counters[name], labels), by),
    observeMs: (name, ms, labels) => timer[name].observe(declared(timers[name], labels), Math.max(0, ms) / 1000),
    gauge: (name, value, labels) => gauge[name].set(declared(gauges[name], labels), value),
    exposition: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}

function byName<Name extends string, Value>(
  instruments: Readonly<Record<Name, Instrument>>,
  make: (name: Name, instrument: Instrument) => Value,
): Readonly<Record<Name, Value>> {
  const made = (Object.entries(instruments) as [Name, Instrument][]).map(
    ([name, one]) => [name, make(name, one)] as const,
  );
  return Object.fromEntries(made) as Record<Name, Value>;
}

// The client throws on a label that was not declared; a metric is never worth a turn.
function declared(instrument: Instrument, labels: Labels | undefined): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of instrument.labels) {
    const value = labels?.[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}
