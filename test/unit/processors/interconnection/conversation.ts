// Random conversations: what may happen to a user, in any order, as far as the outside can make it happen (lanes answer in
// order, moments come when they are due). Owns the actions and how one is played; what must hold is in properties.test.ts.
import fc from "fast-check";

import { defaultLimits, type DecideSettings } from "../../../../src/processors/interconnection/settings.ts";
import type { CommandOutcome, DeskEventKind } from "../../../../src/processors/messages/generated.ts";
import { momentsOf } from "../../../../src/processors/interconnection/due-times.ts";
import { session, type Step, type TestUser } from "./user.ts";

/** One thing that happens. */
export type Action =
  | { readonly do: "connect"; readonly how: "new" | "repeat" | "expired" | "invalid" | "nobody" }
  | { readonly do: "finish" | "operator" | "repeat" | "due" | "settle" }
  | { readonly do: "reconnected" }
  | { readonly do: "lost" }
  | { readonly do: "message"; readonly how: "text" | "long" | "file" | "repeat" | "keyword" | "bot" | "sticker" }
  | { readonly do: "desk"; readonly kind: DeskEventKind }
  | {
      readonly do: "result";
      readonly lane: "desk" | "channel";
      readonly outcome: CommandOutcome;
      readonly blocked: boolean;
    };

const outcome = fc.constantFrom<CommandOutcome>(
  "done",
  "done",
  "done",
  "done",
  "refused",
  "given_up",
  "broken",
  "unknown",
);
const deskKind = fc.constantFrom<DeskEventKind>(
  "queued",
  "queue_moved",
  "accepted",
  "accepted",
  "said",
  "said",
  "said",
  "typing",
  "transferred",
  "waiting_again",
  "agent_disconnected",
  "custom",
  "refused",
  "ended",
  "other",
);
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("connect" as const),
      how: fc.constantFrom("new", "new", "new", "repeat", "expired", "invalid", "nobody"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("finish", "operator", "reconnected", "lost", "repeat") }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("due", "settle") }) },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant("message" as const),
      how: fc.constantFrom(
        "text",
        "text",
        "text",
        "text",
        "text",
        "long",
        "file",
        "repeat",
        "keyword",
        "bot",
        "sticker",
      ),
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant("desk" as const), kind: deskKind }) },
  {
    weight: 14,
    arbitrary: fc.record({
      do: fc.constant("result" as const),
      lane: fc.constantFrom("desk", "channel"),
      outcome,
      blocked: fc.constantFrom(false, false, false, true),
    }),
  },
);

const settled = Array.from({ length: 4 }, (): Action => ({ do: "settle" }));
const connected: readonly Action[] = [{ do: "connect", how: "new" }, ...settled];
const accepted: readonly Action[] = [...connected, { do: "desk", kind: "accepted" }];
const beginning = fc.constantFrom<readonly Action[]>([], connected, accepted, accepted, accepted);

/** A conversation of up to 80 things that happen, most of them from a chat with an agent on. */
export const conversation: fc.Arbitrary<Action[]> = fc
  .tuple(beginning, fc.array(action, { minLength: 1, maxLength: 80, size: "max" }))
  .map(([first, actions]) => [...first, ...actions]);

/** Small bounds, so that short conversations meet them. */
export const tight: Partial<DecideSettings> = {
  limits: {
    ...defaultLimits,
    laneWindow: 2,
    waitingMessages: 4,
    agentTextChars: 60,
    userTextChars: { whatsapp: 60, facebook: 60, unknown: 60 },
  },
};

/** The text of the nth message of a side. */
const tokenOf = (side: "user" | "agent" | "bot", n: number): string => `⟨${side}.${String(n)}⟩`;

