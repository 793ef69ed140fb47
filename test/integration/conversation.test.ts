// One whole conversation: a user is with the bot, asks for a human, waits, an agent accepts, both write, the agent ends, the bot has
// the user back. Judged by the token checker on what phone and agent's screen showed, and by an independent reader of the facts.
import { afterAll, beforeAll, expect, it } from "vitest";

import { PLAY_AGENT_ID } from "../../sandbox/environment.ts";
import { acceptChat } from "../../sandbox/world/live-agent/accept.ts";
import { endByAgent } from "../../sandbox/world/live-agent/agents.ts";
import { openFactReader, type FactReader } from "../support/chat-facts.ts";
import { createConversations, describeLatencies, percentile } from "../support/conversations.ts";
import { eventually } from "../support/eventually.ts";
import { openStage, type Stage } from "../support/stage.ts";
import { tokensIn } from "../support/tokens.ts";

const open: { stage?: Stage; facts?: FactReader } = {};

beforeAll(async () => {
  open.stage = await openStage({ file: import.meta.url });
  open.facts = await openFactReader(open.stage.addresses, open.stage.names.topic);
});

afterAll(async () => {
  await open.facts?.close();
  await open.stage?.close();
});

function stage(): Stage {
  if (open.stage === undefined) throw new Error("no stage");
  return open.stage;
}

function facts(): FactReader {
  if (open.facts === undefined) throw new Error("no reader");
  return open.facts;
}

it("carries a conversation from the bot to an agent and back, once and in order, and tells it as facts", async () => {
  const { world } = stage();
  const { desk, phones, botrunner } = world.parts;
  const { records } = desk;
  const ana = stage().user("ana", "manual");
  const talk = createConversations(stage(), { ana });
  const screen = (): readonly string[] =>
    desk.screens
      .read()
      .entries.filter(({ user, from }) => user === ana.userId && from === "visitor")
      .map(({ text }) => text);

  // With the bot: what is said here is context.
  await talk.userSays("ana", "Hola, mi pedido no llega ");
  await talk.userSays("ana", "Es el número 17 ");

  // In the queue: what is said here waits for the agent.
  const session = await stage().openChat(ana, "QUEUED");
  await facts().waitFor(ana.userId, "waiting");
  await talk.userSays("ana", "¿Hay alguien? ");
  await talk.userSays("ana", "Sigo aquí ");
  expect(screen(), "no agent reads before somebody accepts").toEqual([]);
  const said = [1, 2, 3, 4].map((n) => `⟨ana.user-to-agent.${String(n)}⟩`);
  const shown = async (): Promise<readonly string[]> => {
    const context = (await (await stage().call("GET", `/v1/context/${ana.userId}`)).json()) as { text?: string }[];
    return context.flatMap(({ text }) => tokensIn(text ?? ""));
  };
  await expect.poll(shown, { timeout: 10_000 }).toEqual(said);

  const agent = desk.agents.get(PLAY_AGENT_ID);
  if (agent === undefined) throw new Error("no such agent");
  acceptChat(desk, session, agent);
  await eventually("the agent has read what came before", () => screen().flatMap(tokensIn).length >= 4);
  const [first = ""] = screen();
  expect(first, "history comes first, with its heading").toMatch(/^Contexto:\n/);
  expect(screen().flatMap(tokensIn)).toEqual(said);

  for (let round = 0; round < 5; round += 1) {
    await talk.userSays("ana");
    talk.agentSays("ana");
    await talk.drained();
  }
  // Some quickly in a row, both ways at once.
  const quick = Array.from({ length: 10 }, () => {
    talk.agentSays("ana");
    return talk.userSays("ana");
  });
  await Promise.all(quick);
  await talk.drained();

  endByAgent(desk, session);
  const given = await eventually("the bot has the user back", () =>
    botrunner.states.read().entries.find(({ userId }) => userId === ana.userId),
  );
  await facts().waitFor(ana.userId, "handed_back");

  const verdict = talk.judge();
  expect(verdict, verdict.text).toMatchObject({ ok: true, delivered: 4 + 5 + 5 + 10 + 10, inFlightDoubles: [] });
  expect(session.violations).toEqual([]);
  expect(session.polls.filter(({ overlaps }) => overlaps)).toEqual([]);
  expect(
    session.polls.filter(({ status }) => status === 403),
    "nobody polls a chat that has ended",
  ).toEqual([]);
  expect([...records.all("Case")]).toHaveLength(1);
  expect([...records.all("Contact")]).toHaveLength(1);
  expect(phones.log.read().entries.filter(({ repeat }) => repeat)).toEqual([]);

  const told = facts().of(ana.userId);
  const chat = told.filter(({ chatId }) => chatId !== null);
  expect(new Set(chat.map(({ chatId }) => chatId)).size, "one chat").toBe(1);
  expect(
    chat.map(({ sequence }) => sequence),
    "numbered without gaps",
  ).toEqual(chat.map((_, i) => i + 1));
  const kinds = told.map(({ kind }) => kind);
  const milestones = ["requested", "contact_created", "case_created", "waiting", "accepted", "ended", "handed_back"];
  expect(kinds.filter((kind) => milestones.includes(kind))).toEqual(milestones);
  const count = (kind: string): number => kinds.filter((one) => one === kind).length;
  const counts = { in: count("message_in"), out: count("message_out"), failed: count("message_failed") };
  expect(counts, "each message is a fact").toEqual({ in: 15, out: 15, failed: 0 });
  expect(told.find(({ kind }) => kind === "ended")).toMatchObject({ reason: "agent" });
  expect(told.find(({ kind }) => kind === "accepted")).toMatchObject({ agentName: agent.name });
  expect(told.find(({ kind }) => kind === "handed_back")).toMatchObject({ botState: given.state });
  expect(
    told.filter(({ text }) => text !== null),
    "texts stay out of the facts",
  ).toEqual([]);

  const { userToAgent, agentToUser } = talk.latencies();
  const direct = userToAgent.slice(4);
  console.log(`${describeLatencies("user to agent", direct)}; ${describeLatencies("agent to user", agentToUser)}`);
  console.log(`each, user to agent: ${direct.map((ms) => ms.toFixed(0)).join(" ")} ms`);
  console.log(`each, agent to user: ${agentToUser.map((ms) => ms.toFixed(0)).join(" ")} ms`);
  expect(percentile(direct, 0.5)).toBeLessThan(1_000);
});
