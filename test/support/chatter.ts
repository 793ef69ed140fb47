// Both sides of some chats writing at a steady pace, round robin over the users, until stopped. Called by the end-to-end tests.
import type { Conversations } from "./conversations.ts";

/** A pace that goes on. */
export interface Chatter {
  /** No more words; resolves when all webhooks of users are accepted. */
  stop(): Promise<void>;
}

/** Every `everyMs` the next user and, in the same moment, the next user's agent write a token. */
export function startChatter(talk: Conversations, aliases: readonly string[], everyMs: number): Chatter {
  const under: Promise<void>[] = [];
  let turn = 0;
  const timer = setInterval(() => {
    const alias = aliases[turn % aliases.length] ?? "";
    turn += 1;
    under.push(talk.userSays(alias));
    talk.agentSays(alias);
  }, everyMs);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(under);
    },
  };
}
