// What a takeover writes of what it learned from the changelog.
import { describe, expect, it } from "vitest";

import { formatRecord } from "../../../src/processors/interconnection/record.ts";
import { nobody } from "../../../src/processors/interconnection/state.ts";
import { catchUpChanges, inheritedIndex, isNewerFold } from "../../../src/topology/catch-up.ts";
import type { Fold, Version } from "../../../src/topology/changelog.ts";
import { createInMemoryCodec } from "../../../src/topology/in-memory/codec.ts";
import { createInMemoryStore } from "../../../src/topology/in-memory/store.ts";
import { memoryLimits } from "../../../src/topology/memory-limits.ts";
import type { StoredIndex } from "../../../src/topology/stored.ts";
import { loadTopicTypes } from "../../../src/clients/schema-registry/topic-types.ts";
import { createOwnerParts, stateWith } from "../../support/owner-parts.ts";

const { codec } = createInMemoryCodec(loadTopicTypes());
const state = stateWith([]);
const json = formatRecord("ana", "test", state);
const applied = { "agent-events": 1, "chat-requests": 2, "channel-messages": 3 };
const stored: StoredIndex = { savedEpoch: 4, turn: 9, applied, outbox: null, changelogPosition: 7 };

function foldOf(users: Readonly<Record<string, string | null>>, version: Version): Fold {
  const body = { type: "Cursor", applied: { "agent-events": 11 }, outbox: [], replies: [] };
  const bytes = codec.encode("interconnections", { client: "test", ...version, body });
  const entries = Object.entries(users).map(([userId, text]) => [userId, { version, json: text }] as const);
  return { users: new Map(entries), cursor: { version, bytes }, voided: 0 };
}

describe("a fold", () => {
  it("is newer when its cursor is, by epoch, then turn", () => {
    const newer = (epoch: number, turn: number): boolean => isNewerFold(foldOf({}, { epoch, turn }), stored);
    expect([newer(4, 9), newer(4, 10), newer(5, 1), newer(3, 99)]).toEqual([false, true, true, false]);
    expect(isNewerFold({ ...foldOf({}, { epoch: 5, turn: 1 }), cursor: null }, stored)).toBe(false);
  });

  it("brings the states that the store has not seen, and none that it has", () => {
    const later = catchUpChanges(foldOf({ ana: json }, { epoch: 4, turn: 10 }), stored, "test");
    expect(later.changes).toMatchObject([
      { userId: "ana", live: true, ttlMs: null, state: { json, home: "interconnection" } },
    ]);
    expect(catchUpChanges(foldOf({ ana: json }, { epoch: 4, turn: 9 }), stored, "test").changes).toEqual([]);
  });

  it("ends what an older store still holds of a user who was forgotten, under both homes", async () => {
    const { clock } = createOwnerParts();
    const { store, faults } = createInMemoryStore(clock, memoryLimits(1_000));
    await store.claim(0, 5, "me");
    for (const home of ["interconnection", "connecting"] as const) {
      const old = {
        userId: "ana",
        state: { json, home },
        ttlMs: null,
        live: true,
        remember: [],
        see: [],
        erase: false,
      };
      await store.catchUp(0, 5, [old], null);
    }
    const { changes } = catchUpChanges(foldOf({ ana: null }, { epoch: 4, turn: 10 }), stored, "test");
    await store.catchUp(0, 5, changes, null);
    await clock.advance(1);
    expect((await store.load(["ana"]))[0]?.state).toBeNull();
    expect(faults.snapshot().indexes.get(0)?.live.size).toBe(0);
  });

  it("tells of a state that can't be read, and whose it is", () => {
    const { changes, unreadable } = catchUpChanges(foldOf({ ana: "{" }, { epoch: 5, turn: 1 }), null, "test");
    expect([changes, unreadable]).toEqual([[], [{ userId: "ana", json: "{", detail: "the record is no JSON" }]]);
    expect(catchUpChanges(foldOf({ ana: null }, { epoch: 5, turn: 1 }), null, "test").changes).toEqual([]);
    expect(formatRecord("ana", "test", nobody)).not.toContain("undefined");
  });
});

describe("the index that stands after a catch-up", () => {
  it("is the cursor's, with its outbox to be produced again", async () => {
    const index = await inheritedIndex(foldOf({}, { epoch: 5, turn: 2 }), stored, 30, { codec, client: "test" });
    expect(index).toMatchObject({ savedEpoch: 5, turn: 2, changelogPosition: 30 });
    expect(index.applied).toEqual({ "agent-events": 11, "chat-requests": -1, "channel-messages": -1 });
    expect(index.outbox).not.toBeNull();
  });

  it("is new where there is no cursor at all", async () => {
    const nothing: Fold = { users: new Map(), cursor: null, voided: 0 };
    const index = await inheritedIndex(nothing, null, 1, { codec, client: "test" });
    expect(index).toMatchObject({ savedEpoch: -1, turn: 0, outbox: null, changelogPosition: 1 });
  });
});
