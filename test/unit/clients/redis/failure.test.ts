// A failed command tells a code and nothing of what it carried.
import { describe, expect, it } from "vitest";

import { asStoreUnavailable, redisFailureCode } from "../../../../src/clients/redis/failure.ts";

function failed(name: string, message: string, more: object = {}): Error {
  return Object.assign(new Error(message), { name, command: { name: "set", args: ["5215550001", "secret"] }, ...more });
}

describe("a failed command", () => {
  it.each([
    [failed("ReplyError", "READONLY You can't write against a read only replica."), "READONLY"],
    [failed("ReplyError", "OOM command not allowed"), "OOM"],
    [failed("ReplyError", "5215550001 is no command"), "ERR"],
    [failed("Error", "Command timed out"), "timeout"],
    [failed("Error", "connect ECONNREFUSED 127.0.0.1:1", { code: "ECONNREFUSED" }), "ECONNREFUSED"],
    [failed("Error", "Socket timeout. Expecting data"), "socket_timeout"],
    [failed("AbortError", "Command aborted due to connection close"), "disconnected"],
    ["no error", "unknown"],
  ])("%s is told as %s", (error, code) => {
    expect(redisFailureCode(error)).toBe(code);
  });

  it("does not take its arguments along", () => {
    const told = asStoreUnavailable(failed("ReplyError", "WRONGTYPE of secret"));
    expect(told).toMatchObject({ name: "StoreUnavailable", detail: "WRONGTYPE" });
    expect(JSON.stringify([told, told.message, told.cause])).not.toContain("secret");
    expect(JSON.stringify(told)).not.toContain("5215550001");
  });
});
