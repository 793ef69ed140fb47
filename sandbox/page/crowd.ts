// Owns the crowd: many users at once who ask for an agent, talk at a steady pace and leave; half of the texts are theirs, half the agent's.
// For seeing the service and the page under load. Called by page.ts.
import { CROWD_FLOW } from "../environment.ts";
import { endByAgent, say } from "../world/live-agent/agents.ts";
import { NotPossible, type Session } from "../world/live-agent/session.ts";
import type { WorldParts } from "../world/world-parts.ts";
import type { Crowd } from "./protocol.ts";

/** The crowd. */
export interface CrowdControl {
  /** Lets them in. Throws NotPossible when there is one, or when it would be out of bounds. */
  letIn(users: number, perSecond: number, seconds: number): void;
  /** They leave: every chat of theirs ends. */
  sendAway(): void;
  now(): Crowd | null;
}

const MOST_USERS = 200;
const MOST_PER_SECOND = 300;
const BEAT_MS = 20;
const FIRST_USER = 5_215_590_000_000;

interface Running {
  readonly crowd: Crowd;
  readonly timer: NodeJS.Timeout;
  readonly users: readonly string[];
}

/** Nobody is in yet. */
export function createCrowd(parts: WorldParts): CrowdControl {
  let running: Running | undefined;
  let said = 0;

  const introduce = (number: number): string => {
    const userId = String(FIRST_USER + number);
    const name = `Visitor ${String(number)}`;
    const extraData = { source_flow_bot: CROWD_FLOW };
    parts.people.put({
      userId,
      name,
      email: `${userId}@example.org`,
      phoneNumber: userId,
      channel: "whatsapp",
      extraData,
    });
    return userId;
  };
  const engaged = (): Session[] =>
    [...parts.desk.byKey.values()].filter(
      ({ state, user }) => state === "ENGAGED" && user !== undefined && running?.users.includes(user) === true,
    );
  const sendAway = (): void => {
    if (running === undefined) return;
    clearInterval(running.timer);
    for (const session of engaged()) endByAgent(parts.desk, session);
    running = undefined;
  };
  const talk = (count: number): void => {
    const sessions = engaged();
    for (let turn = 0; turn < count && sessions.length > 0; turn += 1) {
      said += 1;
      const session = sessions[Math.floor(said / 2) % sessions.length];
      const user = session?.user;
      if (session === undefined || user === undefined) continue;
      const text = `Text ${String(said)} of a busy day`;
      if (said % 2 === 0) void parts.bot.sent(user, text);
      else say(parts.desk, session, text);
    }
  };

  return {
    letIn(users, perSecond, seconds) {
      const isSane =
        users >= 1 && users <= MOST_USERS && perSecond >= 1 && perSecond <= MOST_PER_SECOND && seconds >= 1;
      if (running !== undefined || !isSane) {
        throw new NotPossible(
          `one crowd at a time, of at most ${String(MOST_USERS)} users and ${String(MOST_PER_SECOND)} texts a second`,
        );
      }
      const untilAt = Date.now() + seconds * 1_000;
      let lastMs = parts.clock.monotonicMs();
      let owed = 0;
      const timer = setInterval(() => {
        if (Date.now() >= untilAt) {
          sendAway();
          return;
        }
        // By the clock: beats come late where much is going on, and the pace is to be what was asked for.
        const nowMs = parts.clock.monotonicMs();
        owed = Math.min(owed + (perSecond * (nowMs - lastMs)) / 1_000, perSecond);
        lastMs = nowMs;
        const now = Math.floor(owed);
        owed -= now;
        talk(now);
      }, BEAT_MS);
      const ids = Array.from({ length: users }, (_, number) => introduce(number + 1));
      running = { crowd: { users, perSecond, untilAt }, timer, users: ids };
      for (const id of ids) void parts.bot.typed(id, "Ayuda");
    },
    sendAway,
    now: () => running?.crowd ?? null,
  };
}
