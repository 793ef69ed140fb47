// One user as his lanes see him: what is pending, what of it is carried out already, and a wait that ends when his state is another.
// Used by lanes.ts.
import type { Command, LaneName } from "../processors/interconnection/commands.ts";
import type { UserState } from "../processors/interconnection/state.ts";

interface Lane {
  running: Promise<void> | null;
  /** Commands carried out whose removal has not come back yet. */
  readonly handled: Set<string>;
  lastPost: number;
  generation: string | null;
}

/** One user. */
export interface User {
  state: UserState;
  /** Called when the state is another; each lane may wait for that. */
  readonly updated: Set<() => void>;
  readonly lanes: Readonly<Record<LaneName, Lane>>;
}

/** A user of whom nothing is carried out. */
export function newUser(state: UserState): User {
  return { state, updated: new Set(), lanes: { desk: newLane(), channel: newLane() } };
}

function newLane(): Lane {
  return { running: null, handled: new Set(), lastPost: 0, generation: null };
}

/** A command's identity within its lane. */
export function idOf({ chatId, seq }: Command): string {
  return `${chatId}/${String(seq)}`;
}

/** What the lane is to carry out next. */
export function next({ state, lanes }: User, lane: LaneName): Command | undefined {
  const { handled } = lanes[lane];
  return state.pending.find((command) => command.lane === lane && !handled.has(idOf(command)));
}

/** The command as the state has it now; undefined when it is not pending any more. */
export function asPending({ state }: User, first: Command): Command | undefined {
  return state.pending.find((other) => other.lane === first.lane && idOf(other) === idOf(first));
}

/** Waits until the user's state is another or the signal aborts, and no longer than `wait`, which must end with the signal that it is given. */
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
