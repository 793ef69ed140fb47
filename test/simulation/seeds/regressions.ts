// Seeds that found something, and what. They are played first, for ever: a seed is kept as long as its schedule still plays, and goes only
// when the schedule's own code has changed so that it no longer meets what it was kept for.

/** A seed, and what it found. */
export interface Regression {
  readonly seed: number;
  readonly found: string;
}

/** Oldest first. */
export const regressions: readonly Regression[] = [
  {
    seed: 10,
    found:
      "A chat was finished, and Redis lost the lane's marks: texts still to be said and the end of the chat were posted under numbers that the desk had seen, and dropped there without a word.",
  },
  {
    seed: 44,
    found:
      "The same for a chat that was ended before the result of its request had come: the end took the request's number, and the chat stayed open at the desk.",
  },
  {
    seed: 54,
    found: "The same with a store that went back in time: the lane's last number was an old one.",
  },
  {
    seed: 73,
    found: "The same behind a crash and a reconnect of the session.",
  },
  {
    seed: 1541,
    found:
      "A session moved while a text's answer was under way, numbers went on, and the number came with the old place's name and was not taken over: the store lost, the next text was posted under it and dropped.",
  },
  {
    seed: 40207,
    found:
      "A member that had been out of its group claimed an index anew; its first claim, answered late, took the right to act from the second, whose users nobody polled any more.",
  },
  {
    seed: 5157,
    found:
      "The store went back to before the claim of another owner, and a member that had been out of the group went on under its old epoch: void on the changelog, all of that was lost with the store's next past.",
  },
  {
    seed: 9300026,
    found:
      "A user connected twice while an end could not be told at the desk: it was given up without a call, and its agent left before an open chat.",
  },
  {
    seed: 885011,
    found:
      "A session moved as its chat ended: what the desk told there of the texts that it had was not heeded, and the history was said twice.",
  },
  {
    seed: 990112,
    found:
      "A user connected again while the hand-back of his last chat was on its way: the bot was given him behind the new agent.",
  },
  {
    seed: 20109,
    found:
      "A chat ended while a text waited for the right to act: it was posted as the desk's second, a repeat to the desk, which dropped it.",
  },
  {
    seed: 5023,
    found:
      "A session moved as its user ended the chat: what the agent had said last stood under new numbers and was dropped.",
  },
];
