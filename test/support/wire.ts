// The service's settings for a way to Kafka with TLS and a login. Called by stage.ts and by tests of the wire's security.
import type { Wire } from "./services.ts";

/** Settings by name without prefix; none for the plain listener. */
export function wireSettings(wire: Wire | undefined): Record<string, string> {
  if (wire === undefined) return {};
  const colon = wire.brokers.lastIndexOf(":");
  return {
    KAFKA_HOST: wire.brokers.slice(0, colon),
    KAFKA_PORT: wire.brokers.slice(colon + 1),
    KAFKA_SECURITY_PROTOCOL: "SASL_SSL",
    KAFKA_SASL_MECHANISM: wire.mechanism,
    KAFKA_USER: wire.user,
    KAFKA_PASSWORD: wire.password,
    KAFKA_CA_FILE: wire.caFile,
  };
}
