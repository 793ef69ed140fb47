// The instance dies at every call that it makes in one conversation, once right before it and once right after: the next
// instance goes on, and nothing is lost, doubled or reordered.
import { describe, expect, it } from "vitest";

import { describeVerdict } from "../support/tokens.ts";
import { playChat, type ChatOutcome } from "./scripted-chat.ts";

const undisturbed = await playChat(() => "go on");

/** Looks and commits change nothing that another instance sees: a death there is one between two calls. */
const points = undisturbed.calls.filter(({ name }) => !["store.standings", "consumer.commit"].includes(name));

function judged({ verdict, faults }: ChatOutcome): string {
  return verdict.ok && faults.length === 0 ? "ok" : `${describeVerdict(verdict)}; ${faults.join("; ")}`;
}

describe("a conversation without a crash", () => {
  it("is without fault, and makes calls at which an instance may die", () => {
    expect(judged(undisturbed)).toBe("ok");
    expect(undisturbed.verdict.inFlightDoubles).toEqual([]);
    const names = new Set(points.map(({ name }) => name));
    for (const name of ["store.save", "producer.produce", "effects.produce", "store.begin", "store.finish", "desk.say"])
      expect(names).toContain(name);
  });
});

describe.each(["die before", "die after"] as const)("an instance that must %s", (order) => {
  it("one of its calls loses, doubles and reorders nothing, whichever call it is", async () => {
    const failures: string[] = [];
    for (const { number, name } of points) {
      const outcome = await playChat((call) => (call.number === number ? order : "go on"));
      if (judged(outcome) !== "ok") failures.push(`${String(number)} ${name}: ${judged(outcome)}`);
      if (outcome.verdict.inFlightDoubles.length > 0) failures.push(`${String(number)} ${name}: doubled`);
    }
    expect(failures).toEqual([]);
  });

  it("shows the agent a text twice only where its post was made and not marked, at a desk that does not know repeats", async () => {
    const failures: string[] = [];
    let doubles = 0;
    for (const { number, name } of points.filter((call) => /^(desk\.say|store\.(begin|finish))$/u.test(call.name))) {
      const outcome = await playChat((call) => (call.number === number ? order : "go on"), {
        desk: { honoursNumbers: false },
      });
      doubles += outcome.verdict.inFlightDoubles.length;
      if (judged(outcome) !== "ok") failures.push(`${String(number)} ${name}: ${judged(outcome)}`);
    }
    expect(failures).toEqual([]);
    expect(doubles).toBeGreaterThan(0);
  });
});
