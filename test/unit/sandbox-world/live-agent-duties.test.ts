// What the simulated Live Agent asks of its client beside the talk, and what of a client's posts it holds against it.
import { afterEach, beforeEach, expect, it } from "vitest";

import { act, control, engagedVisitor, queuedVisitor, stillWorld } from "./harness.ts";
import type { StillWorld } from "./harness.ts";

let world: StillWorld;

beforeEach(async () => {
  world = await stillWorld();
});

afterEach(async () => {
  await world.close();
});

const modes = (change: object) => control(world, "PATCH", "/live-agent/modes", change);

it("tells idle times with the accept when there are any, and takes only the guide's words about them", async () => {
  const quiet = await queuedVisitor(world);
  await act(world, quiet, "accept");
  expect((await quiet.poll(-1)).messages.at(-1)?.message["chasitorIdleTimeout"]).toEqual({ isEnabled: false });
  await modes({ idleTimeoutS: 180, idleWarningS: 120 });
  const visitor = await queuedVisitor(world);
  await act(world, visitor, "accept");
  expect((await visitor.poll(-1)).messages.at(-1)?.message["chasitorIdleTimeout"]).toEqual({
    isEnabled: true,
    timeout: 180,
    warningTime: 120,
  });
  const tell = (idleTimeoutWarningEvent: string, n: number) =>
    visitor.post("ChasitorIdleTimeoutWarningEvent", { idleTimeoutWarningEvent }, n);
  expect((await tell("over", 2)).status).toBe(400);
  for (const [i, word] of ["triggered", "cleared", "cleared", "triggered", "triggered"].entries())
    expect((await tell(word, i + 2)).status).toBe(200);
  expect(visitor.session().violations).toEqual([
    "an idle warning that was cleared and not triggered",
    "an idle warning that was triggered twice",
  ]);
  expect(visitor.session().posts.at(-1)?.body).toEqual({ idleTimeoutWarningEvent: "triggered" });
});

it("tells rules with the chat request, and sees texts that they should have changed, and reports of other rules", async () => {
  const card = { id: "0GO1", name: "Card", pattern: "\\d{16}", replacement: "****", actionType: "Replace" };
  expect((await modes({ sensitiveDataRules: [card, { name: "Bad", pattern: "(" }] })).status).toBe(200);
  expect((await modes({ sensitiveDataRules: ["x"] })).status).toBe(400);
  const { visitor } = await engagedVisitor(world);
  await visitor.post("ChatMessage", { text: "it is ****" }, 2);
  await visitor.post("SensitiveDataRuleTriggered", { rules: [{ id: "0GO1", name: "Card" }] }, 3);
  expect((await visitor.post("SensitiveDataRuleTriggered", { rules: [] }, 4)).status).toBe(400);
  expect(visitor.session().violations).toEqual([]);
  await visitor.post("ChatMessage", { text: "it is 4111111111111111" }, 4);
  await visitor.post("SensitiveDataRuleTriggered", { rules: [{ id: "0GO1", name: "Cards" }] }, 5);
  expect(visitor.session().violations).toEqual([
    "a text with what the sensitive data rule Card hides",
    "SensitiveDataRuleTriggered with a rule that was not told: Cards",
  ]);
});
