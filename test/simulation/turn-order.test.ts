// The order of one partition index's turns, seen at its calls: nothing is saved before all that the turn before has to produce is in the
// log, and what a turn does outside may begin while its facts still wait for company.
import { expect, it } from "vitest";

import type { InterconnectionChange } from "../../src/processors/messages/generated.ts";
import { unpackOutbox } from "../../src/topology/outbox.ts";
import type { PortCall } from "../../src/topology/in-memory/instance-gate.ts";
import type { SaveRequest } from "../../src/topology/ports.ts";
import { createGraphWorld } from "../support/graph-world.ts";

it("saves a turn when everything of the one before is in the log, and acts before its own facts are", async () => {
  let produceMs = 0;
  const world = createGraphWorld({ delayMs: (step) => (step === "produce" ? produceMs : 0) });
  /** Facts in the outboxes that were saved. */
  let owed = 0;
  const seen = { saves: 0, early: 0, actsBeforeFacts: 0 };
  const factsOf = (call: PortCall): number => {
    const [request] = call.args as readonly [SaveRequest];
    const cursor = request.outbox === null ? null : unpackOutbox(request.outbox).at(-1)?.value;
    if (cursor === null || cursor === undefined) return 0;
    const { body } = (world.codec.codec.decode("interconnections", cursor) as { value: InterconnectionChange }).value;
    return body.type === "Cursor" ? body.outbox.filter(({ topic }) => topic === "chat-events").length : 0;
  };
  world.start((call) => {
    const missing = owed - world.log.records("chat-events", 0).length;
    if (call.name === "store.save") {
      seen.saves += 1;
      if (missing > 0) seen.early += 1;
      owed += factsOf(call);
    }
    if (call.name === "store.begin" && missing > 0) seen.actsBeforeFacts += 1;
    return "go on";
  });
  const chat = await world.openChat("ana");
  produceMs = 4;
  for (let i = 0; i < 20; i += 1) {
    // A word takes time to be written too, and time goes on only here.
    void world.say("ana", `text ${String(i)}`);
    await world.advance(3);
  }
  await world.advance(2_000);
  expect(chat.seen).toContain("text 19");
  expect(seen.early).toBe(0);
  expect(seen.saves).toBeGreaterThan(20);
  expect(seen.actsBeforeFacts).toBeGreaterThan(0);
  expect(world.log.records("chat-events", 0)).toHaveLength(owed);
});
