// Conversations of a few seconds: a user asks for an agent, both write, the agent ends, the bot has the user back. For tests in which the
// surroundings are the question. Judged by the token checker.
import { expect } from "vitest";

import { endByAgent } from "../../sandbox/world/live-agent/agents.ts";
import { createConversations } from "./conversations.ts";
import { eventually } from "./eventually.ts";
import type { Stage } from "./stage.ts";

const rounds = 5;
/** One while the bot has the user, then one each way in each round. */
const tokens = 1 + 2 * rounds;

/** Conversations of one stage, all judged together. */
export interface ShortConversations {
  /** Has the next one, and judges all so far. */
  have(): Promise<void>;
}

/** Makes them; `count` at most. */
export function createShortConversations(stage: Stage, count: number): ShortConversations {
  const { desk, botrunner } = stage.world.parts;
  const aliases = Array.from({ length: count }, (_, i) => `short${String(i)}`);
  const people = Object.fromEntries(aliases.map((alias) => [alias, stage.user(alias)]));
  const talk = createConversations(stage, people);
  let had = 0;
  return {
    async have() {
      const alias = aliases[had] ?? "";
      const person = people[alias];
      if (person === undefined) throw new Error("more conversations than were announced");
      had += 1;
      await talk.userSays(alias, "Hola ");
      const session = await stage.openChat(person);
      for (let round = 0; round < rounds; round += 1) {
        talk.agentSays(alias);
        await talk.userSays(alias);
      }
      await talk.drained();
      endByAgent(desk, session);
      await eventually("the bot has the user back", () =>
        botrunner.states.read().entries.some(({ userId }) => userId === person.userId),
      );
      const verdict = talk.judge();
      expect(verdict, verdict.text).toMatchObject({ ok: true, delivered: had * tokens, inFlightDoubles: [] });
      expect(session.violations).toEqual([]);
    },
  };
}
