// How long sessions went without a poll, from the simulator's own intervals: what a hand-over or a kill costs, seen from the desk. Used
// by tests with several instances.
import type { PollInterval, Session } from "../../sandbox/world/live-agent/session.ts";

/** A session's time between two of its polls, monotonic milliseconds of the world. */
export interface PollGap {
  readonly session: string;
  readonly fromMs: number;
  readonly lengthMs: number;
}

/** Gaps after a poll that its client let go, as an owner does that stops, dies or loses the index. */
export function gapsOfAbandonedPolls(sessions: readonly Session[], sinceMs: number): readonly PollGap[] {
  return gaps(sessions, sinceMs, ({ status }) => status === null);
}

/** The longest of all gaps; 0 where there was none. */
export function longestGapMs(sessions: readonly Session[], sinceMs: number): number {
  return Math.max(0, ...gaps(sessions, sinceMs, () => true).map(({ lengthMs }) => lengthMs));
}

/** Pairs of polls of one session at the same time; there may be none. */
export function overlappingPolls(sessions: readonly Session[]): number {
  let overlaps = 0;
  for (const { polls } of sessions) {
    for (const [i, poll] of polls.entries()) {
      const before = polls[i - 1];
      if (poll.overlaps || (before !== undefined && (before.endMs ?? Number.POSITIVE_INFINITY) > poll.startMs)) {
        overlaps += 1;
      }
    }
  }
  return overlaps;
}

/** Whether a poll of each of them is held by the desk at this moment. */
export function allPolled(sessions: readonly Session[]): boolean {
  return sessions.every(({ openPoll }) => openPoll !== undefined);
}

function gaps(
  sessions: readonly Session[],
  sinceMs: number,
  counts: (ended: PollInterval) => boolean,
): readonly PollGap[] {
  return sessions.flatMap(({ id, polls }) =>
    polls.flatMap((poll, i) => {
      const before = polls[i - 1];
      if (before?.endMs === undefined || before.endMs === null || poll.startMs < sinceMs || !counts(before)) return [];
      return [{ session: id, fromMs: before.endMs, lengthMs: poll.startMs - before.endMs }];
    }),
  );
}
