// Where Kafka, the schema registry and Redis of this test run are, and names that no other test file uses. For tests of the levels that
// need services. Starts nothing: test/levels/services.ts does, once per run, and hands the addresses over in the environment.
import { randomBytes } from "node:crypto";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

/** Addresses of the services of this run. All on 127.0.0.1, none shared with a running sandbox. */
export interface ServiceAddresses {
  /** `host:port`, as Kafka clients take it. */
  readonly brokers: string;
  /** Base URL of a registry that speaks the Confluent API. */
  readonly registryUrl: string;
  /** `host:port`. */
  readonly redis: string;
  /** How the service reaches Kafka in this run, where not over the plain listener. Witnesses use that one all the same. */
  readonly wire?: Wire;
}

/** A way to Kafka with TLS and a login. */
export interface Wire {
  /** `host:port` of the listener. */
  readonly brokers: string;
  readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
  readonly user: string;
  readonly password: string;
  /** PEM file. */
  readonly caFile: string;
}

/** Names of one test file, so that files do not see each other's records and keys. */
export interface OwnNames {
  /** Prefix of its topics (KAFKA_TOPIC). */
  readonly topic: string;
  /** CLIENT: part of every key in Redis and of every record. */
  readonly client: string;
  /** APP_NAME: with the topic, the consumer group. */
  readonly appName: string;
}

/** Name of the environment variable that carries the addresses, as JSON. */
export const servicesVariable = "TEST_SERVICES";

/**
 * Addresses of the running services. Throws outside a run that started them.
 *
 * @param env for tests of this function.
 */
export function serviceAddresses(env: NodeJS.ProcessEnv = process.env): ServiceAddresses {
  const text = env[servicesVariable];
  if (text === undefined) {
    throw new Error(
      "This test needs Kafka, a registry and Redis: run it by `npm test -- LEVEL FILE`, which starts them.",
    );
  }
  const value = JSON.parse(text) as Partial<Record<keyof ServiceAddresses, unknown>>;
  const { brokers, registryUrl, redis, wire } = value;
  if (typeof brokers !== "string" || typeof registryUrl !== "string" || typeof redis !== "string") {
    throw new Error(`${servicesVariable} must hold brokers, registryUrl and redis.`);
  }
  return { brokers, registryUrl, redis, ...(wire === undefined ? {} : { wire: wire as Wire }) };
}

/**
 * Names for a test file: readable where they show up in a broker, new at every call, so that a run never meets what an earlier
 * one left.
 *
 * @param fileUrl `import.meta.url` of the test.
 */
export function ownNames(fileUrl: string): OwnNames {
  const file = basename(fileURLToPath(fileUrl)).replace(/\.test\.ts$/, "");
  const suffix = randomBytes(4).toString("hex");
  return { topic: `test-${file}-${suffix}`, client: `client-${suffix}`, appName: `app-${suffix}` };
}
