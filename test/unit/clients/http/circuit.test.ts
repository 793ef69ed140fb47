// The circuit around an outside system: held back while it fails, one call tries, and nothing is lost or sent twice by it.
import { expect, it } from "vitest";

import { createCircuit, isServerFailure } from "../../../../src/clients/http/circuit.ts";
import type { HttpAnswer, HttpClient, NoAnswer } from "../../../../src/clients/http/http-client.ts";
import { outsideCircuit } from "../../../../src/topology/policies.ts";
import { createOwnerParts, type OwnerParts } from "../../../support/owner-parts.ts";

const request = { method: "POST", url: "https://system.example/messages", headers: {} } as const;
const answer = (status: number): HttpAnswer => ({ kind: "answer", status, body: "", retryAfterMs: null });
const gone: NoAnswer = { kind: "noAnswer", detail: "ECONNREFUSED", mayHaveHappened: false };

interface Lab extends OwnerParts {
  readonly made: () => number;
  answers: HttpAnswer | NoAnswer;
  call(): Promise<HttpAnswer | NoAnswer>;
  fail(times: number): Promise<void>;
}

function lab(): Lab {
  const parts = createOwnerParts();
  let made = 0;
  const http: HttpClient = {
    call() {
      made += 1;
      return Promise.resolve(it.answers);
    },
    close: () => undefined,
  };
  const options = { ...parts, system: "Integrations", policy: outsideCircuit, isFailure: isServerFailure };
  const behind = createCircuit(options).around(http);
  const it: Lab = {
    ...parts,
    made: () => made,
    answers: answer(200),
    call: () => behind.call(request, null),
    async fail(times) {
      it.answers = gone;
      for (let i = 0; i < times; i++) await it.call();
    },
  };
  return it;
}

it("lets failures through as long as they are few, or few among many", async () => {
  const t = lab();
  await t.fail(outsideCircuit.minCalls - 1);
  await t.clock.advance(outsideCircuit.windowMs);
  t.answers = answer(200);
  for (let i = 0; i < 30; i++) await t.call();
  await t.fail(20);
  expect(t.made()).toBe(outsideCircuit.minCalls - 1 + 50);
});

it("holds calls back once most fail: not made, told when to come again, counted and said once", async () => {
  const t = lab();
  await t.fail(outsideCircuit.minCalls + 5);
  expect(t.made()).toBe(outsideCircuit.minCalls);
  expect(await t.call()).toEqual({
    kind: "noAnswer",
    detail: "Integrations does not work at the moment",
    mayHaveHappened: false,
    retryAfterMs: outsideCircuit.openMs,
  });
  expect(t.told.filter((line) => line.includes("held back"))).toHaveLength(1);
});

it("has one call try after a while; the first success lets all go", async () => {
  const t = lab();
  await t.fail(outsideCircuit.minCalls);
  await t.clock.advance(outsideCircuit.openMs);
  t.answers = answer(200);
  const [first, second] = await Promise.all([t.call(), t.call()]);
  expect([first.kind, second.kind]).toEqual(["answer", "noAnswer"]);
  expect((await t.call()).kind).toBe("answer");
  expect(t.made()).toBe(outsideCircuit.minCalls + 2);
});

it("waits twice as long after each try that fails, and no longer than its longest", async () => {
  const t = lab();
  await t.fail(outsideCircuit.minCalls);
  const waits: (number | undefined)[] = [];
  for (let i = 0; i < 5; i++) {
    const held = await t.call();
    waits.push(held.kind === "noAnswer" ? held.retryAfterMs : undefined);
    await t.clock.advance(outsideCircuit.maxOpenMs);
    await t.call();
  }
  expect(waits).toEqual([2_000, 4_000, 8_000, 15_000, 15_000]);
  expect(t.made()).toBe(outsideCircuit.minCalls + 5);
});

it("takes a refusal for an answer, a server's failure and a call given up late for failures", async () => {
  const t = lab();
  t.answers = answer(400);
  for (let i = 0; i < 50; i++) await t.call();
  t.answers = { kind: "noAnswer", detail: "aborted", mayHaveHappened: true };
  for (let i = 0; i < 50; i++) await t.call();
  expect(t.made()).toBe(100);
  t.answers = answer(503);
  await t.clock.advance(outsideCircuit.windowMs);
  for (let i = 0; i < 50; i++) await t.call();
  expect(t.made()).toBe(100 + outsideCircuit.minCalls);
});

it("takes a call that its caller gave up soon for no call at all", async () => {
  const t = lab();
  await t.fail(outsideCircuit.minCalls - 1);
  t.answers = { kind: "noAnswer", detail: "aborted", mayHaveHappened: true };
  for (let i = 0; i < 5 * outsideCircuit.minCalls; i++) await t.call();
  t.answers = gone;
  await t.call();
  await t.call();
  expect(t.made()).toBe(6 * outsideCircuit.minCalls);
});

it("stays open when the one that tries is given up soon, and has the next call try", async () => {
  const t = lab();
  await t.fail(outsideCircuit.minCalls);
  await t.clock.advance(outsideCircuit.openMs);
  t.answers = { kind: "noAnswer", detail: "aborted", mayHaveHappened: true };
  await t.call();
  t.answers = gone;
  await t.call();
  const held = await t.call();
  expect(t.made()).toBe(outsideCircuit.minCalls + 2);
  expect(held).toMatchObject({
    detail: "Integrations does not work at the moment",
    retryAfterMs: 2 * outsideCircuit.openMs,
  });
});
