// What the desk leaves to its client beside the talk, against the running service: the clock of users who do not answer.
// Judged by the simulated desk, phones, bot and facts.
import { afterAll, beforeAll, expect, it } from "vitest";

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
