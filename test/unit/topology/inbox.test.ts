// The inbox: nothing twice, no gap unnoticed, no topic starved.
import { describe, expect, it } from "vitest";

import { createInbox, type Inbox } from "../../../src/topology/inbox.ts";
import type { ConsumedRecord } from "../../../src/topology/ports.ts";
import type { InputTopic } from "../../../src/topology/topics.ts";

const record = (offset: number, sizeBytes = 0): ConsumedRecord => ({
  ...{ offset, timestamp: 0, key: null, headers: [] },
  value: Buffer.alloc(sizeBytes),
});

function fill(inbox: Inbox, topic: InputTopic, from: number, to: number, sizeBytes = 0): ReturnType<Inbox["append"]> {
  const records = Array.from({ length: to - from }, (_, i) => record(from + i, sizeBytes));
  return inbox.append({ topic, partition: 0, fetchedOffset: from, nextOffset: to, records });
}

const bounds = { records: 200, bytes: 1_000_000, ofUser: 200 };

const everything = (inbox: Inbox): string[] =>
  inbox.peek(bounds).queued.map(({ topic, record: { offset } }) => `${topic} ${String(offset)}`);

describe("append", () => {
  it("takes what continues, leaves out what it has, and refuses what lies beyond", () => {
    const inbox = createInbox();
    expect(fill(inbox, "chat-requests", 0, 2)).toBe("appended");
    expect(fill(inbox, "chat-requests", 0, 2)).toBe("nothing new");
    expect(fill(inbox, "chat-requests", 1, 3)).toBe("appended");
    expect(fill(inbox, "chat-requests", 4, 5)).toBe("gap");
    expect(everything(inbox)).toEqual(["chat-requests 0", "chat-requests 1", "chat-requests 2"]);
    expect([inbox.records, inbox.nextOffset("chat-requests"), inbox.nextOffset("agent-events")]).toEqual([3, 3, 0]);
  });

  it("goes on behind offsets that hold no record", () => {
    const inbox = createInbox();
    inbox.append({ topic: "agent-events", partition: 0, fetchedOffset: 0, nextOffset: 5, records: [record(1)] });
    expect(inbox.nextOffset("agent-events")).toBe(5);
    expect(inbox.drained("agent-events", 5)).toBe(false);
    inbox.applied({ "agent-events": 1, "chat-requests": -1, "channel-messages": -1 });
    expect(inbox.drained("agent-events", 5)).toBe(true);
    expect(inbox.drained("agent-events", 6)).toBe(false);
  });
});

describe("peek", () => {
  it("gives what came back from outside first, each topic in offset order, and leaves it in place", () => {
    const inbox = createInbox();
    fill(inbox, "channel-messages", 0, 1);
    fill(inbox, "agent-events", 0, 2);
    expect(everything(inbox)).toEqual(["agent-events 0", "agent-events 1", "channel-messages 0"]);
    expect(everything(inbox)).toHaveLength(3);
  });

  it("drops what is queued of a topic, which continues there", () => {
    const inbox = createInbox();
    fill(inbox, "agent-events", 0, 3, 10);
    fill(inbox, "channel-messages", 0, 1, 10);
    inbox.applied({ "agent-events": 0, "chat-requests": -1, "channel-messages": -1 });
    inbox.drop("agent-events");
    expect(everything(inbox)).toEqual(["channel-messages 0"]);
    expect([inbox.records, inbox.sizeBytes, inbox.nextOffset("agent-events")]).toEqual([1, 74, 1]);
    expect(fill(inbox, "agent-events", 1, 3)).toBe("appended");
    expect(everything(inbox)).toEqual(["agent-events 1", "agent-events 2", "channel-messages 0"]);
  });

  it("leaves a quarter of the bounds to each topic", () => {
    const inbox = createInbox();
    fill(inbox, "agent-events", 0, 1_000);
    fill(inbox, "channel-messages", 0, 1_000);
    fill(inbox, "chat-requests", 0, 3);
    const taken = inbox.peek(bounds).queued;
    const count = (topic: InputTopic): number => taken.filter((one) => one.topic === topic).length;
    expect([count("agent-events"), count("chat-requests"), count("channel-messages")]).toEqual([147, 3, 50]);
  });

  it("gives each topic's first record, however large and whatever else waits", () => {
    const inbox = createInbox();
    fill(inbox, "chat-requests", 0, 1_000, 236);
    fill(inbox, "agent-events", 0, 2, 200_000);
    fill(inbox, "channel-messages", 0, 2, 100_000);
    const taken = inbox.peek({ ...bounds, bytes: 256 * 1024 }).queued;
    expect(taken.filter(({ topic }) => topic !== "chat-requests").map(({ topic }) => topic)).toEqual([
      "agent-events",
      "channel-messages",
    ]);
    expect(taken.filter(({ topic }) => topic === "chat-requests")).toHaveLength(50);
  });

  it("keeps to the bytes, but gives one record however large", () => {
    const inbox = createInbox();
    fill(inbox, "channel-messages", 0, 3, 1_000);
    expect(inbox.peek({ ...bounds, bytes: 2_200 }).queued).toHaveLength(2);
    expect(inbox.peek({ ...bounds, bytes: 10 }).queued).toHaveLength(1);
  });
});

