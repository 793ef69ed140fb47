// What the desk leaves to its client beside the talk, against the running service: the clock of users who do not answer, and rules for
// what agents must not see.
// Judged by the simulated desk, phones, bot and facts.
import { afterAll, beforeAll, expect, it } from "vitest";

import { PLAY_AGENT_ID } from "../../sandbox/environment.ts";
import { acceptChat } from "../../sandbox/world/live-agent/accept.ts";
import { say } from "../../sandbox/world/live-agent/agents.ts";
import type { Session } from "../../sandbox/world/live-agent/session.ts";
import { openFactReader, type FactReader } from "../support/chat-facts.ts";
import { eventually } from "../support/eventually.ts";
import { openStage, type Stage } from "../support/stage.ts";

const open: { stage?: Stage; facts?: FactReader } = {};

beforeAll(async () => {
  open.stage = await openStage({
    file: import.meta.url,
    settings: { MESSAGES: JSON.stringify({ idleWarning: "¿Sigues ahí?" }) },
  });
  open.facts = await openFactReader(open.stage.addresses, open.stage.names.topic);
});

afterAll(async () => {
  await open.facts?.close();
  await open.stage?.close();
});

function there<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error("the stage was not set");
  return value;
}
const stage = (): Stage => there(open.stage);
const parts = () => stage().world.parts;

const told = ({ posts }: Session): readonly unknown[] =>
  posts.flatMap(({ noun, body }) =>
    noun === "ChasitorIdleTimeoutWarningEvent" ? [body?.["idleTimeoutWarningEvent"]] : [],
  );

it("a user who does not answer: the desk is told, told when he is back, and at the time the chat ends as a time-out", async () => {
  Object.assign(parts().desk.modes, { idleTimeoutS: 6, idleWarningS: 2 });
  const ana = stage().user("ana");
  const session = await stage().openChat(ana);
  await there(open.facts).waitFor(ana.userId, "context_sent");
  say(parts().desk, session, "Hola, ¿cuál es tu pedido?");
  await eventually("the warning", () => told(session).length === 1);
  await parts().bot.typed(ana.userId, "El de ayer");
  await eventually("that it is over", () => told(session).length === 2);
  say(parts().desk, session, "¿A qué hora?");
  await there(open.facts).waitFor(ana.userId, "handed_back");
  expect(told(session)).toEqual(["triggered", "cleared", "triggered"]);
  expect([session.state, session.endedBy, session.violations]).toEqual(["ENDED", "clientIdleTimeout", []]);
  const kinds = there(open.facts).of(ana.userId);
  expect(kinds.find(({ kind }) => kind === "ended")).toMatchObject({ reason: "user_idle" });
  const { states } = parts().botrunner;
  expect(states.read().entries.find(({ userId }) => userId === ana.userId)?.state).toBe("from-sf-timeout");
  const words = parts()
    .phones.log.read()
    .entries.filter((line) => line.userId === ana.userId && line.from === "service");
  expect(words.filter(({ text }) => text === "¿Sigues ahí?")).toHaveLength(2);
});

it("sensitive data rules: the agent sees none of what they hide, in history and texts; the desk hears which applied, operators which can't be", async () => {
  const [cards, bad] = [
    {
      id: "0GO5g0000000001",
      name: "Cards",
      pattern: "\\d{4}-?\\d{4}-?\\d{4}-?\\d{4}",
      replacement: "****",
      actionType: "Replace",
    },
    { id: "0GO5g0000000002", name: "Java", pattern: "(?i)cvv", replacement: "***", actionType: "Replace" },
  ];
  Object.assign(parts().desk.modes, { idleTimeoutS: 0, sensitiveDataRules: [cards, bad] });
  const bea = stage().user("bea", "manual");
  const session = await stage().openChat(bea, "QUEUED");
  await parts().bot.typed(bea.userId, "Mi tarjeta es 4111-1111-1111-1111");
  await there(open.facts).waitFor(bea.userId, "waiting");
  acceptChat(parts().desk, session, there(parts().desk.agents.get(PLAY_AGENT_ID)));
  await there(open.facts).waitFor(bea.userId, "context_sent");
  await parts().bot.typed(bea.userId, "Otra: 5500005555555559, gracias");
  const screen = (): readonly string[] =>
    parts()
      .desk.screens.read()
      .entries.filter(({ user, from }) => user === bea.userId && from === "visitor")
      .map(({ text }) => text);
  await eventually("the second card", () => screen().includes("Otra: ****, gracias"));
  const reports = (): readonly unknown[] =>
    session.posts.flatMap(({ noun, body }) => (noun === "SensitiveDataRuleTriggered" ? [body] : []));
  await eventually("the reports", () => reports().length === 2);
  expect(reports()).toEqual(Array(2).fill({ rules: [{ id: cards.id, name: "Cards" }] }));
  expect(screen().some((text) => text.includes("Mi tarjeta es ****"))).toBe(true);
  expect(screen().join()).not.toMatch(/4111|5500/);
  expect(session.violations).toEqual([]);
  const metrics = await (await fetch(`${stage().service.metricsUrl}/metrics`)).text();
  expect(metrics).toMatch(/alarms_total\{alarm="data_rule_not_applied"\} \d+/);
});
