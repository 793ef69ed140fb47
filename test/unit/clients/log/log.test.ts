// The log's lines, and that nothing that a caller hands over by mistake gives a person or a secret away.
import { describe, expect, it } from "vitest";

import { createLog, type LogOptions } from "../../../../src/clients/log/log.ts";
import { createUserHash } from "../../../../src/clients/log/user-hash.ts";

function logTo(lines: string[], level: LogOptions["level"] = "info"): ReturnType<typeof createLog> {
  const destination = { write: (line: string) => void lines.push(line) };
  return createLog({ level, idKey: "key", always: { instance: "i-1" }, destination });
}

function lineOf(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const lines: string[] = [];
  logTo(lines).warn(fields, "constant text");
  return JSON.parse(lines.join("")) as Record<string, unknown>;
}

describe("lines", () => {
  it("are one JSON object with severity, time, text and fields", () => {
    expect(lineOf({ chatId: "c-1", partition: 3 })).toEqual({
      severity: "warn",
      time: expect.any(Number),
      message: "constant text",
      instance: "i-1",
      chatId: "c-1",
      partition: 3,
    });
  });

  it("below the level are not written", () => {
    const lines: string[] = [];
    const log = logTo(lines, "warn");
    log.info({}, "a");
    log.warn({}, "b");
    log.error({}, "c");
    expect(lines.map((line) => (JSON.parse(line) as { severity: string }).severity)).toEqual(["warn", "error"]);
  });

  it("stay one line whatever is in a field", () => {
    const lines: string[] = [];
    logTo(lines).info({ detail: 'a\r\n{"severity":"error"}\u001b[31m' }, "t");
    expect(
      lines
        .join("")
        .trimEnd()
        .split(/[\r\n]/),
    ).toHaveLength(1);
    expect(lines.join("")).not.toContain("\u001b");
  });

  it("keep their own fields when a caller names one alike", () => {
    expect(lineOf({ message: "m", severity: "s", time: 0 })).toMatchObject({
      message: "constant text",
      severity: "warn",
    });
  });

  it("survive anything: cycles, depth, big numbers, bytes", () => {
    const cycle: Record<string, unknown> = { n: 1n, bytes: Buffer.from("abc"), when: new Date(5), f: () => 1 };
    cycle["self"] = cycle;
    expect(lineOf({ cycle })["cycle"]).toMatchObject({ n: "1", bytes: "[3 bytes]", when: 5, f: "[function]" });
  });
});

describe("redaction", () => {
  it.each([
    ["text", { text: "canary" }],
    ["phone", { phoneNumber: "canary" }],
    ["user id", { userId: "canary" }],
    ["password", { kafka: { saslPassword: "canary" } }],
    ["token", { a: [{ accessToken: "canary" }] }],
    ["session key", { session: { sessionKey: "canary" } }],
    ["authorization", { headers: { authorization: "canary" } }],
    ["e-mail in a sentence", { detail: "no contact for canary@example.com" }],
    ["number in a sentence", { detail: "user 5215512345678 (canary@x.example)" }],
    ["query of an address", { detail: "POST http://bot/x?jwt=canary failed" }],
    ["password in an address", { detail: "redis http://u:canary@host/ refused" }],
    ["bearer token", { detail: "Authorization: Bearer canary" }],
  ])("empties a %s", (_what, fields) => {
    const line = JSON.stringify(lineOf(fields));
    expect(line).not.toContain("canary");
    expect(line).not.toContain("5215512345678");
  });

  it("leaves what the service says of itself", () => {
    const lines = [
      { method: "GET", path: "/v1/context/:user_id", status: 200 },
      { settings: ["SALESFORCE_INTEGRATION_SECRET_KEY"], hint: "shorter than it should be" },
      { alarm: "offset_out_of_range", sentence: "Redis is too old", users: 3 },
    ];
    expect(lines.map((fields) => lineOf(fields))).toMatchObject(lines);
  });

  it("leaves ids, addresses and counts", () => {
    const fields = {
      chatId: "0190f3c2-1111-7000-8000-123456789012",
      broker: "10.0.0.1:9092",
      url: "http://127.0.0.1:8081/subjects",
      tokens: 3,
      detail: "ECONNREFUSED 127.0.0.1:6379",
    };
    expect(lineOf(fields)).toMatchObject(fields);
  });

  it("writes an error's type, words, code and frames, and none of what hangs on it", () => {
    const cause = Object.assign(new TypeError("to +5215512345678"), { options: { password: "canary" } });
    const error = Object.assign(new Error("POST http://x.example/a?token=canary", { cause }), {
      code: "ETIMEDOUT",
      request: { body: "canary" },
      response: { headers: "canary" },
    });
    const line = lineOf({ error });
    expect(line["error"]).toMatchObject({
      type: "Error",
      text: "POST http://x.example/a",
      code: "ETIMEDOUT",
      stack: expect.arrayContaining([expect.stringContaining("log.test.ts")]),
      cause: { type: "TypeError", text: "to [redacted]" },
    });
    expect(JSON.stringify(line)).not.toContain("canary");
  });

  it("writes nothing of what could not be parsed", () => {
    const parse = (): unknown => JSON.parse("canary of somebody's words");
    expect(parse).toThrow(/canary/);
    try {
      parse();
    } catch (error) {
      const line = lineOf({ error });
      expect(line["error"]).toMatchObject({ type: "SyntaxError", text: "not readable" });
      expect(JSON.stringify(line)).not.toContain("canary");
    }
  });
});

describe("a user", () => {
  it("is written as the keyed hash that the operator's commands have, in the place of his id", () => {
    const line = lineOf({ chatId: "c-1", userId: "5215512345678" });
    expect(line).toMatchObject({ chatId: "c-1", user: createUserHash("key")("5215512345678") });
    expect(JSON.stringify(line)).not.toMatch(/5215512345678|userId|redacted/);
  });

  it("whose hash is all digits is not taken for a number of a person", () => {
    expect(lineOf({ userId: "5215500001802" })).toMatchObject({ user: "7117237221082936" });
  });

  it("that is nobody is null", () => {
    expect(lineOf({ userId: null })).toMatchObject({ user: null });
  });

  it("further down, where no caller puts him on purpose, is emptied", () => {
    expect(lineOf({ record: { userId: "canary" } })).toMatchObject({ record: { userId: "[redacted]" } });
  });
});

describe("user hash", () => {
  it("is the same for a key and a user, and differs by both", () => {
    const hash = createUserHash("key");
    expect(hash("5215512345678")).toBe(createUserHash("key")("5215512345678"));
    expect(hash("5215512345678")).toMatch(/^[0-9a-f]{16}$/);
    expect(hash("5215512345679")).not.toBe(hash("5215512345678"));
    expect(createUserHash("other")("5215512345678")).not.toBe(hash("5215512345678"));
  });

  it("without a key holds for one start", () => {
    expect(createUserHash(null)("1")).not.toBe(createUserHash(null)("1"));
  });
});
