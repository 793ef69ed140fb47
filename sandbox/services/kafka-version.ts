// Owns which Kafka a KAFKA_VERSION means. Called by both implementations of the driver.
import { MissingPrerequisite } from "./missing-prerequisite.ts";

const VERSIONS: ReadonlyMap<string, string> = new Map([
  ["4.1", "4.1.1"],
  ["3.9", "3.9.1"],
]);

/**
 * The full version for a KAFKA_VERSION (`4.1` when it is unset or empty).
 *
 * @throws {MissingPrerequisite} for one that is not known.
 */
export function kafkaVersion(wanted: string | undefined): string {
  const asked = wanted === undefined || wanted === "" ? "4.1" : wanted;
  const known = VERSIONS.get(asked);
  if (known !== undefined) return known;
  if ([...VERSIONS.values()].includes(asked)) return asked;
  throw new MissingPrerequisite(
    `KAFKA_VERSION is ${JSON.stringify(asked)}; known are ${[...VERSIONS.keys()].join(" and ")}.`,
  );
}
