// What waits when a run does not drain, and what desk, Redis and the simulator's journal have of the first users that wait: for finding out why.
// Judges nothing. Called by run.ts.
import type { Person } from "../../sandbox/world/people.ts";
import { openStoredChats, type StoredChat } from "../support/stored-chats.ts";
import type { Arena } from "./arena.ts";
import type { Users } from "./users.ts";
import type { Words } from "./words.ts";

/** Where to look. */
export interface Scene {
  readonly arena: Arena;
  readonly users: Users;
  readonly words: Words;
}

const usersTold = 3;
const callsTold = 6;

/** In lines. */
export async function describeOpen({ arena, users, words }: Scene): Promise<string> {
  const { people, webhooks, journal } = arena.stage.world.parts;
  const open = words.open();
  const waiting = new Set(open.map(({ user }) => user));
  const stored = openStoredChats(arena.stage.addresses.redis, arena.stage.names.client);
  const lines = [
    `${String(open.length)} words, ${String(webhooks.pending())} webhooks`,
    ...journal
      .open()
      .filter(({ operation }) => operation !== "Messages")
      .map(({ operation, user }) => `call ${operation} of ${user ?? "nobody"}`),
  ];
  for (const person of people.list()) {
    const alias = users.aliasOf(person.userId);
    if (alias === undefined || ![...waiting].slice(0, usersTold).includes(alias)) continue;
    const mine = open.filter(({ user }) => user === alias);
    lines.push(
      `${alias} (${person.channel}): ${mine.map(({ id, outcome }) => `${id} ${outcome ?? "not answered"}`).join(", ")}`,
      `  ${describeSession(users, person)}`,
      `  ${describeStored(await stored.of(person.userId))}`,
      ...lastCalls(arena, person),
    );
  }
  await stored.close();
  return lines.join("\n");
}

function describeSession(users: Users, person: Person): string {
  const session = users.sessionOf(person);
  if (session === undefined) return "desk: no session";
  const { id, state, openPoll, polls, handOver, resync } = session;
  const polled = openPoll === undefined ? "not polled" : "polled";
  return `desk: ${id} ${state}, ${polled}, ${String(polls.length)} polls, moved ${String(handOver !== undefined)}, resync ${resync}`;
}

function describeStored(chat: StoredChat | undefined): string {
  if (chat === undefined) return "redis: nothing";
  const { pending, chat: stored } = chat.bridge;
  const commands = pending.map(({ lane, kind, seq }) => `${lane} ${kind} ${String(seq)}`).join(", ");
  return `redis: ${chat.status}, session ${chat.sessionID}, chat ${String(stored?.["chatId"])}, pending ${commands}`;
}

function lastCalls(arena: Arena, { userId }: Person): readonly string[] {
  const { log } = arena.stage.world.parts.journal;
  const mine = log.read({ limit: Number.MAX_SAFE_INTEGER, matching: ({ user }) => user === userId }).entries;
  return mine
    .slice(-callsTold)
    .map(
      ({ operation, arrivedMs, outcome, status, session }) =>
        `  call ${operation} at ${arrivedMs.toFixed(0)}: ${outcome} ${String(status)} ${session ?? ""}`,
    );
}
