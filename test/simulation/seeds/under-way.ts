// Accepted words until each has come to an end that was seen: shown, a dead letter, or in the context where its chat was over. Called by the witness.
import type { Untimed } from "../../support/history/entries.ts";
import { parseToken } from "../../support/tokens.ts";

/** The words under way. */
export interface UnderWay {
  accepted(id: string, user: string): void;
  /** They were shown, or are dead letters. */
  ended(ids: readonly string[]): void;
  /** The user's chat is over: what is decided from now on comes too late for it. */
  chatOver(user: string): void;
  /** What the user's agent has said may stay at the desk as long as it stands on no topic: the polls end, or the desk has lost the session. */
  leaveAtDesk(user: string): void;
  /** Words stand on the topic of what agents say. */
  fetched(ids: readonly string[]): void;
  /** The store took them as context. */
  remembered(ids: readonly string[]): void;
  /** The word came with a file of a Facebook user: behind the end of the chat it leaves no context (parity sheet 2.2). */
  leavesNoContext(id: string): void;
  /** One of a chat that is not over. */
  isOfOpenChat(id: string): boolean;
  /** Still to come to an end. */
  open(user?: string): readonly string[];
  /** Nothing more will be seen: what stayed at the desk was promised to nobody. */
  end(): void;
}

/** None yet. What it finds out is told to the history. */
export function createUnderWay(note: (entry: Untimed) => void): UnderWay {
  const users = new Map<string, string>();
  const ofOverChat = new Set<string>();
  const inContext = new Set<string>();
  const onTopic = new Set<string>();
  const leftAtDesk = new Set<string>();

  const isOfAgent = (id: string): boolean => parseToken(id)?.direction === "agent-to-user";
  const isAtDesk = (id: string): boolean => leftAtDesk.has(id) && !onTopic.has(id);
  const wordsOf = (user: string): readonly string[] => [...users].flatMap(([id, of]) => (of === user ? [id] : []));

  /** A word of a user that came behind the end of his chat stands in the context, for the next agent. */
  function settle(id: string): void {
    if (!users.has(id) || !ofOverChat.has(id) || !inContext.has(id)) return;
    users.delete(id);
    note({ kind: "settled", id, as: "context" });
  }

  return {
    accepted: (id, user) => void users.set(id, user),
    ended(ids) {
      for (const id of ids) users.delete(id);
    },
    chatOver(user) {
      for (const id of wordsOf(user)) {
        ofOverChat.add(id);
        note({ kind: "late", id });
        settle(id);
      }
    },
    leaveAtDesk(user) {
      for (const id of wordsOf(user)) if (isOfAgent(id)) leftAtDesk.add(id);
    },
    fetched(ids) {
      for (const id of ids) onTopic.add(id);
    },
    remembered(ids) {
      for (const id of ids) {
        if (isOfAgent(id)) continue;
        inContext.add(id);
        settle(id);
      }
    },
    leavesNoContext: (id) => void inContext.add(id),
    isOfOpenChat: (id) => users.has(id) && !ofOverChat.has(id),
    open: (user) => (user === undefined ? [...users.keys()] : wordsOf(user)).filter((id) => !isAtDesk(id)),
    end() {
      for (const id of users.keys()) if (isAtDesk(id)) note({ kind: "answered", id, outcome: "info" });
    },
  };
}
