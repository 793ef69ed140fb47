// What a chaos run can find on real services beside words: a second case, a file twice, a state in Redis that the changelog does not have.
import { describe, expect, it } from "vitest";

import { creations, type Around } from "../../chaos/creations.ts";
import { digest } from "../../chaos/topics.ts";
import { changelog, cursor, found, history } from "../support/history/histories.ts";

describe("what came to be in the org", () => {
  const fact = (kind: string, caseId: string | null, occurredAt: number) => ({
    ...{ userId: "1", chatId: "chat-1", kind, caseId, occurredAt },
  });
  const around: Around = {
    facts: [fact("requested", null, 100), fact("waiting", "5005g000000CASEAAA", 300)],
    struck: [],
    monotonicFrom: -50,
  };
  const one = { id: "5005g000000CASE", userId: "1", at: 200 };

  it("is one case a chat: a second one that no fact names is found", () => {
    expect(found(creations({ cases: [one], files: [] }, around))).toEqual([]);
    const second = { ...one, id: "5005g000000TWIN", at: 250 };
    expect(found(creations({ cases: [one, second], files: [] }, around))).toEqual(["I2 doubled: case chat-1"]);
  });

  it("is one file a message", () => {
    const file = { reference: "message-1", at: 250 };
    expect(found(creations({ cases: [one], files: [file, file] }, around))).toEqual(["I2 doubled: file message-1"]);
  });

  it("may be there twice where the create was held up, and not where its answer alone was lost", () => {
    const struck = (kind: "freeze" | "desk replies lost") => ({
      planned: { n: 1, kind, atMs: 0, lengthMs: 100, instance: 0, link: "kafka" as const, draw: 0 },
      beganMs: 100,
      healedMs: 200,
    });
    const twice = { cases: [one, { ...one, id: "5005g000000TWIN" }], files: [] };
    expect(found(creations(twice, { ...around, struck: [struck("freeze")] }))).toEqual([]);
    expect(found(creations(twice, { ...around, struck: [struck("desk replies lost")] }))).toEqual([
      "I2 doubled: case chat-1",
    ]);
  });
});

describe("the states in Redis", () => {
  const said = JSON.stringify({ status: "ACTIVE", bridge: { a: 1, b: [2] } });
  const inRedis = (state: string) => ({ kind: "stored" as const, user: "ana", state: digest(state) });
  const topic = [changelog(2, { type: "user", user: "ana", state: digest(said) }, 0, 1), changelog(3, cursor(1), 0, 1)];

  it("are those of the changelog, in whatever order their fields stand", () => {
    const other = JSON.stringify({ bridge: { b: [2], a: 1 }, status: "ACTIVE" });
    expect(found(history(...topic, inRedis(other)))).toEqual([]);
  });

  it("that differ in one value are found, and the field is told but not the value", () => {
    const changed = JSON.stringify({ status: "ACTIVE", bridge: { a: 1, b: [3] } });
    expect(found(history(...topic, inRedis(changed)))).toEqual(["I10 diverged: ana"]);
    expect(digest(changed)).not.toContain("ACTIVE");
  });
});
