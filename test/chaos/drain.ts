// What is under way in an arena, and the wait until nothing is. Called by the runs.
import { setTimeout as delay } from "node:timers/promises";

import { uncommitted } from "../support/group-members.ts";
import type { Cast } from "./cast.ts";

/** After healing. */
export const drainWithinMs = 120_000;

/** Words that nobody has seen yet, webhooks and calls under way; held polls are no work. */
export function openWork({ arena, words }: Cast): number {
  const { journal, webhooks } = arena.stage.world.parts;
  const calls = journal.open().filter(({ operation }) => operation !== "Messages").length;
  return words.open().length + webhooks.pending() + calls;
}

/** Resolves with the time that it took, null where it was too long: every word has come, nothing waits, all is committed, every instance is ready. */
export async function drain(cast: Cast, stopped: AbortSignal): Promise<number | null> {
  const { arena } = cast;
  const { names, addresses } = arena.stage;
  const startMs = arena.now();
  while (arena.now() - startMs < drainWithinMs) {
    stopped.throwIfAborted();
    await settleInContext(cast);
    if (openWork(cast) === 0 && arena.instances.every(({ wanted, ready }) => ready || !wanted)) {
      const left = await uncommitted(addresses.brokers, `${names.appName}-${names.topic}`, names.topic);
      arena.note({ kind: "sample", of: "lag", subject: "group", value: left.length });
      if (left.length === 0) return arena.now() - startMs;
    }
    await delay(100);
  }
  return null;
}

/** A word that was accepted and that no agent has seen stands in the context where its chat was over when it was decided. */
async function settleInContext({ arena, users, words }: Cast): Promise<void> {
  const open = words.open().filter(({ direction }) => direction === "user-to-agent");
  const { people } = arena.stage.world.parts;
  for (const { userId } of people.list()) {
    const mine = open.filter(({ user }) => user === users.aliasOf(userId));
    if (mine.length === 0 || !users.hasForgotten(userId)) continue;
    const response = await arena.stage.call("GET", `/v1/context/${userId}`);
    const context = await response.text();
    for (const word of mine) if (context.includes(word.id)) words.settle(word);
  }
}