/** Plays actions on a user; answers each step, none where the action can't happen. */
export function createPlayer(user: TestUser): {
  play(action: Action): Step | null;
  readonly requests: ReadonlySet<string>;
} {
  const count = { request: 0, message: 0, said: 0 };
  const requests = new Set<string>();
  const newId = (): string => {
    const id = `r${String(++count.request)}`;
    requests.add(id);
    return id;
  };
  const lastId = (): string => `r${String(count.request)}`;

  function connect(how: Extract<Action, { do: "connect" }>["how"]): Step | null {
    switch (how) {
      case "new":
        return user.connect(newId());
      case "repeat":
        return count.request === 0 ? null : user.connect(lastId());
      case "expired":
        return user.connect(newId(), {}, user.nowMs - 1);
      case "invalid":
        return user.connect(newId(), { email: "" });
      case "nobody":
        return user.connect(newId(), { channel: "unknown" });
    }
  }

  function message(how: Extract<Action, { do: "message" }>["how"]): Step | null {
    if (how === "repeat") return count.message === 0 ? null : user.message(`m${String(count.message)}`, "again");
    const n = ++count.message;
    const id = `m${String(n)}`;
    const token = tokenOf(how === "bot" ? "bot" : "user", n);
    const media = { url: `https://m.example.org/${token}`, mimeType: "image/png", caption: null };
    switch (how) {
      case "text":
        return user.message(id, token);
      case "long":
        return user.message(id, `${token} ${"word ".repeat(20)}`);
      case "file":
        return user.message(id, null, { type: "image", media });
      case "keyword":
        return user.message(id, "restart");
      case "bot":
        return user.message(id, token, { author: "bot" });
      case "sticker":
        return user.message(id, null, { type: "sticker" });
    }
  }

  function atDesk(): boolean {
    const status = user.state.interconnection?.status;
    return status === "ON_HOLD" || status === "ACTIVE";
  }

  const idleTimes = { idleLimitSeconds: 180, idleWarningSeconds: 120 };

  function desk(action: Extract<Action, { do: "desk" | "reconnected" | "lost" }>): Step | null {
    const generation = user.state.interconnection?.session?.generation ?? "";
    const next = `g${String(user.nowMs)}`;
    const moved = { ...session, generation: next, route: `sealed-${next}` };
    if (action.do === "lost")
      return user.agentEvent({ type: "DeskLost", generation, reason: "budget_exhausted", detail: null });
    if (action.do === "reconnected")
      return user.agentEvent({
        type: "DeskReconnected",
        session: moved,
        resetsPostSequence: true,
        unconfirmedEvents: null,
        leftGeneration: null,
      });
    const said = action.kind === "said" ? { text: tokenOf("agent", ++count.said) } : { queuePosition: 1 };
    return user.desk(action.kind, action.kind === "accepted" ? idleTimes : said);
  }

  function result(wanted: Extract<Action, { do: "result" }>): Step | null {
    const command = user.state.pending.find(({ lane }) => lane === wanted.lane);
    if (command === undefined) return null;
    if (command.kind !== "EnsureContact" || !wanted.blocked) return user.result(wanted.outcome, undefined, command);
    const data = { type: "ContactReady", contactId: "003x", created: false, blocked: true } as const;
    return user.result(wanted.outcome, data, command);
  }

  return {
    requests,
    play(action) {
      switch (action.do) {
        case "connect":
          return connect(action.how);
        case "finish":
          return user.finish(newId());
        case "operator":
          return user.operator("end_chat", newId());
        case "message":
          return message(action.how);
        case "desk":
        case "reconnected":
        case "lost":
          return atDesk() ? desk(action) : null;
        case "repeat":
          return count.request === 0 ? null : user.finish(lastId());
        case "due": {
          // Being forgotten comes last: a request that is repeated a day later is a new one.
          const [first] = momentsOf(user.state)
            .filter(({ kind }) => kind !== "forget")
            .toSorted((a, b) => a.at - b.at);
          return first === undefined ? null : user.due(first.kind);
        }
        case "settle": {
          const [first] = user.state.pending;
          return first === undefined ? null : user.result("done", undefined, first);
        }
        case "result":
          return result(action);
      }
    },
  };
}
