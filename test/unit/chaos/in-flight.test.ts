// Which repeats a chaos run excuses: those that docs/guarantees.md leaves open, and no other.
import { describe, expect, it } from "vitest";

import type { JournalEntry } from "../../../sandbox/world/journal.ts";
import { doublesInFlight, type Circumstances } from "../../chaos/in-flight.ts";
import { token } from "../../support/tokens.ts";

const word = token("u1", "agent-to-user", 1);

function call(n: number, over: Partial<JournalEntry> = {}): JournalEntry {
  return {
    ...{ call: n, system: "integrations", operation: "messages", method: "POST", path: "/messages", user: "1" },
    ...{ arrivedAt: n * 100, arrivedMs: n * 100, endedMs: n * 100 + 10, outcome: "answered", status: 200 },
    ...{ handled: true, faults: [], request: { text: word } },
    ...over,
  };
}

const around = (channel: "whatsapp" | "facebook"): Circumstances => ({
  struck: [],
  callerOf: () => ({ n: 0 }),
  channelOf: () => channel,
  aliasOf: () => "u1",
});

describe("a text that came twice", () => {
  const lost = [call(1, { outcome: "reset", status: null }), call(2)];

  it("to Facebook is excused where the answer to the first was lost", () => {
    expect(doublesInFlight(lost, around("facebook"))).toMatchObject([{ kind: "in flight", ids: [word] }]);
  });

  it("to Facebook is not excused where nothing was lost", () => {
    expect(doublesInFlight([call(1), call(2)], around("facebook"))).toEqual([]);
  });

  it("to WhatsApp is never excused: its id is known there", () => {
    expect(doublesInFlight(lost, around("whatsapp"))).toEqual([]);
  });
});
