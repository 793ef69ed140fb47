// The variants of a matrix run, and what its end says.
import { expect, it } from "vitest";

import { describeMatrix, nameOf, sumOf, variants, type Variant } from "../../levels/matrix.ts";

it("has both broker generations in each way to reach them", () => {
  expect(variants.map(nameOf)).toEqual([
    "Kafka 4.1, PLAINTEXT",
    "Kafka 4.1, SASL_SSL PLAIN",
    "Kafka 4.1, SASL_SSL SCRAM-SHA-512",
    "Kafka 3.9, PLAINTEXT",
    "Kafka 3.9, SASL_SSL PLAIN",
    "Kafka 3.9, SASL_SSL SCRAM-SHA-512",
  ]);
});

it("tells every variant, also one that was not come to, and adds them up", () => {
  const [first, second] = variants as readonly [Variant, Variant];
  const results = [
    { variant: first, tally: { passed: 3, failed: 0, skipped: ["a > b"] }, tookMs: 61_400 },
    { variant: second, tally: { passed: 2, failed: 1, skipped: [] }, tookMs: 2_000 },
  ];
  const lines = describeMatrix(results).split("\n");
  expect(lines).toHaveLength(1 + variants.length);
  expect(lines[1]).toMatch(/^ {2}Kafka 4\.1, PLAINTEXT +3 passed, 0 failed, 1 skipped in 61 s$/);
  expect(lines[2]).toMatch(/^ {2}Kafka 4\.1, SASL_SSL PLAIN +2 passed, 1 failed in 2 s$/);
  expect(lines[3]).toMatch(/not run$/);
  expect(sumOf(results)).toEqual({ passed: 5, failed: 1, skipped: ["Kafka 4.1, PLAINTEXT: a > b"] });
});
