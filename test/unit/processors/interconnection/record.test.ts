// The stored record: nothing of a state is lost, the original's fields are where they were, and what can't be read says why.
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { momentsOf } from "../../../../src/processors/interconnection/due-times.ts";
import { formatRecord, homeOf, isLive, parseRecord, ttlOf } from "../../../../src/processors/interconnection/record.ts";
import { nobody, type UserState } from "../../../../src/processors/interconnection/state.ts";
import {
  recordShape as recordOf310,
  stateShape as stateOf310,
} from "../../../support/released/record-shape-of-3-1-0.ts";
import { anyState } from "./arbitrary.ts";
import { session, userIn, type TestUser } from "./user.ts";

interface OldRecord {
  status: string;
  readonly bridge: {
    chat: object | null;
    lastFact: number;
    lastSeq: { desk: number };
    readonly textsGiven?: unknown;
    readonly reports?: readonly { readonly command: Record<string, unknown> }[];
  };
}

const flat = (json: string): Record<string, unknown> => JSON.parse(json) as Record<string, unknown>;

describe("the stored record", () => {
  it("gives back every state that its type allows", () => {
    fc.assert(
      fc.property(anyState, (state) => {
        expect(parseRecord(formatRecord("user", "client", state))).toEqual({
          kind: "state",
          userId: "user",
          client: "client",
          state,
        });
      }),
      { numRuns: 500 },
    );
  });

  // What it can't read, it takes for a user without a chat: a word or a field that must be breaks a roll and the way back. What needs one all the
  // same belongs behind a setting that is turned on after the roll, and into docs/operations.md.
  it("can be read by the version that was released before, which takes users over while a deployment rolls", () => {
    fc.assert(
      fc.property(anyState, (state) => {
        const record = flat(formatRecord("u", "c", state));
        // Reports stand apart in the record, where that version does not look.
        const { pending } = record["bridge"] as { readonly pending: readonly { readonly kind: string }[] };
        expect(pending.map(({ kind }) => kind)).not.toContain("ReportToDesk");
        const known = { ...state, pending: state.pending.filter(({ kind }) => kind !== "ReportToDesk") };
        expect([recordOf310(record, ""), stateOf310(known, "")]).toEqual([null, null]);
      }),
      { numRuns: 500 },
    );
  });

  describe("that the version before has had in between", () => {
    /** That version keeps what it does not know where it stands; `changes` is what it does with what it knows. */
    const through = (state: UserState, changes: (record: OldRecord) => void): UserState => {
      const record = JSON.parse(formatRecord("u", "c", state)) as OldRecord;
      changes(record);
      expect(recordOf310(record, "")).toBeNull();
      const parsed = parseRecord(JSON.stringify(record));
      if (parsed.kind === "bad") throw new Error(parsed.detail);
      return parsed.state;
    };
    const silent = (): TestUser => {
      const user = userIn("ON_HOLD");
      user.desk("accepted", { agentName: "Kim", idleLimitSeconds: 180, idleWarningSeconds: 120 });
      user.settle();
      user.desk("said", { text: "Hi" });
      user.settle();
      return user;
    };
    const warned = (): TestUser => {
      const user = silent();
      user.due("idle_warning");
      return user;
    };
    const kindsOf = ({ pending }: UserState): string[] => pending.map(({ kind }) => kind);

    it("holds its reports while the chat is the same, and none of another chat or of one without a session", () => {
      const { state } = warned();
      expect(kindsOf(through(state, () => undefined))).toEqual(["ReportToDesk"]);
      const none = through(state, (record) => {
        record.bridge.chat = null;
        record.status = "NONE";
      });
      expect([none.interconnection, kindsOf(none)]).toEqual([null, []]);
      const another = through(state, ({ bridge }) => {
        bridge.chat = { ...bridge.chat, chatId: "another" };
      });
      expect(kindsOf(another)).toEqual([]);
      const connecting = userIn("CONNECTING").state;
      const opening = JSON.parse(formatRecord("u", "c", connecting)) as OldRecord;
      for (const chatId of ["another", connecting.interconnection?.chatId]) {
        const begun = through(state, (record) => {
          const { reports } = record.bridge;
          Object.assign(record, opening, { bridge: { ...opening.bridge, reports } });
          for (const { command } of reports ?? []) command["chatId"] = chatId;
        });
        expect([begun.interconnection?.status, kindsOf(begun)]).toEqual(["CONNECTING", ["EnsureContact"]]);
      }
    });

    it("holds a report of a chat that has ended beside the chat that has begun since", () => {
      const user = warned();
      user.due("idle_limit");
      user.connect();
      expect(user.state.interconnection?.status).toBe("CONNECTING");
      expect(kindsOf(user.state)).toContain("ReportToDesk");
      expect(through(user.state, () => undefined)).toEqual(user.state);
    });

    it("does not end a user who has answered there: a silence that is of then is not counted on", () => {
      const { state } = silent();
      const idleAt = (given: UserState): unknown[] => momentsOf(given).filter(({ kind }) => kind.startsWith("idle"));
      expect(idleAt(through(state, () => undefined))).toHaveLength(2);
      const user = silent();
      user.state = through(state, ({ bridge }) => {
        // What the fact about his message leaves.
        bridge.lastFact += 1;
      });
      expect(idleAt(user.state)).toEqual([]);
      user.desk("said", { text: "Which order?" });
      user.settle();
      expect(idleAt(user.state)).toHaveLength(2);
    });

    it("counts no further the texts of a chat to whose agent something was said there", () => {
      const { state } = userIn("ACTIVE");
      expect(state.textsGiven).toBeDefined();
      expect(through(state, () => undefined).textsGiven).toEqual(state.textsGiven);
      const talked = through(state, ({ bridge }) => {
        bridge.lastSeq.desk += 1;
      });
      expect(talked).not.toHaveProperty("textsGiven");
      // Nor those of the chat that it has begun since.
      const another = userIn("CONNECTING").state;
      const begun = JSON.parse(formatRecord("u", "c", another)) as OldRecord;
      const stale = through(state, (record) => {
        const { textsGiven, lastSeq } = record.bridge;
        Object.assign(record, begun, { bridge: { ...begun.bridge, textsGiven, lastSeq } });
        begun.bridge.chat = { ...begun.bridge.chat, chatId: "another" };
        record.bridge.chat = begun.bridge.chat;
      });
      expect(stale).not.toHaveProperty("textsGiven");
    });
  });

  it("has the original's fields", () => {
    const user = userIn("ACTIVE");
    expect(flat(formatRecord("5215512345678", "salesforce", user.state))).toMatchObject({
      client: "salesforce",
      userID: "5215512345678",
      sessionID: session.id,
      sessionKey: session.key,
      affinityToken: session.route,
      status: "ACTIVE",
      timestamp: "2023-11-14T22:13:20.100Z",
      provider: "whatsapp",
      botSlug: "bot",
      botID: "5215500000000",
      name: "Ana",
      email: "ana@example.org",
      phoneNumber: "1245124510",
      caseID: "500x",
      extraData: {},
      bridge: { version: 1 },
    });
  });

  it("holds session and extra data once, however many commands carry them", () => {
    const user = userIn("ACTIVE");
    for (const id of ["1", "2", "3"]) user.message(id, id);
    const json = formatRecord("u", "c", user.state);
    expect(json.split(session.key)).toHaveLength(2);
    const opening = userIn("NONE");
    opening.connect("r", { extraData: { note: "only once" } });
    expect(formatRecord("u", "c", opening.state).split("only once")).toHaveLength(2);
  });

  it.each([
    ["no JSON", "{", "not_json"],
    ["a list", "[]", "malformed"],
    ["null", "null", "malformed"],
    ["one of the original service", JSON.stringify({ client: "c", userID: "u", status: "ACTIVE" }), "foreign"],
    ["one of a newer program", JSON.stringify({ bridge: { version: 2 } }), "newer_version"],
    ["one without its fields", JSON.stringify({ bridge: { version: 1 } }), "malformed"],
  ])("that is %s is not read", (_name, json, problem) => {
    expect(parseRecord(json)).toMatchObject({ kind: "bad", problem });
  });

  it("with any one field of another type is not read, and no value is told", () => {
    const user = userIn("ACTIVE");
    user.message("secret-id", "secret-text");
    const json = formatRecord("u", "c", user.state);
    for (const path of pathsOf(JSON.parse(json))) {
      const record: unknown = JSON.parse(json);
      spoil(record, path);
      const parsed = parseRecord(JSON.stringify(record));
      expect([path.join("."), parsed.kind]).toEqual([path.join("."), "bad"]);
      expect(JSON.stringify(parsed)).not.toContain("secret-");
    }
  });

  it("is read or refused, whatever the text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (json) => {
        expect(parseRecord(json).kind).toBe("bad");
      }),
    );
  });
});

