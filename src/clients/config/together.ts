// What settings must say together, beyond the form of each. Called by settings.ts once every setting has its form.
import { isHostAndPort } from "./forms.ts";
import { loginContradictions } from "./login-settings.ts";
import type { SettingValues } from "./schema.ts";

interface Contradiction {
  readonly name: string;
  readonly problem: string;
}

/** Production means ENVIRONMENT is `production` or `prod`, in any case. */
export function isProduction(environment: string | null): boolean {
  return /^prod(uction)?$/i.test(environment ?? "");
}

/** True when the broker asks for user and password. */
export function usesSasl(protocol: SettingValues["KAFKA_SECURITY_PROTOCOL"]): boolean {
  return protocol === "SASL_SSL" || protocol === "SASL_PLAINTEXT";
}

/** Broker addresses with their ports; an entry that has none gets `port`. */
export function brokersOf(hosts: readonly string[], port: number | null): readonly string[] {
  return hosts.map((host) => (isHostAndPort(host) || port === null ? host : `${host}:${port.toString()}`));
}

/** Every contradiction among the settings that could be read; one that could not is no part of any. */
export function contradictions(values: Partial<SettingValues>): readonly Contradiction[] {
  const { KAFKA_SECURITY_PROTOCOL: protocol } = values;
  const sasl = protocol !== undefined && usesSasl(protocol);
  const found: (Contradiction | false)[] = [
    values.KAFKA_HOST?.length === 0 && { name: "KAFKA_HOST", problem: "must name at least one broker" },
    ...kafkaPort(values),
    ...redisAddress(values),
    sasl && values.KAFKA_USER === null && neededBySasl("KAFKA_USER"),
    sasl && values.KAFKA_PASSWORD === null && neededBySasl("KAFKA_PASSWORD"),
    isProduction(values.ENVIRONMENT ?? null) &&
      (values.STATE_ENCRYPTION_KEY === null || values.STATE_ENCRYPTION_KEY?.length === 0) && {
        name: "STATE_ENCRYPTION_KEY",
        problem: "is required in production",
      },
    ...loginContradictions(values),
  ];
  return found.filter((entry) => entry !== false);
}

function redisAddress(values: Partial<SettingValues>): readonly Contradiction[] {
  const { REDIS_ADDRESS: address, REDIS_MASTER: master, REDIS_SENTINEL_ADDRESS: sentinels } = values;
  if (address !== null) return [];
  if (master === null) return [{ name: "REDIS_ADDRESS", problem: "or REDIS_MASTER is required" }];
  return typeof master === "string" && sentinels === null
    ? [{ name: "REDIS_SENTINEL_ADDRESS", problem: "is required with REDIS_MASTER" }]
    : [];
}

function kafkaPort(values: Partial<SettingValues>): readonly Contradiction[] {
  const { KAFKA_HOST: hosts, KAFKA_PORT: port } = values;
  if (hosts === undefined || port === undefined) return [];
  const brokers = brokersOf(hosts, port);
  if (brokers.every(isHostAndPort)) return [];
  return port === null
    ? [{ name: "KAFKA_PORT", problem: "is required because an entry of KAFKA_HOST has no port" }]
    : [{ name: "KAFKA_HOST", problem: "must be hosts, with or without :port, with commas between them" }];
}

function neededBySasl(name: string): Contradiction {
  return { name, problem: "is required with KAFKA_SECURITY_PROTOCOL SASL_SSL (the default) and SASL_PLAINTEXT" };
}
