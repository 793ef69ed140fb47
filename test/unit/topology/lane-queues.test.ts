// What waits for what in a user's lanes: the phone has one queue, each chat at the desk its own, its files and the user's records others.
import { describe, expect, it } from "vitest";

import type {
  AttachFile,
  CloseCase,
  Command,
  EnsureContact,
} from "../../../src/processors/interconnection/commands.ts";
import { sayToAgent, stateWith } from "../../support/owner-parts.ts";
import { again, lanesOf, results, type TestLanes } from "./test-lanes.ts";

const head = { lane: "desk", chatId: "chat", giveUpAt: 1_600_000 } as const;
const attachFile = (seq: number, chatId = "chat"): AttachFile => ({
  ...{ ...head, kind: "AttachFile", seq, chatId, caseId: "case", messageType: "image", messageId: "m", words: null },
  media: { url: "https://media.example.org/1", mimeType: null, caption: null },
});
const closeCase = (seq: number): CloseCase => ({ ...head, kind: "CloseCase", seq, caseId: "old" });
const ensureContact = (seq: number, chatId: string): EnsureContact => ({
  ...{ ...head, kind: "EnsureContact", seq, chatId, name: "Ana", email: "a@example.org", phoneNumber: null },
  ...{ extraData: {}, channel: "whatsapp" },
});

/** Lanes in which the first of these commands fails once and waits; what has been tried when they rest. */
async function held(first: Command, ...others: Command[]): Promise<{ t: TestLanes; tried: string[] }> {
  const t = await lanesOf();
  t.answers.push(again({ retryAfterMs: 60_000 }));
  t.lanes.update("ana", stateWith([first]));
  await t.clock.settle();
  t.lanes.update("ana", stateWith([first, ...others]));
  await t.clock.settle();
  return {
    t,
    tried: t.tried.slice(1).map(({ command }) => `${command.kind} ${command.chatId} ${String(command.seq)}`),
  };
}

describe("a command at the desk that waits", () => {
  it.each([
    ["a text", sayToAgent(1), sayToAgent(2)],
    ["a file", attachFile(1), attachFile(2)],
    ["a record", closeCase(9), ensureContact(1, "next")],
  ])("holds up what is of its kind: %s", async (_what, first, second) => {
    const { t, tried } = await held(first, second);
    expect(tried).toEqual([]);
    await t.clock.advance(61_000);
    expect(t.tried.slice(2).map(({ command }) => command)).toEqual([second]);
  });

  it.each([
    ["words of the next chat", sayToAgent(1), sayToAgent(1, { chatId: "next" })],
    ["the opening of the next chat", sayToAgent(1), ensureContact(1, "next")],
    ["words, by a file of their chat", attachFile(1), sayToAgent(2)],
    ["files of the next chat", attachFile(1), attachFile(1, "next")],
    ["words, by a case that is closed", closeCase(1), sayToAgent(2)],
  ])("does not hold up %s", async (_what, first, second) => {
    const { tried } = await held(first, second);
    expect(tried).toEqual([`${second.kind} ${second.chatId} ${String(second.seq)}`]);
  });

  it("is not taken for done because one with a higher number is, which did not wait for it", async () => {
    const { t } = await held(attachFile(1), sayToAgent(2));
    expect(results(t)).toEqual([[2, "done", 1]]);
    const next = await lanesOf({ store: t.store.store });
    next.lanes.update("ana", stateWith([attachFile(1), closeCase(3)]));
    await next.clock.settle();
    expect(next.tried.map(({ command, mayHaveHappened }) => [command.kind, mayHaveHappened])).toEqual([
      ["AttachFile", true],
      ["CloseCase", false],
    ]);
  });

  it("counts for the depth of its lane, whatever its queue", async () => {
    const { t } = await held(sayToAgent(1), attachFile(2), sayToAgent(1, { chatId: "next" }));
    expect(t.lanes.depths()).toEqual({ desk: 3, channel: 0 });
  });
});
