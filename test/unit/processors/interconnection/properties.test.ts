// What holds in every conversation, whatever happens in it: totality, determinism, numbering, order, nothing lost, one end
// per chat, one outcome per request, and that somebody owns the user at any time.
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { createDecide } from "../../../../src/processors/interconnection/decide.ts";
import type { Command } from "../../../../src/processors/interconnection/commands.ts";
import type { Fact, Input } from "../../../../src/processors/interconnection/decision.ts";
import { formatRecord, parseRecord } from "../../../../src/processors/interconnection/record.ts";
import { isOpen, nobody, type UserState } from "../../../../src/processors/interconnection/state.ts";
import { anyState } from "./arbitrary.ts";
import { conversation, createPlayer, tight, type Action } from "./conversation.ts";
import { columns } from "./table-inputs.ts";
import { createUser, settings, type Step, type TestUser } from "./user.ts";

const idOf = ({ chatId, lane, seq }: Command): string => `${chatId}/${lane}/${String(seq)}`;
/** A run is a whole conversation; five seconds hold them also on a busy machine. */
const runs = { numRuns: 150 };

interface Played {
  readonly user: TestUser;
  readonly steps: readonly { readonly action: Action; readonly before: UserState; readonly step: Step }[];
  readonly gave: readonly Command[];
  readonly requests: ReadonlySet<string>;
}

/** Plays a conversation to its end: then every command is answered and every moment but being forgotten has come. */
function play(actions: readonly Action[]): Played {
  const user = createUser(tight);
  const player = createPlayer(user);
  const steps: Played["steps"][number][] = [];
  const gave: Command[] = [];
  const one = (action: Action): void => {
    const before = user.state;
    const step = player.play(action);
    if (step === null) return;
    steps.push({ action, before, step });
    gave.push(...step.gave);
  };
  actions.forEach(one);
  while (user.state.pending.length > 0) one({ do: "settle" });
  one({ do: "finish" });
  while (user.state.pending.length > 0 || user.state.due.some(({ kind }) => kind !== "forget")) {
    one(user.state.pending.length > 0 ? { do: "settle" } : { do: "due" });
  }
  return { user, steps, gave, requests: player.requests };
}

function byChat(facts: readonly Fact[]): Map<string, Fact[]> {
  const chats = new Map<string, Fact[]>();
  for (const fact of facts) {
    if (fact.chatId !== null) chats.set(fact.chatId, [...(chats.get(fact.chatId) ?? []), fact]);
  }
  return chats;
}

function tokensIn(texts: readonly string[], side: "user" | "agent"): number[] {
  return texts.flatMap((text) =>
    [...text.matchAll(new RegExp(`⟨${side}\\.(\\d+)⟩`, "gu"))].map((found) => Number(found[1])),
  );
}

