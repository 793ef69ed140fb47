// Which errors at start only a person can mend.
import { describe, expect, it } from "vitest";

import { startRefusal } from "../../../../src/clients/kafka/start-refusals.ts";

const named = (name: string, message: string, more: object = {}) =>
  Object.assign(new Error(message), { name, ...more });
const wrapped = (cause: unknown) => new Error("outer", { cause: new Error("middle", { cause }) });
const sasl = (message: string) => named("KafkaJSSASLAuthenticationError", message);
const connection = (code: string) => named("KafkaJSConnectionError", "Connection error", { code });
const protocol = (type: string) => named("KafkaJSProtocolError", "text", { type });

describe("a start is refused", () => {
  it.each([
    ["a wrong password by PLAIN", sasl("SASL PLAIN authentication failed: Authentication failed: Invalid credentials")],
    ["a wrong password by SCRAM", sasl("SASL SCRAM SHA256 authentication failed: Authentication failed during x")],
    ["a login refused by its code", protocol("SASL_AUTHENTICATION_FAILED")],
  ])("for %s", (_, error) => {
    expect(startRefusal(error)).toContain("KAFKA_PASSWORD");
    expect(startRefusal(wrapped(error))).toContain("KAFKA_PASSWORD");
  });

  it.each([
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "CERT_HAS_EXPIRED",
    "ERR_TLS_CERT_ALTNAME_INVALID",
  ])("for a certificate: %s", (code) => {
    expect(startRefusal(wrapped(connection(code)))).toContain(`(${code}): KAFKA_CA_FILE`);
  });

  it("for a mechanism that the broker does not offer", () => {
    expect(startRefusal(sasl("SASL PLAIN mechanism is not supported by the server"))).toContain("KAFKA_SASL_MECHANISM");
    expect(startRefusal(protocol("ILLEGAL_SASL_STATE"))).toContain("KAFKA_SECURITY_PROTOCOL");
  });

  it.each(["TOPIC_AUTHORIZATION_FAILED", "GROUP_AUTHORIZATION_FAILED", "CLUSTER_AUTHORIZATION_FAILED"])(
    "for %s",
    (type) => {
      expect(startRefusal(wrapped(protocol(type)))).toContain("docs/security.md");
    },
  );
});

describe("a start waits", () => {
  it.each([
    ["a refused connection", connection("ECONNREFUSED")],
    ["a connection cut while logging in", sasl("SASL PLAIN authentication failed: Closed connection")],
    ["silence while logging in", sasl("SASL PLAIN authentication failed: Request SaslAuthenticate(key: 36) timed out")],
    ["a reset while logging in", sasl("SASL SCRAM SHA256 authentication failed: Connection error: read ECONNRESET")],
    ["a name that is not found", connection("ENOTFOUND")],
    ["a broker without a leader yet", protocol("LEADER_NOT_AVAILABLE")],
    ["what is no error", "text"],
  ])("for %s", (_, error) => {
    expect(startRefusal(error)).toBeNull();
    expect(startRefusal(wrapped(error))).toBeNull();
  });
});
