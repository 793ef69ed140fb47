// What the operator's arguments mean, and that what means nothing is said in one sentence.
import { describe, expect, it } from "vitest";

import { readCommandLine, type Command } from "../../../src/operator/command-line.ts";

function commandOf(...args: string[]): Command {
  const read = readCommandLine(args);
  if ("mistake" in read) throw new Error(read.mistake);
  return read.command;
}

function mistakeOf(...args: string[]): string {
  const read = readCommandLine(args);
  return "mistake" in read ? read.mistake : "none";
}

describe("the command line", () => {
  it("lists with every condition", () => {
    const command = commandOf(
      ...["deadletters", "list", "--topic", "prod.channel-messages", "--reason", "decide_failed", "--user", "521"],
      ...["--from", "2026-11-22T10:00:00Z", "--to", "2026-11-22T12:00:00+01:00", "--limit", "5", "--json"],
    );
    expect(command).toEqual({
      kind: "list",
      selection: {
        places: [],
        topic: "channel-messages",
        reason: "decide_failed",
        user: "521",
        fromMs: Date.UTC(2026, 10, 22, 10),
        toMs: Date.UTC(2026, 10, 22, 11),
        limit: 5,
      },
      display: { json: true, showUser: false },
    });
  });

  it("takes places of dead letters and of originals", () => {
    expect(commandOf("deadletters", "show", "3/42", "chat-requests/0/7", "--raw")).toMatchObject({
      kind: "show",
      raw: true,
      selection: {
        places: [
          { topic: null, position: { partition: 3, offset: 42 } },
          { topic: "chat-requests", position: { partition: 0, offset: 7 } },
        ],
      },
    });
  });

  it("replays what is narrowed, or everything when told so", () => {
    expect(commandOf("deadletters", "replay", "--reason", "unknown_schema", "--dry-run")).toMatchObject({
      kind: "replay",
      dryRun: true,
      again: false,
    });
    expect(commandOf("deadletters", "replay", "--all", "--again")).toMatchObject({ kind: "replay", again: true });
    for (const args of [[], ["--limit", "3"]])
      expect(mistakeOf("deadletters", "replay", ...args)).toContain("--all for everything");
  });

  it("takes what is asked of chats", () => {
    const all = { status: null, olderThanMs: null, user: null, limit: null };
    expect(commandOf("chats")).toEqual({ kind: "chats", verb: "list", json: false, selection: all });
    const narrowed = ["--status", "active", "--older-than", "90m", "--user", "521", "--limit", "3", "--json"];
    expect(commandOf("chats", "list", ...narrowed)).toEqual({
      ...{ kind: "chats", verb: "list", json: true },
      selection: { status: "ACTIVE", olderThanMs: 5_400_000, user: "521", limit: 3 },
    });
    expect(commandOf("chats", "show", "a-1", "--json")).toEqual({
      kind: "chats",
      verb: "show",
      chatId: "a-1",
      json: true,
    });
    expect(commandOf("chats", "end", "a-1")).toEqual({ kind: "chats", verb: "end", chatId: "a-1", by: null });
    expect(commandOf("chats", "end", "a-1", "--by", "anna")).toMatchObject({ by: "anna" });
  });

  it("helps", () => {
    for (const args of [["--help"], ["-h"], ["help"], ["deadletters", "list", "--help"]])
      expect(commandOf(...args)).toEqual({ kind: "help" });
  });

  it.each([
    [["deadleters", "list"], "no such command"],
    [[], "no command"],
    [["deadletters"], "list, show or replay"],
    [["deadletters", "drop"], "not drop"],
    [["deadletters", "list", "3/4"], "use show"],
    [["deadletters", "show"], "needs the place"],
    [["deadletters", "show", "3-4"], "no place"],
    [["deadletters", "show", "chat-events/1/2"], "no input topic"],
    [["deadletters", "list", "--topic", "x"], "no input topic"],
    [["deadletters", "list", "--reason", "toString"], "no reason"],
    [["deadletters", "list", "--from", "yesterday"], "--from takes"],
    [["deadletters", "list", "--from", "2026-11-22T10:00:00"], "with its zone"],
    [["deadletters", "list", "--to", "2026-13-45"], "--to takes"],
    [["deadletters", "list", "--limit", "0"], "--limit takes"],
    [["deadletters", "list", "--raw"], "--raw belongs to show"],
    [["deadletters", "show", "1/2", "--dry-run"], "--dry-run belongs to replay"],
    [["deadletters", "list", "--nonsense"], "--nonsense"],
    [["deadletters", "list", "--older-than", "2h"], "deadletters does not take --older-than"],
    [["chats", "drop"], "chats takes list, show or end, not drop"],
    [["chats", "list", "a-1"], "use chats show"],
    [["chats", "show"], "chats show needs one chat id"],
    [["chats", "end", "a-1", "b-2"], "chats end needs one chat id"],
    [["chats", "--status", "open"], "open is no status: CONNECTING, ON_HOLD, ACTIVE, CLOSED, FAILED"],
    [["chats", "--older-than", "2"], "--older-than takes a time such as"],
    [["chats", "--show-user"], "chats list does not take --show-user"],
    [["chats", "end", "a-1", "--json"], "chats end does not take --json"],
    [["chats", "--nonsense"], "--nonsense"],
  ])("says what is wrong with %j", (args, words) => {
    expect(mistakeOf(...args)).toContain(words);
  });
});
