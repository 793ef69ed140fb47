// Ids derive from where an input stood, and from nothing else.
import { v5 } from "uuid";
import { expect, it } from "vitest";

import { derivedId } from "../../../../src/processors/messages/ids.ts";

const at = { topic: "chat-requests", partition: 3, offset: 42, timestamp: 1_700_000_000_000 };

it("stay the same for ever: chats, facts and messages out there carry them", () => {
  expect(derivedId("salesforce", at, "chat", 0)).toBe("21cc5fcf-afc7-562b-8f80-67501df71cba");
});

it("are UUIDs of version 5", () => {
  expect(derivedId("salesforce", at, "fact", 0)).toMatch(
    /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u,
  );
});

it("differ with each part of the place, the deployment, the kind and the number", () => {
  const ids = [
    derivedId("salesforce", at, "chat", 0),
    derivedId("other", at, "chat", 0),
    derivedId("salesforce", { ...at, topic: "agent-events" }, "chat", 0),
    derivedId("salesforce", { ...at, partition: 4 }, "chat", 0),
    derivedId("salesforce", { ...at, offset: 43 }, "chat", 0),
    derivedId("salesforce", { ...at, timestamp: 1 }, "chat", 0),
    derivedId("salesforce", at, "fact", 0),
    derivedId("salesforce", at, "message", 0),
    derivedId("salesforce", at, "chat", 1),
  ];
  expect(new Set(ids).size).toBe(ids.length);
});

it("are what the uuid package makes of the same name", () => {
  const namespace = "7d4a2f5e-0c1b-4e7a-9a34-52f1c0f7b6d1";
  for (let index = 0; index < 64; index += 1)
    expect(derivedId("ñ", at, "message", index)).toBe(
      v5(`ñ/chat-requests/3/42/1700000000000/message/${String(index)}`, namespace),
    );
});
