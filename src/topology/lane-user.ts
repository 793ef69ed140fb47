// One user as his lanes see him: what is pending, in which serial queue of its lane each command stands, what is carried out already, and
// a wait that ends when his state is another. Used by lanes.ts.
import type { Command } from "../processors/interconnection/commands.ts";
import type { UserState } from "../processors/interconnection/state.ts";
import type { SessionGates } from "./session-gates.ts";

interface Queue {
  running: Promise<void> | null;
  /** Commands carried out whose removal has not come back yet. */
  readonly handled: Set<string>;
  lastPost: number;
  generation: string | null;
}

/** One user. */
export interface User {
  state: UserState;
  /** Whose call is under way. */
  readonly inHand: Set<Command>;
  /** Called when the state is another, or a call is over; each queue may wait for that. */
  readonly updated: Set<() => void>;
  /** By queueOf. */
  readonly queues: Map<string, Queue>;
}

/** A user of whom nothing is carried out. */
export function newUser(state: UserState): User {
  return { state, inHand: new Set(), updated: new Set(), queues: new Map() };
}

/**
 * The serial queue in which a command stands. To the phone there is one. Towards the desk the records of the user have one, for a create
 * looks for what others have made; and each chat has its own, so that one that is over holds up no other, with its files apart, which need
 * no session.
 */
export function queueOf({ kind, lane, chatId }: Command): string {
  if (lane === "channel") return lane;
  if (kind === "EnsureContact" || kind === "EnsureCase" || kind === "CloseCase") return "records";
  return kind === "AttachFile" ? `files ${chatId}` : `session ${chatId}`;
}

/**
 * Under which name the store marks what is begun and done: of a chat and name only the last mark is kept, so that commands whose numbers may
 * begin out of order need names of their own. Those of an opening come one after the other.
 */
export function markedAs({ kind, lane }: Command): string {
  if (kind === "AttachFile") return "files";
  return kind === "CloseCase" ? "cases" : lane;
}

/** The queue of that name, made where there is none. */
export function queueIn({ queues }: User, name: string): Queue {
  const known = queues.get(name);
  if (known !== undefined) return known;
  const made: Queue = { running: null, handled: new Set(), lastPost: 0, generation: null };
  queues.set(name, made);
  return made;
}

/** A command's identity within its lane. */
export function idOf({ chatId, seq }: Command): string {
  return `${chatId}/${String(seq)}`;
}

/** What is to be carried out next in that queue. */
export function next(user: User, name: string): Command | undefined {
  const { handled } = queueIn(user, name);
  return user.state.pending.find((command) => queueOf(command) === name && !handled.has(idOf(command)));
}

/** The command as the state has it now; undefined when it is not pending any more. */
export function asPending({ state }: User, first: Command): Command | undefined {
  return state.pending.find((other) => other.lane === first.lane && idOf(other) === idOf(first));
}

/** Lets go of queues in which nothing is; true when nothing is left of the user. */
export function isIdle({ state, queues }: User): boolean {
  const needed = new Set(state.pending.map(queueOf));
  for (const [name, { running }] of queues) if (running === null && !needed.has(name)) queues.delete(name);
  return needed.size === 0 && queues.size === 0;
}

/** Makes the call of a command, and wakes whoever waits for its end. */
export async function inHand<Value>(user: User, command: Command, call: () => Promise<Value>): Promise<Value> {
  user.inHand.add(command);
  try {
    return await call();
  } finally {
    user.inHand.delete(command);
    for (const updated of user.updated) updated();
  }
}

/** True while a call gives the user to the bot: a chat that was asked for then is the newer word, and must have the last one. */
export function isHandingBack(user: User): boolean {
  return [...user.inHand].some(({ kind }) => kind === "HandBack");
}

/** Waits until the user's state is another, a call of his is over or the signal aborts, and no longer than `wait`, which must end with the signal that it is given. */
export async function unlessUpdated(
  user: User,
  signal: AbortSignal,
  wait: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const other = new AbortController();
  const updated = (): void => other.abort();
  user.updated.add(updated);
  await wait(AbortSignal.any([signal, other.signal]));
  user.updated.delete(updated);
}

/** Whether it would be said in a session that has moved and that nobody is to resync: its end gives that up. */
export function isInVain({ state }: User, { kind, chatId }: Command, gates: Pick<SessionGates, "isWatched">): boolean {
  if (kind === "EndChat" || gates.isWatched(chatId)) return false;
  return state.pending.some((each) => each.kind === "EndChat" && each.chatId === chatId && each.isUnsynced === true);
}
