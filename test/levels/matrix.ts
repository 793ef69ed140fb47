// What `--matrix` multiplies a level by: both broker generations, each in every way to reach Kafka; and the table at its end. Pure.
// Read by main.ts (one run per variant), services.ts (starts what a variant asks for) and plan.ts.
import { add, closingLine, nothing, type Tally } from "./tally.ts";

/** One way to run a level. */
export interface Variant {
  /** As KAFKA_VERSION has it. */
  readonly kafkaVersion: "4.1" | "3.9";
  /** How the service logs in over SASL_SSL; null: PLAINTEXT. */
  readonly mechanism: "PLAIN" | "SCRAM-SHA-512" | null;
}

/** What one of them came to. */
export interface VariantResult {
  readonly variant: Variant;
  readonly tally: Tally;
  readonly tookMs: number;
}

/** All of them, the usual one first. SCRAM-SHA-256 and SSL differ by one word of a setting: test/integration/security.test.ts. */
export const variants: readonly Variant[] = (["4.1", "3.9"] as const).flatMap((kafkaVersion) =>
  ([null, "PLAIN", "SCRAM-SHA-512"] as const).map((mechanism) => ({ kafkaVersion, mechanism })),
);

/** For people. */
export function nameOf({ kafkaVersion, mechanism }: Variant): string {
  return `Kafka ${kafkaVersion}, ${mechanism === null ? "PLAINTEXT" : `SASL_SSL ${mechanism}`}`;
}

/** The table, and a last row for those that an interrupted run did not come to. */
export function describeMatrix(results: readonly VariantResult[]): string {
  const rows = variants.map((variant) => {
    const result = results.find((one) => one.variant === variant);
    const what =
      result === undefined ? "not run" : `${closingLine(result.tally)} in ${(result.tookMs / 1_000).toFixed(0)} s`;
    return `  ${nameOf(variant).padEnd(34)} ${what}`;
  });
  return ["matrix:", ...rows].join("\n");
}

/** All results together; a skipped test is named with its variant. */
export function sumOf(results: readonly VariantResult[]): Tally {
  const named = results.map(({ variant, tally }) => ({
    ...tally,
    skipped: tally.skipped.map((test) => `${nameOf(variant)}: ${test}`),
  }));
  return named.reduce(add, nothing);
}
