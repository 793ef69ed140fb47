// Which transport failures are certain and which leave a call in doubt.
import { describe, expect, it } from "vitest";

import { transportFailure } from "../../../../src/clients/http/transport-failure.ts";

const system = (code: string, syscall: string) =>
  Object.assign(new Error(`${syscall} ${code} 10.0.0.1`), { code, syscall });
const wrapped = (cause: unknown) =>
  Object.assign(new Error("request failed", { cause }), { code: "ERR_GOT_REQUEST_ERROR" });

describe("a transport error", () => {
  it.each([
    ["refused", system("ECONNREFUSED", "connect"), false],
    ["no route while connecting", system("EHOSTUNREACH", "connect"), false],
    ["no route while reading", system("EHOSTUNREACH", "read"), true],
    ["connect time-out of the system", system("ETIMEDOUT", "connect"), false],
    ["read time-out of the system", system("ETIMEDOUT", "read"), true],
    ["reset", system("ECONNRESET", "read"), true],
    ["broken pipe", system("EPIPE", "write"), true],
    ["name server away", system("EAI_AGAIN", "getaddrinfo"), false],
    ["certificate of another host", { code: "ERR_TLS_CERT_ALTNAME_INVALID" }, false],
    ["self-signed certificate", { code: "DEPTH_ZERO_SELF_SIGNED_CERT" }, false],
    [
      "all addresses refused",
      new AggregateError([system("ECONNREFUSED", "connect"), system("ETIMEDOUT", "connect")]),
      false,
    ],
    ["one address reset", new AggregateError([system("ECONNREFUSED", "connect"), system("ECONNRESET", "read")]), true],
    ["no error at all", undefined, true],
  ])("%s: may have happened %#", (_, error, mayHaveHappened) => {
    expect(transportFailure(error).mayHaveHappened).toBe(mayHaveHappened);
    expect(transportFailure(wrapped(error)).mayHaveHappened).toBe(mayHaveHappened);
  });

  it("is told by its code alone, from however deep", () => {
    expect(transportFailure(wrapped(system("ECONNRESET", "read"))).detail).toBe("ECONNRESET");
    expect(transportFailure(new Error("GET http://host/?jwt=secret failed")).detail).toBe("transport error");
    expect(transportFailure({ code: "see http://host/" }).detail).toBe("transport error");
  });
});
