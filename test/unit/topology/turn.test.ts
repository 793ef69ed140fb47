// One turn: what becomes of records, what goes into store and changelog, and what fits.
import { describe, expect, it } from "vitest";

import { loadTopicTypes } from "../../../src/clients/schema-registry/topic-types.ts";
import type { Decide, Decision, Input } from "../../../src/processors/interconnection/decision.ts";
import { parseRecord } from "../../../src/processors/interconnection/record.ts";
import { nobody, type UserState } from "../../../src/processors/interconnection/state.ts";
import type { Cursor, InterconnectionChange } from "../../../src/processors/messages/generated.ts";
import { decodeInput } from "../../../src/topology/decode-input.ts";
import { createInMemoryCodec } from "../../../src/topology/in-memory/codec.ts";
import type { QueuedRecord } from "../../../src/topology/inbox.ts";
import {
  emptyTurn,
  makeTurn,
  outboxOf,
  type Turn,
  type TurnInput,
  type TurnTools,
} from "../../../src/topology/turn.ts";
import { createUsers } from "../../../src/topology/users.ts";
import { createOwnerParts, stateWith, type OwnerParts } from "../../support/owner-parts.ts";

const { codec } = createInMemoryCodec(loadTopicTypes());
const before = { "agent-events": -1, "chat-requests": -1, "channel-messages": -1 };
const now = 5_000;
const moment = { before, version: { epoch: 3, turn: 8 }, now };

function message(
  offset: number,
  userId: string,
  text: string | null,
  over: Record<string, unknown> = {},
): QueuedRecord {
  const value = codec.encode("channel-messages", {
    ...{ messageId: `m${String(offset)}`, client: "test", userId, channel: "whatsapp", author: "user" },
    ...{ occurredAt: 1, receivedAt: 1, type: "text", text, media: null, ...over },
  });
  const record = { offset, timestamp: 1_000 + offset, key: Buffer.from(userId), value, headers: [] };
  return { topic: "channel-messages", record };
}

const nothing = { remember: [], see: [], erase: false };
const textOf = (input: Input): string => (input.topic === "channel-messages" ? (input.record.text ?? "") : "");
const decision = (state: UserState, over: Partial<Decision> = {}): Decision => ({
  ...{ state, facts: [], replies: [], deadLetters: [], remember: [], see: [], erase: false, ...over },
});

async function turnOf(
  queued: readonly QueuedRecord[],
  decide: Decide,
  over: Partial<TurnTools> = {},
): Promise<{ turn: Turn } & Pick<OwnerParts, "alarms" | "toldOf">> {
  const parts = createOwnerParts();
  const users = createUsers(parts.store.store, { ...parts, partition: 0 });
  const tools: TurnTools = {
    ...{ ...parts, codec, decide, users, client: "test", partition: 0, partitions: 1, maxRecordBytes: 100_000 },
    ...{ fullName: (suffix: string) => `t.${suffix}`, ...over },
  };
  const inputs: TurnInput[] = [];
  for (const one of queued) inputs.push({ queued: one, decoded: await decodeInput(one, tools) });
  await users.load(["ana", "bea", "eva"]);
  const turn = makeTurn(inputs, moment, tools);
  for (const note of turn.notes) note();
  return { turn, alarms: parts.alarms, toldOf: parts.toldOf };
}

const cursorOf = ({ changelog }: Turn): Cursor => {
  const bytes = changelog.at(-1)?.value;
  const read = bytes === null || bytes === undefined ? null : codec.decode("interconnections", bytes);
  if (read === null || read instanceof Promise || read.kind !== "value") throw new Error("no cursor");
  const { body } = read.value as InterconnectionChange;
  if (body.type !== "Cursor") throw new Error("the last record is no cursor");
  return body;
};

const appendText: Decide = ({ state }, input) => {
  const chat = state.interconnection ?? stateWith([]).interconnection;
  const name = `${chat?.name ?? ""}+${textOf(input)}`;
  return decision({ ...state, interconnection: chat === null ? null : { ...chat, name } });
};

