// The instance dies at every call that it makes in one conversation, once right before it and once right after; stands still there while
// another takes over; or is never answered. Whichever call it is, nothing is lost, doubled or reordered.
import { describe, expect, it } from "vitest";

import type { PortCall, Route } from "../../src/topology/in-memory/instance-gate.ts";
import { produceFailure } from "../../src/topology/produce-failure.ts";
import { storeUnavailable } from "../../src/topology/store-unavailable.ts";
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

describe.each(["hold before", "hold after"] as const)("an instance that stands still for long (%s)", (order) => {
  it("at one of its calls does no harm when it goes on, unless the call is a create that can't be repeated", async () => {
    const failures: string[] = [];
    for (const { number, name, atMs } of points) {
      const outcome = await playChat((call) => (call.number === number ? order : "go on"));
      const faults = judged(outcome);
      const isExcused = undisturbed.calls.some(
        (call) => call.atMs === atMs && faults.endsWith(createdTwice[call.name] ?? "ok"),
      );
      if (!isExcused) failures.push(`${String(number)} ${name}: ${faults}`);
      if (outcome.verdict.inFlightDoubles.length > 0) failures.push(`${String(number)} ${name}: doubled`);
    }
    expect(failures).toEqual([]);
  });
});

/** Under way at that moment, and arriving when another has looked, found nothing and created it (docs/guarantees.md, what is not promised). */
const createdTwice: Readonly<Record<string, string>> = {
  "desk.ensureCase": "; 2 cases",
  "desk.attachFile": "; 2 files at the case",
};

describe("an answer that never comes", () => {
  it("to one of the calls of an instance changes nothing, whichever call it is", async () => {
    const failures: string[] = [];
    const lastText = points.findLast(({ name }) => name === "desk.say")?.number;
    for (const { number, name } of points.filter(isAnswered)) {
      const route = (call: PortCall): Route | null => (call.number === number ? unanswered(call) : null);
      const outcome = await playChat(() => "go on", { watch: () => ({ route }) });
      // The chat ends meanwhile, and nobody can tell any more that the text has come.
      const expected = number === lastText ? "dead letter: undeliverable SayToAgent given_up: timed out" : "ok";
      if (!judged(outcome).endsWith(expected)) failures.push(`${String(number)} ${name}: ${judged(outcome)}`);
    }
    expect(failures).toEqual([]);
  });
});

/** A poll without an answer is pollers.test.ts's. Questions about offsets are asked until they are answered. */
function isAnswered({ name }: PortCall): boolean {
  return name !== "desk.poll" && !name.startsWith("consumer.") && !name.startsWith("changelog.");
}

/** It takes effect; the caller gives up when its client would. Lanes and pollers bound their tries themselves. */
function unanswered({ name }: PortCall): Route {
  const never = { requestMs: 0, replyMs: Number.POSITIVE_INFINITY };
  if (name.startsWith("store.")) return { ...never, late: { afterMs: 2_000, error: () => storeUnavailable("late") } };
  if (name.endsWith(".produce"))
    return { ...never, late: { afterMs: 3_000, error: () => produceFailure("no answer", false) } };
  return { ...never, late: null };
}