describe("a share of one user", () => {
  const from = (user: string, offset: number): ConsumedRecord => ({ ...record(offset), key: Buffer.from(user) });
  const inboxOf = (users: string): Inbox => {
    const inbox = createInbox();
    const records = Array.from(users, from);
    const place = { topic: "channel-messages", partition: 0, fetchedOffset: 0, nextOffset: records.length } as const;
    inbox.append({ ...place, records });
    return inbox;
  };
  const look = (inbox: Inbox, ofUser: number): readonly [taken: number, cutShort: boolean] => {
    const { queued, isCutShort } = inbox.peek({ ...bounds, ofUser });
    return [queued.length, isCutShort];
  };

  it.each([
    ["aaaaa", 3, [3, true]],
    ["aaa", 3, [3, false]],
    ["ababacbcc", 3, [9, false]],
    ["ababaab", 3, [5, true]],
  ] as const)(
    "of %s, where %d is the share, gives %j: a topic ends where it would be overdrawn",
    (users, ofUser, expected) => {
      expect(look(inboxOf(users), ofUser)).toEqual(expected);
    },
  );

  it("counts in each topic by itself, and keeps back no other topic", () => {
    const inbox = inboxOf("aaaaa");
    const event = { topic: "agent-events", partition: 0, fetchedOffset: 0, nextOffset: 3 } as const;
    inbox.append({ ...event, records: [from("a", 0), from("a", 1), from("b", 2)] });
    const { queued } = inbox.peek({ ...bounds, ofUser: 2 });
    expect(queued.map(({ topic }) => topic)).toEqual([
      ...Array<string>(3).fill("agent-events"),
      "channel-messages",
      "channel-messages",
    ]);
  });

  it("is met before the bounds are: what these end is not cut short", () => {
    const { queued, isCutShort } = inboxOf("abcabcabc").peek({ ...bounds, records: 4, ofUser: 3 });
    expect([queued.length, isCutShort]).toEqual([4, false]);
  });
});

describe("applied and reset", () => {
  it("remove what a turn took, and start again behind it", () => {
    const inbox = createInbox();
    fill(inbox, "channel-messages", 0, 2_000, 10);
    inbox.applied({ "agent-events": -1, "chat-requests": -1, "channel-messages": 1_499 });
    expect(inbox.records).toBe(500);
    expect(inbox.sizeBytes).toBe(500 * 74);
    expect(everything(inbox)[0]).toBe("channel-messages 1500");
    inbox.reset({ "agent-events": 6, "chat-requests": -1, "channel-messages": 9 });
    expect([inbox.records, inbox.sizeBytes]).toEqual([0, 0]);
    expect([inbox.nextOffset("agent-events"), inbox.nextOffset("channel-messages")]).toEqual([7, 10]);
  });
});