describe("in every conversation", () => {
  const always = (check: (played: Played) => void): void => {
    fc.assert(
      fc.property(conversation, (actions) => check(play(actions))),
      runs,
    );
  };

  it("commands are numbered from 1 without a gap by chat and lane", () => {
    always(({ gave }) => {
      const last = new Map<string, number>();
      for (const { chatId, lane, seq } of gave) {
        const queue = `${chatId}/${lane}`;
        expect(seq).toBe((last.get(queue) ?? 0) + 1);
        last.set(queue, seq);
      }
      expect(new Set(gave.map(idOf)).size).toBe(gave.length);
    });
  });

  it("facts are numbered from 1 without a gap by chat, with an id each", () => {
    always(({ user }) => {
      for (const facts of byChat(user.facts).values())
        expect(facts.map(({ sequence }) => sequence)).toEqual(facts.map((_, i) => i + 1));
      expect(new Set(user.facts.map(({ eventId }) => eventId)).size).toBe(user.facts.length);
    });
  });

  it("a command leaves only with its result, or as a hand-back that a connect overtakes", () => {
    always(({ steps }) => {
      for (const { before, step } of steps) {
        const left = new Set(step.state.pending.map(idOf));
        const gone = before.pending.filter((command) => !left.has(idOf(command)));
        const answered = gone.filter(({ kind }) => kind !== "HandBack");
        const superseded = step.facts.filter(({ reason }) => reason === "superseded").length;
        expect(answered.length).toBeLessThanOrEqual(1);
        if (gone.length > 1) expect(gone.length - answered.length).toBeLessThanOrEqual(superseded);
      }
    });
  });

  it("each message of a user to an agent is said once or given up, and what is said is in order", () => {
    always(({ user, steps, gave }) => {
      const inFacts = steps.flatMap(({ step }) => step.facts).filter(({ kind }) => kind === "message_in");
      const promised = inFacts.map(({ messageId }) => Number(messageId?.slice(1)));
      const said = tokensIn(
        gave.flatMap((each) => {
          if (each.kind === "AttachFile") return [each.media.url];
          return each.kind === "SayToAgent" && each.about === "message" ? [each.text] : [];
        }),
        "user",
      );
      expect(said).toEqual(said.toSorted((a, b) => a - b));
      const letters = steps.flatMap(({ step }) =>
        step.deadLetters.flatMap(({ text }) => (text === null ? [] : [text])),
      );
      const known = [...said, ...tokensIn(letters, "user")];
      const missing = promised.filter((n) => !known.includes(n));
      expect(missing).toEqual([]);
      expect(new Set(said).size).toBe(said.length);
      expect(user.state.backlog).toEqual([]);
    });
  });

  it("each text of an agent is said once, in order, or given up", () => {
    always(({ steps, gave }) => {
      const told = steps.filter(
        ({ action, step }) => action.do === "desk" && action.kind === "said" && step.facts.length > 0,
      );
      const said = tokensIn(
        gave.flatMap((each) => (each.kind === "SayToUser" ? [each.text] : [])),
        "agent",
      );
      expect(said).toEqual(said.toSorted((a, b) => a - b));
      expect(new Set(said).size).toBe(said.length);
      const overflown = steps.filter(({ step }) =>
        step.deadLetters.some(({ reason, text }) => reason === "lane_overflow" && text?.includes("agent")),
      );
      expect(said.length).toBe(told.length - overflown.length);
    });
  });

  it("a chat has one end, and its user is owned at any time", () => {
    always(({ user, steps }) => {
      for (const facts of byChat(user.facts).values())
        expect(facts.filter(({ kind }) => kind === "ended" || kind === "refused")).toHaveLength(1);
      const told: Fact[] = [];
      for (const { step } of steps) {
        told.push(...step.facts);
        const { interconnection: chat, pending, handBack } = step.state;
        if (chat === null || isOpen(chat)) continue;
        const isOf = (each: { readonly chatId: string | null } | null): boolean => each?.chatId === chat.chatId;
        const owned =
          pending.some((command) => command.kind === "HandBack" && isOf(command)) ||
          isOf(handBack) ||
          told.some((fact) => isOf(fact) && (fact.kind === "handed_back" || fact.kind === "hand_back_failed"));
        expect(owned).toBe(true);
      }
    });
  });

  it("each request has one outcome among the facts, and its answer never changes", () => {
    always(({ user, steps, requests }) => {
      const outcomes = ["waiting", "refused", "finish_done", "operator_done"];
      for (const request of requests) {
        const facts = user.facts.filter(({ requestId, kind }) => requestId === request && outcomes.includes(kind));
        expect(facts).toHaveLength(1);
        const replies = steps.flatMap(({ step }) => step.replies.filter(({ requestId }) => requestId === request));
        expect(replies.length).toBeGreaterThan(0);
        expect(new Set(replies.map(({ reply }) => JSON.stringify(reply))).size).toBe(1);
      }
    });
  });

  it("the record gives back the state after every step", () => {
    always(({ steps }) => {
      for (const { step } of steps) {
        const json = formatRecord("u", "c", step.state);
        const parsed = parseRecord(json);
        expect(parsed.kind === "state" ? formatRecord("u", "c", parsed.state) : parsed).toBe(json);
      }
    });
  });

  it("the user is forgotten in the end, with nothing left behind", () => {
    always(({ user }) => {
      user.due("forget");
      expect(user.state).toBe(nobody);
    });
  });

  it("deciding it again gives the same bytes", () => {
    always(({ user }) => {
      const decide = createDecide({ ...settings, ...tight });
      let [one, two] = [nobody, nobody];
      const memory = { history: [], seen: new Set<string>() };
      for (const input of user.inputs) {
        const a = decide({ state: one, memory }, input);
        const b = decide({ state: structuredClone(two), memory }, structuredClone(input));
        expect(JSON.stringify(b)).toBe(JSON.stringify(a));
        [one, two] = [a.state, b.state];
      }
    });
  });
});

it("the conversations reach what they are to show", () => {
  const seen = new Set<string>();
  for (const actions of fc.sample(conversation, { numRuns: 150, seed: 7 })) {
    for (const { step } of play(actions).steps) {
      for (const { kind, reason } of step.facts) seen.add(kind).add(reason);
      for (const { reason } of step.deadLetters) seen.add(reason);
      for (const { texts } of step.state.backlog)
        if (texts.some((each) => "text" in each && each.text.includes("\n"))) seen.add("joined");
      if (step.state.earlier.length > 0) seen.add("earlier chat");
      if (step.state.looseCase !== null) seen.add("loose case");
    }
  }
  const kinds = ["waiting", "accepted", "message_in", "message_out", "message_failed", "file", "ended", "handed_back"];
  const reasons = ["chat_over", "lane_overflow", "superseded", "agent", "finish", "operator", "poll_budget", "too_old"];
  const others = ["joined", "earlier chat", "loose case", "undeliverable", "opening_timeout", "contact_blocked"];
  expect([...seen]).toEqual(expect.arrayContaining([...kinds, ...reasons, ...others]));
});

describe("on any state and any input", () => {
  const names = Object.keys(columns) as (keyof typeof columns)[];

  it("something is decided, and what is given stays as it was", () => {
    fc.assert(
      fc.property(anyState, fc.constantFrom(...names), (state, name) => {
        const user = createUser();
        user.state = deepFrozen(state);
        columns[name](user);
        const [input] = user.inputs as [Input];
        const decision = createDecide(settings)({ state: deepFrozen(state), memory: user.memory }, deepFrozen(input));
        expect(decision.state).toBeTypeOf("object");
      }),
      { numRuns: 1000 },
    );
  });
});

function deepFrozen<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFrozen);
  }
  return value;
}
