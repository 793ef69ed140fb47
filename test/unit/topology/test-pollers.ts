// Pollers as the tests of pollers.ts make them: a desk that answers what the test has laid out, in order. Called by pollers.test.ts.
import type { DeskGateway } from "../../../src/processors/desk/gateway.ts";
import type { PollAnswer } from "../../../src/processors/desk/port.ts";
import type { Outcome } from "../../../src/processors/outcome.ts";
import type { DeskEvent, DeskSession } from "../../../src/processors/messages/generated.ts";
import { blankDeskEvent } from "../../support/blank-desk-event.ts";
import { createPollers, type Pollers } from "../../../src/topology/pollers.ts";
import { createOwnerParts, session, type OwnerParts } from "../../support/owner-parts.ts";

/** What the desk answers to a reconnect. */
export type Reconnect = Awaited<ReturnType<DeskGateway["reconnect"]>>;

/** Pollers of one partition index, and what they met. */
export interface TestPollers extends OwnerParts {
  readonly pollers: Pollers;
  /** Session and position of each poll. */
  readonly asked: { readonly generation: string; readonly position: number }[];
  /** What the desk answers, at once or after a while. */
  readonly answers: (PollAnswer | Error | { readonly afterMs: number; readonly answer: PollAnswer })[];
  readonly reconnects: (Reconnect | Promise<Reconnect>)[];
  /** How many resyncs hang before the desk takes one. */
  hangingResyncs: number;
  readonly resyncs: { count: number };
  readonly end: AbortController;
  heartbeatAge: number;
  /** Up to which of the events lanes and polls have heard what was decided. */
  shownTo: number;
}

const event = (number: number): DeskEvent => ({
  ...blankDeskEvent,
  ...{ number, kind: "said", text: `text ${String(number)}`, agentName: "A" },
});
/** An answer with texts of these numbers. */
export const events = (...numbers: number[]): Extract<PollAnswer, { kind: "events" }> => ({
  ...{ kind: "events", position: numbers.at(-1) ?? -1, resumeToken: "t", events: numbers.map(event) },
});
/** The session after a move. */
export const moved: DeskSession = { ...session, generation: "g2" };

/** Made anew for each test. */
export function pollersOf({ random = (): number => 0.5, conflictWaitMs = 1_000 } = {}): TestPollers {
  const parts = { ...createOwnerParts(), random: { next: random } };
  const end = new AbortController();
  const t: Omit<TestPollers, "pollers"> = {
    ...parts,
    ...{
      asked: [],
      answers: [],
      reconnects: [],
      hangingResyncs: 0,
      resyncs: { count: 0 },
      end,
      heartbeatAge: 0,
      shownTo: -1,
    },
  };
  const held = (signal: AbortSignal): Promise<never> =>
    new Promise((_, reject) => {
      const abort = (): void => reject(new Error("aborted"));
      if (signal.aborted) abort();
      signal.addEventListener("abort", abort);
    });
  const pollers = createPollers(
    {
      ...parts,
      sessionTimeoutMs: 10_000,
      conflictWaitMs,
      heartbeatAgeMs: () => t.heartbeatAge,
      desk: {
        poll(_owner, { generation }, position, signal) {
          t.asked.push({ generation, position });
          const answer = t.answers.shift();
          if (answer === undefined) return held(signal);
          if (answer instanceof Error) return Promise.reject(answer);
          if ("kind" in answer) return Promise.resolve(answer);
          return new Promise((resolve) => parts.clock.after(answer.afterMs, () => resolve(answer.answer)));
        },
        reconnect: (_owner, _session, _token, signal) =>
          Promise.race([
            t.reconnects.shift() ?? Promise.resolve<Reconnect>({ kind: "refused", detail: "400", status: 400 }),
            held(signal),
          ]),
        resync(_owner, _session, signal) {
          t.resyncs.count += 1;
          if (t.resyncs.count > t.hangingResyncs) return Promise.resolve({ kind: "done", value: null });
          const aborted: Outcome<null> = {
            ...{ kind: "retry", detail: "aborted", status: null, mayHaveHappened: true, retryAfterMs: null },
          };
          return new Promise((resolve) => signal.addEventListener("abort", () => resolve(aborted)));
        },
      },
    },
    0,
    end.signal,
    () => t.shownTo,
  );
  return Object.assign(t, { pollers });
}
