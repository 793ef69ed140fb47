// Histories to break: short words for the entries of a test, a tick of time for each.
import { judgeHistory, type HistoryRules } from "../../../support/history/check-history.ts";
import type { Entry, Untimed } from "../../../support/history/entries.ts";
import { token } from "../../../support/tokens.ts";

/** The entries in this order, 10 ms apart. */
export function history(...entries: readonly (Untimed | readonly Untimed[])[]): readonly Entry[] {
  return entries.flat().map((entry, i) => ({ ...entry, at: i * 10 }));
}

export const up = (n: number, user = "ana"): string => token(user, "user-to-agent", n);
export const down = (n: number, user = "ana"): string => token(user, "agent-to-user", n);

export const offered = (id: string, user = "ana"): Untimed => ({ kind: "offered", id, user });
export const answered = (id: string, outcome: "ok" | "fail" | "info" = "ok"): Untimed => ({
  kind: "answered",
  id,
  outcome,
});
/** Offered and accepted. */
export const said = (id: string, user = "ana"): readonly Untimed[] => [offered(id, user), answered(id)];
export const screen = (text: string, user = "ana"): Untimed => ({ kind: "shown", witness: "agent", user, text });
export const phone = (text: string, user = "ana"): Untimed => ({ kind: "shown", witness: "user", user, text });
export const chat = (step: "requested" | "accepted" | "ended", session = "s1", user = "ana"): Untimed => ({
  kind: "chat",
  user,
  session,
  step,
});
export const handedBack: Untimed = { kind: "handed back", user: "ana" };
export const wayBack = (chat: string): Untimed => ({ kind: "way back", user: "ana", chat });
/** What the service was not told, or told too late. */
export const unheard = (id: string): Untimed => ({ kind: "unheard", ids: [id] });
export const began = (call: string, epoch: number | null = null, actor = "a"): Untimed => ({
  ...{ kind: "call began", lane: "poll", subject: "s1" },
  ...{ call, actor, epoch },
});
export const ended = (call: string): Untimed => ({ kind: "call ended", call });
export const step = (
  one: Extract<Untimed, { kind: "process" }>["step"],
  actor = "a",
  code: number | null = null,
): Untimed => ({ kind: "process", actor, step: one, code });
export const healed: Untimed = { kind: "healed" };
export const letter = (of: string, ...about: readonly string[]): Untimed => ({
  ...{ kind: "dead letter", reason: "undecodable" },
  ...{ of, about },
});

type Changelog = Extract<Untimed, { kind: "changelog" }>;

/** A record of the changelog of partition 0. */
export const changelog = (
  offset: number,
  body: Changelog["body"],
  epoch = 0,
  turn: number | null = null,
  producedBy = epoch,
): Untimed => ({
  ...{ kind: "changelog", partition: 0, version: turn === null ? null : { epoch, turn } },
  ...{ offset, producedBy, body },
});
export const state = (user: string, words: string): Changelog["body"] => ({
  type: "user",
  user,
  state: JSON.stringify({ words }),
});
export const cursor = (applied: number): Changelog["body"] => ({
  type: "cursor",
  applied: { "chat-requests": applied },
});
export const stored = (user: string, words: string | null): Untimed => ({
  kind: "stored",
  user,
  state: words === null ? null : JSON.stringify({ words }),
});

/** A record of `topic`, partition 0. */
export const record = (offset: number, id: string | null, content: string, topic = "chat-events"): Untimed => ({
  ...{ kind: "record", partition: 0 },
  ...{ topic, offset, id, content },
});

/** What the checker finds, as `I1 lost: id`. */
export const found = (entries: readonly Entry[], rules?: HistoryRules): readonly string[] =>
  judgeHistory(entries, rules).findings.map(({ invariant, what, subject }) => `${invariant} ${what}: ${subject}`);
