// Lanes under test: a tenure of one, with everything around it in memory.
import type { Effect, Try } from "../../../src/processors/effect.ts";
import type { Command } from "../../../src/processors/interconnection/commands.ts";
import { createLanes, type Lanes, type LaneTools } from "../../../src/topology/lanes.ts";
import type { RetryPolicy } from "../../../src/topology/policies.ts";
import { createOwnerParts, type OwnerParts } from "../../support/owner-parts.ts";

interface Tried extends Try {
  readonly command: Command;
}

/** Lanes with a desk whose answers the test gives. */
export interface TestLanes extends OwnerParts {
  readonly lanes: Lanes;
  readonly tried: Tried[];
  /** Answers of the next tries; done when there is none. */
  readonly answers: (Effect | Error | "hang")[];
  readonly end: AbortController;
  readonly stopping: AbortController;
  /** How often the tenure was ended. */
  readonly ends: { readonly count: number };
}

/** A try that ended well. */
export const done = (postSequence: number | null = null): Effect => ({
  ...{ kind: "finished", outcome: "done", reason: null, postSequence, data: null },
});
/** A try that is to be repeated. */
export const again = (over: Partial<Extract<Effect, { kind: "again" }>> = {}): Effect => ({
  ...{ kind: "again", reason: "503", mayHaveHappened: false, retryAfterMs: null, postSequence: null, ...over },
});
/** Of every command. */
export const policy: RetryPolicy = {
  name: "p",
  maxTries: null,
  firstDelayMs: 200,
  maxDelayMs: 1_000,
  tryTimeoutMs: 5_000,
};

/** Epoch 5 of partition 0, which is claimed. */
export async function lanesOf(over: Partial<LaneTools> = {}): Promise<TestLanes> {
  const parts = createOwnerParts();
  await parts.store.store.claim(0, 5, "me");
  const tried: Tried[] = [];
  const answers: (Effect | Error | "hang")[] = [];
  const end = new AbortController();
  const stopping = new AbortController();
  const ends = { count: 0 };
  const tools: LaneTools = {
    ...parts,
    store: parts.store.store,
    perform(command, attempt) {
      tried.push({ command, ...attempt });
      const answer = answers.shift() ?? done(attempt.postSequence);
      if (answer === "hang")
        return new Promise((_, reject) => {
          attempt.signal.addEventListener("abort", () => reject(new Error("aborted")));
        });
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
    policyOf: () => policy,
    limits: { take: () => null },
    posts: (command) => "session" in command,
    brings: (command) => command.kind === "EnsureContact",
    ...over,
  };
  const fenced = (): void => void (ends.count += 1);
  const lanes = createLanes(tools, { partition: 0, epoch: 5, marksLost: false, fenced }, end.signal, stopping.signal);
  return { ...parts, lanes, tried, answers, end, stopping, ends };
}

/** Sequence, outcome and attempts of each result; the kind of any other event. */
export const results = ({ events }: OwnerParts): unknown[] =>
  events.map(({ body }) => (body.type === "CommandResult" ? [body.seq, body.outcome, body.attempts] : body.type));
