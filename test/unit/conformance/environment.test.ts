// Conformance vectors of the parity sheet (section 12): what the environment's texts mean. Where section 10 calls the original's
// reading a defect (H3, H4) the better one stands here, with what the original made of it.
import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";

import { expect, it } from "vitest";

import { loadSettings } from "../../../src/clients/config/settings.ts";
import { defaultTexts } from "../../../src/processors/interconnection/texts.ts";
import { bridge, policyOf, withTextTries } from "../../../src/topology/bridge.ts";
import { sayToAgent, stateWith } from "../../support/owner-parts.ts";
import { textsOf, userIn } from "../processors/interconnection/user.ts";
import { again, lanesOf, results } from "../topology/test-lanes.ts";

const example = parseEnv(readFileSync("configs/example.env", "utf8"));
const load = (name: string, value: string) => loadSettings({ ...example, [`SALESFORCE_INTEGRATION_${name}`]: value });

function settingsWith(name: string, value: string) {
  const loaded = load(name, value);
  if ("mistakes" in loaded) throw new Error(loaded.mistakes.map((mistake) => mistake.name).join());
  return loaded.settings;
}

it("Environment: MESSAGES in any case of its keys, the other texts keep their default (original: empty)", () => {
  const { texts } = settingsWith("MESSAGES", '{"waitAgent":"x","FirstNameContact":"C - "}').chat;
  expect(texts).toMatchObject({
    waitAgent: "x",
    firstNameContact: "C - ",
    context: "Contexto",
    clientLabel: "Cliente",
  });
});

it("Environment: SUCCESS_STATE=whatsapp:a, facebook:b has the keys whatsapp and facebook (original: ` facebook`)", () => {
  const { success } = settingsWith("SUCCESS_STATE", "whatsapp:a, facebook:b").chat.states;
  expect(success).toEqual({ whatsapp: "a", facebook: "b" });
});

it("Environment: SLEEP_LONG_POLLLING=5 refuses to start", () => {
  const loaded = load("SLEEP_LONG_POLLLING", "5");
  expect("mistakes" in loaded && loaded.mistakes.map(({ name }) => name)).toEqual(["SLEEP_LONG_POLLLING"]);
});

it("Retries: without MAX_RETRIES a text is tried for ten minutes, then its sender is told", async () => {
  const { textTries } = settingsWith("MAX_RETRIES", "").chat;
  expect(textTries).toBeNull();
  const user = userIn("ACTIVE");
  const [text] = user.message("m1", "Hello").gave;
  const t = await lanesOf({
    policyOf: (command) => policyOf(withTextTries(bridge, textTries), command),
    perform: () => Promise.resolve(again()),
  });
  const lifeMs = (text?.giveUpAt ?? 0) - user.nowMs;
  expect(lifeMs).toBe(600_000);
  t.lanes.update("ana", stateWith([sayToAgent(1, { giveUpAt: t.clock.now() + lifeMs })]));
  await t.clock.advance(580_000);
  expect(results(t)).toEqual([]);
  await t.clock.advance(20_000);
  expect(results(t)).toEqual([[1, "given_up", expect.any(Number)]]);
  expect(textsOf(user.result("given_up", null, text).gave, "SayToUser")).toEqual([defaultTexts.notToldToAgent]);
});

it.each([
  ["1", 2],
  ["3", 4],
])("Retries: MAX_RETRIES %s is %i sends of one text, with pauses, then it is given up", async (value, calls) => {
  const { textTries } = settingsWith("MAX_RETRIES", value).chat;
  const sentAt: number[] = [];
  const t = await lanesOf({
    policyOf: (command) => policyOf(withTextTries(bridge, textTries), command),
    perform: () => {
      sentAt.push(t.clock.monotonicMs());
      return Promise.resolve(again());
    },
  });
  t.lanes.update("ana", stateWith([sayToAgent(1, { giveUpAt: t.clock.now() + 600_000 })]));
  await t.clock.advance(590_000);
  expect(sentAt).toHaveLength(calls);
  const pauses = sentAt.slice(1).map((at, i) => at - (sentAt[i] ?? 0));
  // Half of a pause is by chance.
  expect(pauses.map((pause, i) => pause >= 500 * 2 ** i && pause <= 1_000 * 2 ** i)).toEqual(pauses.map(() => true));
  expect(results(t)).toEqual([[1, "given_up", calls]]);
});
