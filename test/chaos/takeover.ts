// A killed owner's chats, polled by another: opens them on two instances until one has as many as wanted, kills that one, and measures from the
// kill, as the desk sees it, until the last of them is polled again. Called by main.ts.
import type { Session } from "../../sandbox/world/live-agent/session.ts";
import { percentile } from "../support/conversations.ts";
import { eventually } from "../support/eventually.ts";
import { allPolled, gapsOfAbandonedPolls, overlappingPolls } from "../support/poll-gaps.ts";
import { withCast, type Cast } from "./cast.ts";
import { metric } from "./faults.ts";

/** What to measure. */
export interface TakeoverOptions {
  /** Chats that the killed instance has. */
  readonly chats: number;
  readonly file: string;
  readonly say: (line: string) => void;
}

/** What it came to; milliseconds from the kill. */
export interface Takeover {
  readonly taken: number;
  readonly medianMs: number;
  readonly worstMs: number;
  /** Session timeout + 5 s. */
  readonly boundMs: number;
  readonly lost: number;
  readonly overlaps: number;
}

const sessionTimeoutMs = 6_000;
const openedAtOnce = 20;
const polledWithinMs = 120_000;

/** Measures it on services of its own. */
export function measureTakeover({ chats, file, say }: TakeoverOptions): Promise<Takeover> {
  const manner = { seed: 1, thinkMs: [1_000, 1_000], acts: [1, 1] } as const;
  return withCast({ instances: 2, file, say, manner, settings: { LOG_LEVEL: "warn" } }, async (cast) => {
    const { arena } = cast;
    const [victim] = arena.instances;
    if (victim === undefined) throw new Error("no instances");
    const sessions: Session[] = [];
    while ((await metric(victim, "salesforce_integration_open_polls")) < chats)
      sessions.push(...(await openSome(cast, sessions.length)));
    await eventually("every chat is polled", () => allPolled(sessions), { timeoutMs: polledWithinMs });
    say(`${String(sessions.length)} chats are open`);
    const killedMs = arena.now();
    await arena.kill(victim);
    await eventually("the desk misses the polls of the killed", () => !allPolled(sessions));
    await eventually("every chat is polled again", () => allPolled(sessions), { timeoutMs: polledWithinMs });
    const gaps = gapsOfAbandonedPolls(sessions, killedMs);
    const tookMs = gaps.map(({ fromMs, lengthMs }) => fromMs + lengthMs - killedMs);
    return {
      taken: new Set(gaps.map(({ session }) => session)).size,
      medianMs: percentile(tookMs, 0.5),
      worstMs: Math.max(...tookMs),
      boundMs: sessionTimeoutMs + 5_000,
      lost: sessions.filter(({ state }) => state !== "ENGAGED").length,
      overlaps: overlappingPolls(sessions),
    };
  });
}

async function openSome({ users }: Cast, from: number): Promise<readonly Session[]> {
  const deadline = AbortSignal.timeout(polledWithinMs);
  const opened = await Promise.all(
    Array.from({ length: openedAtOnce }, (_, i) =>
      users.add(`u${String(from + i)}`, "whatsapp").connect("http", deadline),
    ),
  );
  return opened.map((session) => {
    if (session === null) throw new Error("a chat could not be opened");
    return session;
  });
}