/** Paths of all leaves, less those that may be of any type. */
function pathsOf(value: unknown, path: readonly string[] = []): string[][] {
  if (path[0] === "timestamp" || path[0] === "extraData") return [];
  if (typeof value !== "object" || value === null) return [[...path]];
  return Object.entries(value).flatMap(([name, inner]) => pathsOf(inner, [...path, name]));
}

function spoil(record: unknown, path: readonly string[]): void {
  let at = record as Record<string, unknown>;
  for (const name of path.slice(0, -1)) at = at[name] as Record<string, unknown>;
  at[path.at(-1) ?? ""] = { not: "this" };
}

describe("where and how long it stands", () => {
  it.each([
    ["NONE", "connecting", false, "ends"],
    ["CONNECTING", "connecting", true, "stays"],
    ["ON_HOLD", "interconnection", true, "stays"],
    ["ACTIVE", "interconnection", true, "stays"],
    // Waits to be forgotten, and for nothing else.
    ["CLOSED", "interconnection", true, "ends"],
    // By a connect that was refused, of which the original had no record.
    ["FAILED", "connecting", true, "ends"],
  ] as const)("%s: %s, live %s, %s", (status, home, live, life) => {
    const { state } = userIn(status);
    expect(homeOf(state)).toBe(home);
    expect(isLive(state)).toBe(live);
    expect(ttlOf(state) === null).toBe(life === "stays");
  });

  it("is live while a hand-back waits, and has no end", () => {
    const user = userIn("ON_HOLD");
    user.desk("refused");
    expect([isLive(user.state), ttlOf(user.state)]).toEqual([true, null]);
    expect(isLive(nobody)).toBe(false);
  });
});