describe("a turn", () => {
  it("decides each record on what the one before left, and writes a user once", async () => {
    const { turn } = await turnOf([message(0, "ana", "a"), message(1, "bea", "b"), message(2, "ana", "c")], appendText);
    expect(turn.applied).toEqual({ ...before, "channel-messages": 2 });
    expect(turn.changelog.map(({ key }) => key.toString())).toEqual(["test:ana", "test:bea", "#cursor:test"]);
    const json = turn.changes[0]?.state?.json ?? "";
    const parsed = parseRecord(json);
    expect(parsed.kind === "state" ? parsed.state.interconnection?.name : null).toBe("Ana+a+c");
    expect(cursorOf(turn).applied).toEqual(turn.applied);
    expect(outboxOf(turn)).not.toBeNull();
  });

  it("that changes only what is remembered writes no changelog", async () => {
    const entry = { messageId: "m0", at: 7, from: "user", text: "a", media: null } as const;
    const remember: Decide = ({ state }) => decision(state, { remember: [entry], see: ["m0"] });
    const { turn } = await turnOf([message(0, "ana", "a")], remember);
    expect([turn.changelog, outboxOf(turn)]).toEqual([[], null]);
    expect(turn.changes).toEqual([
      {
        ...{ userId: "ana", state: null, ttlMs: null, live: false },
        ...{ remember: [{ at: 7, json: JSON.stringify(entry) }], see: [{ at: now, id: "m0" }], erase: false },
      },
    ]);
  });

  it("shows a record what the ones before in the same turn have made known", async () => {
    const seen: boolean[] = [];
    const look: Decide = ({ state, memory }) => {
      seen.push(memory.seen.has("x"));
      return decision(state, { see: ["x"] });
    };
    await turnOf([message(0, "ana", "a"), message(1, "ana", "b"), message(2, "bea", "c")], look);
    expect(seen).toEqual([false, true, false]);
  });

  it("copies nothing of what a user was seen with, however many of his records it takes", async () => {
    let copies = 0;
    class Counting extends Set<string> {
      override [Symbol.iterator](): SetIterator<string> {
        copies += 1;
        return super[Symbol.iterator]();
      }
    }
    const ana = { state: nobody, memory: { history: [], seen: new Counting(["m0"]) } };
    const users: TurnTools["users"] = {
      ...createUsers(createOwnerParts().store.store, { ...createOwnerParts(), partition: 0 }),
      get: () => ana,
    };
    const known: boolean[] = [];
    const look: Decide = ({ state, memory }, input) => {
      const id = input.topic === "channel-messages" ? input.record.messageId : "";
      known.push(memory.seen.has(id));
      return decision(state, { see: [id] });
    };
    const burst = Array.from({ length: 50 }, (_, i) => message(i, "ana", "a"));
    await turnOf(burst, look, { users });
    expect(known).toEqual(burst.map((_, i) => i === 0));
    expect(copies).toBe(0);
  });

  it("that leaves nobody of a user ends the stored state and writes a tombstone", async () => {
    const parts = createOwnerParts();
    const users = createUsers(parts.store.store, { ...parts, partition: 0 });
    await users.load(["ana", "bea", "eva"]);
    users.put("ana", { state: stateWith([]), ...nothing });
    const { turn } = await turnOf([message(0, "ana", "a")], () => decision(nobody), { users });
    expect(turn.changelog[0]).toEqual({ key: Buffer.from("test:ana"), value: null });
    expect(turn.changes).toMatchObject([{ userId: "ana", live: false, ttlMs: 1, state: { home: "interconnection" } }]);
  });

  it("that erases a user deletes what is remembered of him and writes a tombstone, also when there is no state", async () => {
    const parts = createOwnerParts();
    const users = createUsers(parts.store.store, { ...parts, partition: 0 });
    await users.load(["ana"]);
    const entry = { messageId: "m", at: 1, from: "user", text: "secret", media: null } as const;
    let before: readonly unknown[] = ["not asked"];
    const decide: Decide = ({ memory }, input) => {
      before = memory.history;
      if (textOf(input) === "erase") return decision(nobody, { erase: true });
      return decision(nobody, { remember: [entry], see: ["m"] });
    };
    const { turn } = await turnOf(
      [message(0, "ana", "a"), message(1, "ana", "erase"), message(2, "ana", "b")],
      decide,
      { users },
    );
    expect(before).toEqual([]);
    expect(turn.changelog[0]).toEqual({ key: Buffer.from("test:ana"), value: null });
    expect(turn.changes).toMatchObject([{ userId: "ana", erase: true, live: false, ttlMs: 1, see: [{ id: "m" }] }]);
    expect(turn.users.get("ana")?.remember).toEqual([entry]);
  });

  it("makes a dead letter of a record on which decide fails, and decides the next ones", async () => {
    const decide: Decide = (user, input) => {
      if (textOf(input) === "bad") throw new TypeError("a defect");
      return appendText(user, input);
    };
    const { turn, alarms, toldOf } = await turnOf([message(0, "ana", "bad"), message(1, "ana", "good")], decide);
    expect(turn.rest.map(({ topic }) => topic)).toEqual(["dead-letters"]);
    expect(turn.users.get("ana")?.state.interconnection?.name).toBe("Ana+good");
    expect(alarms).toEqual(["decide_failed"]);
    expect(toldOf.map(({ userId, partition, offset }) => [userId, partition, offset])).toEqual([
      ["ana", 0, 0],
      ["ana", 0, 0],
    ]);
  });

  it("that takes nothing keeps the applied offsets and empties the outbox", () => {
    const turn = emptyTurn({ ...before, "agent-events": 4 });
    expect([turn.applied["agent-events"], outboxOf(turn), turn.taken]).toEqual([4, null, 0]);
  });
});

