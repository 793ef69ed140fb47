// GET /v1/context: what was said in the last 24 h, in the original's form. Owns the keys, their order and what is left out.
import { contextLifeMs } from "../processors/lifetimes.ts";
import { receivedAtOf, type ContextEntry } from "../processors/interconnection/state.ts";
import type { Clock, Log } from "../topology/ports.ts";
import { unavailable, type Answer } from "./answer.ts";
import { within } from "./deadline.ts";
import type { ContextReader } from "./ports.ts";

/** Last moment that a Date can hold; records of others may say anything. */
const lastMs = 8_640_000_000_000_000;

/** What the route works with. */
export interface ContextOptions {
  readonly client: string;
  readonly partTimeoutMs: number;
  readonly clock: Pick<Clock, "now">;
  readonly log: Log;
}

/** Makes the route's work: user id in, answer out. `null` where nothing is stored, as the original. */
export function createContextRoute(
  context: ContextReader,
  options: ContextOptions,
): (userId: string) => Promise<Answer> {
  return async (userId) => {
    try {
      const entries = await within(options.partTimeoutMs, context.of(userId));
      // The state of a chat that waits for an agent holds what was said for as long as it waits.
      const kept = entries?.filter((entry) => receivedAtOf(entry) + contextLifeMs > options.clock.now());
      return { status: 200, body: kept?.map((entry) => itemOf(entry, userId, options.client)) ?? null };
    } catch (error) {
      options.log.warn({ error }, "the store did not answer, context not told");
      return unavailable("the context is not known : the store does not answer");
    }
  };
}

// The order of keys is the original's; an undefined one is not written.
function itemOf(entry: ContextEntry, userId: string, client: string): Readonly<Record<string, unknown>> {
  return {
    userId,
    client,
    timestamp: entry.at === 0 ? undefined : entry.at,
    url: entry.media?.url,
    mimeType: entry.media?.mimeType ?? undefined,
    caption: entry.media?.caption ?? undefined,
    text: entry.text ?? undefined,
    from: entry.from,
    ttl: new Date(Math.max(-lastMs, Math.min(receivedAtOf(entry) + contextLifeMs, lastMs))).toISOString(),
  };
}
