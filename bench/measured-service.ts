// The service under measurement, seen from its /metrics alone. Starts nothing: a stage of the end-to-end tests does. Called by the parts.
import type { ServiceProcess } from "../test/support/service-process.ts";
import type { Sample } from "./figures.ts";

/** What its metrics say at a moment. */
export interface ServiceSample extends Sample {
  /** Resident memory, bytes. */
  readonly memoryBytes: number;
}

/** Asks once. `counter` is the name of a counter without prefix and `_total`; its series are summed. */
export async function sampleService(service: ServiceProcess, counter = "records_applied"): Promise<ServiceSample> {
  const response = await fetch(`${service.metricsUrl}/metrics`);
  const text = await response.text();
  const atMs = performance.now();
  return {
    atMs,
    count: sumOf(text, `salesforce_integration_${counter}_total`),
    cpuUs: sumOf(text, "process_cpu_seconds_total") * 1_000_000,
    memoryBytes: sumOf(text, "process_resident_memory_bytes"),
  };
}

/** Environment of a service process: with BENCH_PROFILE it leaves a CPU profile in that folder when it ends by itself. */
export function profiled(): Readonly<Record<string, string>> {
  const folder = process.env["BENCH_PROFILE"];
  return folder === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${folder}` };
}

function sumOf(exposition: string, name: string): number {
  const lines = exposition.split("\n").filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}