describe("a turn whose outputs are too large", () => {
  const long: Decide = ({ state }, input) => {
    const { interconnection } = stateWith([]);
    const name = "x".repeat(Number(textOf(input)));
    return decision({ ...state, interconnection: interconnection === null ? null : { ...interconnection, name } });
  };

  it("takes fewer records", async () => {
    const replies: Decide = ({ state }, input) => {
      const reply = { outcome: "done", reason: "chat_created", chatId: null, detail: "x".repeat(30_000) } as const;
      return decision(state, { replies: [{ requestId: textOf(input), reply }] });
    };
    const queued = ["ana", "bea", "eva", "ana"].map((user, i) => message(i, user, String(i)));
    const { turn } = await turnOf(queued, replies);
    expect([turn.taken, turn.replies.length, turn.applied["channel-messages"]]).toEqual([2, 2, 1]);
  });

  it("of one record makes a dead letter of it, with its bytes, and leaves the user as he was", async () => {
    const { turn, alarms, toldOf } = await turnOf([message(0, "ana", "120000")], long);
    expect([turn.taken, turn.users.size, alarms]).toEqual([1, 0, ["output_too_large"]]);
    expect(toldOf.map(({ userId }) => userId)).toEqual(["ana", "ana"]);
    expect(turn.rest).toHaveLength(1);
    expect(cursorOf(turn).outbox[0]?.value.includes(Buffer.from("120000"))).toBe(true);
  });

  it("leaves the original out of a dead letter that could not be produced with it", async () => {
    const poison = message(0, "ana", "a");
    const large = { ...poison, record: { ...poison.record, value: Buffer.alloc(120_000, 1) } };
    const { turn } = await turnOf([large], long);
    expect(turn.rest[0]?.value.length).toBeLessThan(2_000);
    const keyed = { ...large, record: { ...large.record, key: Buffer.alloc(120_000, 1) } };
    const second = await turnOf([keyed], long);
    expect(second.turn.rest[0]?.key).toBeNull();
    expect(second.turn.rest[0]?.value.length).toBeLessThan(2_000);
  });

  it("counts what it gave up once, however often it was made again", async () => {
    const parts = createOwnerParts();
    const counted: unknown[] = [];
    const count = (name: string, _: unknown, by: number): void => void counted.push([name, by]);
    const metrics = { ...parts.metrics, count };
    const poison = (offset: number): QueuedRecord => {
      const { topic, record } = message(offset, "ana", "a");
      return { topic, record: { ...record, value: Buffer.alloc(40_000, 1) } };
    };
    const { turn } = await turnOf([poison(0), poison(1), poison(2), poison(3)], long, { metrics });
    expect(turn.taken).toBe(2);
    expect(counted).toEqual([
      ["dead_letters", 2],
      ["records_applied", 2],
    ]);
  });

  it("counts what it took by topic, with the age of the oldest of each", async () => {
    const measured: unknown[] = [];
    const metrics = {
      count: (...all: unknown[]) => void measured.push(all),
      observeMs: (...all: unknown[]) => void measured.push(all),
      gauge: () => undefined,
    };
    const skipped = message(5, "ana", "a", { client: "other" });
    const unread = { ...message(2, "ana", "a"), topic: "agent-events" } as const;
    await turnOf([unread, skipped, message(6, "ana", "b")], appendText, { metrics });
    const age = moment.now - 1_000;
    expect(measured).toEqual([
      ["records_skipped", { topic: "channel-messages", reason: "foreign" }],
      ["dead_letters", { reason: "unknown_schema" }, 1],
      ["records_applied", { topic: "agent-events" }, 1],
      ["input_age", age - 2, { topic: "agent-events" }],
      ["records_applied", { topic: "channel-messages" }, 2],
      ["input_age", age - 5, { topic: "channel-messages" }],
    ]);
  });
});
