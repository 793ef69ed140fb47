// Settings of Kafka, the schema registry and Redis. What the addresses mean together is checked in together.ts.
import {
  duration,
  form,
  goBoolean,
  hostAndPort,
  httpAddress,
  isHostAndPort,
  list,
  oneOf,
  text,
  wholeNumber,
  word,
  type Form,
} from "./forms.ts";
import { schedule } from "./schedule-form.ts";
import { defaulted, optional, required } from "./setting.ts";

const secondMs = 1000;
const dayMs = 86_400_000;

/** `host:port;host:port`, as the original splits it. */
const sentinels: Form<readonly string[]> = form("host:port entries with semicolons between them", (raw) => {
  const entries = raw
    .split(";")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "")
    .map((entry) => entry.replace(/^:/, "localhost:"))
    .map((entry) => (isHostAndPort(entry) ? entry : `${entry}:26379`));
  return entries.length > 0 && entries.every(isHostAndPort) ? entries : undefined;
});

/** Settings of the stores, by name without prefix. */
export const storageSettings = {
  KAFKA_HOST: required(list, {
    description: "Kafka brokers: host or host:port, a list with commas.",
    example: "kafka-1:9092,kafka-2:9092",
    local: "127.0.0.1",
  }),
  KAFKA_PORT: optional(wholeNumber(1, 65_535), {
    description: "Port of the entries of KAFKA_HOST that have none. Required when there is such an entry.",
    example: "9092",
    local: "9092",
  }),
  KAFKA_TOPIC: required(word, {
    description: "Prefix of all topics, `<KAFKA_TOPIC>.chat-requests` and so on, and second half of the group id.",
    example: "salesforce",
    local: "salesforce",
  }),
  KAFKA_SECURITY_PROTOCOL: defaulted(oneOf("SASL_SSL", "SASL_PLAINTEXT", "SSL", "PLAINTEXT"), "SASL_SSL", {
    description: "How brokers are spoken to. Without SASL, user and password are ignored.",
    example: "SASL_SSL",
    local: "PLAINTEXT",
  }),
  KAFKA_SASL_MECHANISM: defaulted(oneOf("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"), "PLAIN", {
    description: "How user and password are proven.",
    example: "SCRAM-SHA-512",
  }),
  KAFKA_USER: optional(text, { description: "User at the brokers. Required with SASL.", example: "salesforce" }),
  KAFKA_PASSWORD: optional(text, {
    description: "Password at the brokers. Required with SASL.",
    example: "a-long-password",
    secret: true,
  }),
  KAFKA_CA_FILE: optional(text, {
    description: "PEM file of the authority that signed the brokers' certificates.",
    example: "/etc/kafka/ca.pem",
    defaultInWords: "the system's authorities",
  }),
  KAFKA_CREATE_TOPICS: optional(goBoolean, {
    description: "Creates topics that are missing; never changes what exists.",
    example: "true",
    defaultInWords: "true outside production",
  }),
  KAFKA_PARTITIONS: defaulted(wholeNumber(1, 1000), "12", {
    description: "Partitions of topics that are created.",
    example: "12",
  }),
  KAFKA_REPLICATION_FACTOR: defaulted(wholeNumber(1, 10), "3", {
    description: "Replicas of topics that are created; 1 on a cluster of one broker, with a warning.",
    example: "3",
  }),
  KAFKA_SESSION_TIMEOUT: defaulted(duration(6 * secondMs, 300 * secondMs), "10s", {
    description: "Silence after which the group gives a member's partitions to others.",
    example: "10s",
  }),
  SCHEMA_REGISTRY_URL: required(httpAddress, {
    description: "Base address of a Confluent-compatible schema registry.",
    example: "https://registry.example.com",
    local: "http://127.0.0.1:8081",
  }),
  SCHEMA_REGISTRY_USER: optional(text, { description: "User at the registry.", example: "salesforce" }),
  SCHEMA_REGISTRY_PASSWORD: optional(text, {
    description: "Password at the registry.",
    example: "a-long-password",
    secret: true,
  }),
  SCHEMA_AUTO_REGISTER: optional(goBoolean, {
    description: "Registers schemas that are missing; else the start fails and names them.",
    example: "false",
    defaultInWords: "true outside production",
  }),
  REDIS_ADDRESS: optional(hostAndPort, {
    description: "Redis 6.2 or newer, host:port. Required without REDIS_MASTER, and wins over it.",
    example: "redis:6379",
    local: "127.0.0.1:6379",
  }),
  REDIS_PASSWORD: optional(text, { description: "Password of Redis.", example: "a-long-password", secret: true }),
  REDIS_MASTER: optional(word, {
    description: "Name of the master that the Sentinels of REDIS_SENTINEL_ADDRESS watch.",
    example: "mymaster",
  }),
  REDIS_SENTINEL_ADDRESS: optional(sentinels, {
    description: "Sentinels, host:port with semicolons between them; without port 26379.",
    example: "sentinel-1:26379;sentinel-2:26379",
  }),
  REDIS_TLS: defaulted(goBoolean, "false", {
    description: "Speaks TLS to Redis and to the Sentinels, and checks their certificates by the system's authorities.",
    example: "true",
  }),
  CLEAN_CONTEXT_SCHEDULE: defaulted(schedule, "0 9 * * *", {
    description:
      "When context older than a day is removed from Redis, the Go service's too; written as SPEC_SCHEDULE is. Nobody is shown it before either. Empty: never.",
    example: "0 9 * * *",
  }),
  DEDUPE_WINDOW: defaulted(duration(secondMs, 30 * dayMs), "7d", {
    description: "How long the id of a webhook's message is remembered; a repeat within it is dropped.",
    example: "7d",
  }),
};
