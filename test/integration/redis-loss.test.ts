// Redis loses everything, once while the service is down and once while it runs: open chats are rebuilt from the changelog, field by
// field, and go on. What the changelog does not hold is decision 8 (docs/decisions.md).
import { isDeepStrictEqual } from "node:util";
import { afterEach, expect, it } from "vitest";

import { PLAY_AGENT_ID } from "../../sandbox/environment.ts";
import { acceptChat } from "../../sandbox/world/live-agent/accept.ts";
import type { Session } from "../../sandbox/world/live-agent/session.ts";
import type { Person } from "../../sandbox/world/people.ts";
import { startChatter } from "../support/chatter.ts";
import { createConversations, type Conversations } from "../support/conversations.ts";
import { eventually } from "../support/eventually.ts";
import { uncommitted } from "../support/group-members.ts";
import { openStage, type Stage } from "../support/stage.ts";
import { openStoredChats, type StoredChat, type StoredChats } from "../support/stored-chats.ts";
import { tokensIn } from "../support/tokens.ts";

const open: { stage?: Stage; stored?: StoredChats } = {};

afterEach(async () => {
  await open.stored?.close();
  await open.stage?.close();
  delete open.stored;
  delete open.stage;
});

interface Scene {
  readonly stage: Stage;
  readonly stored: StoredChats;
  readonly talk: Conversations;
  /** Has an agent. */
  readonly ana: Person;
  readonly anaAtDesk: Session;
  /** Waits, and has said something meanwhile. */
  readonly bea: Person;
  readonly beaAtDesk: Session;
}

async function twoChats(): Promise<Scene> {
  const stage = await openStage({ file: import.meta.url });
  open.stage = stage;
  const stored = openStoredChats(stage.addresses.redis, stage.names.client);
  open.stored = stored;
  stage.world.parts.integrations.modes.dedupe = true;
  const [ana, bea] = [stage.user("ana"), stage.user("bea", "manual")];
  const talk = createConversations(stage, { ana, bea });
  const anaAtDesk = await stage.openChat(ana);
  await talk.userSays("bea", "antes ");
  const beaAtDesk = await stage.openChat(bea, "QUEUED");
  for (let i = 0; i < 3; i += 1) {
    await talk.userSays("ana");
    talk.agentSays("ana");
    await talk.userSays("bea", "esperando ");
  }
  const scene = { stage, stored, talk, ana, anaAtDesk, bea, beaAtDesk };
  await settled(scene);
  return scene;
}

/** Everything said so far is applied and on the changelog: Ana's words are out, Bea's are in her record. */
async function settled(scene: Scene): Promise<void> {
  const { stage, stored, ana, anaAtDesk, bea, beaAtDesk } = scene;
  const views = async (): Promise<readonly (readonly unknown[])[]> => [
    [await recordView(stored, ana), { status: "ACTIVE", ...deskView(anaAtDesk) }],
    [await recordView(stored, bea), { status: "ON_HOLD", ...deskView(beaAtDesk) }],
  ];
  await eventually(
    "the records are settled",
    async () => {
      const [anas, beas] = [await stored.of(ana.userId), await stored.of(bea.userId)];
      const quiet = anas?.bridge.pending.length === 0 && beas?.bridge.pending.length === 0;
      const known = (await views()).every(([record, desk]) => isDeepStrictEqual(record, desk));
      return quiet && known && saidTo(beas).length === 3;
    },
    { why: views },
  );
  // What is committed has been produced before: a kill from here on finds nothing that only Redis has.
  const { names, addresses } = stage;
  await eventually("all of it is committed", async () => {
    const left = await uncommitted(addresses.brokers, `${names.appName}-${names.topic}`, names.topic);
    return left.length === 0;
  });
}

function saidTo(chat: StoredChat | undefined): readonly string[] {
  const said = chat?.bridge.chat?.["said"] as readonly { readonly text: string }[] | undefined;
  return (said ?? []).flatMap(({ text }) => tokensIn(text));
}

/** The desk's own view, against which the record is held. */
function deskView({ id, postSequence, delivered }: Session): Readonly<Record<string, unknown>> {
  return { sessionID: id, postSequence, position: delivered };
}

async function recordView(stored: StoredChats, { userId }: Person): Promise<Readonly<Record<string, unknown>>> {
  const chat = await stored.of(userId);
  const { postSequence, position } = chat?.bridge.chat ?? {};
  return { status: chat?.status, sessionID: chat?.sessionID, postSequence, position };
}

async function backInRedis({ stored, ana, bea }: Scene): Promise<readonly (StoredChat | undefined)[]> {
  return eventually("both records are in Redis again", async () => {
    const both = [await stored.of(ana.userId), await stored.of(bea.userId)];
    return !both.includes(undefined) && both;
  });
}

/** Bea's agent accepts and reads everything once and in order; then all write on. */
async function goesOn({ stage, talk, bea, beaAtDesk }: Scene): Promise<void> {
  const { desk } = stage.world.parts;
  const agent = desk.agents.get(PLAY_AGENT_ID);
  if (agent === undefined) throw new Error("no such agent");
  acceptChat(desk, beaAtDesk, agent);
  const read = (): readonly string[] =>
    desk.screens
      .read()
      .entries.filter(({ user, from }) => user === bea.userId && from === "visitor")
      .flatMap(({ text }) => tokensIn(text));
  await eventually("the agent has read all of it", () => read().length >= 4, { why: read });
  expect(read()).toEqual([1, 2, 3, 4].map((n) => `⟨bea.user-to-agent.${String(n)}⟩`));
  for (const alias of ["ana", "bea"]) {
    await talk.userSays(alias);
    talk.agentSays(alias);
  }
  await talk.drained();
}

it("lost while the service is down: the records come back as they were, and the chats go on", async () => {
  const scene = await twoChats();
  const { stage, stored, ana, bea, anaAtDesk, beaAtDesk, talk } = scene;
  await stage.service.kill();
  const before = [await stored.of(ana.userId), await stored.of(bea.userId)];
  expect(before[0]?.bridge.chat).toMatchObject({ agentName: "Ana Torres" });
  await stored.flush();
  expect(await stored.keys(), "nothing is left").toEqual([]);
  await stage.service.start();

  const after = await backInRedis(scene);
  expect(after, "field by field").toEqual(before);
  expect(await recordView(stored, ana)).toEqual({ status: "ACTIVE", ...deskView(anaAtDesk) });
  expect(await recordView(stored, bea)).toEqual({ status: "ON_HOLD", ...deskView(beaAtDesk) });
  await goesOn(scene);
  const verdict = talk.judge();
  expect(verdict, verdict.text).toMatchObject({ ok: true, delivered: 14 });
  for (const session of [anaAtDesk, beaAtDesk]) expect(session.violations).toEqual([]);
});

it("lost while the service runs and both sides write: nothing is lost, doubled or out of order", async () => {
  const scene = await twoChats();
  const { stage, stored, ana, bea, anaAtDesk, talk } = scene;
  const beasBefore = await stored.of(bea.userId);
  const anasBefore = await stored.of(ana.userId);
  const chatter = startChatter(talk, ["ana"], 50);
  await eventually("there is talk", () => talk.latencies().agentToUser.length > 10);
  await stored.flush();
  await backInRedis(scene);
  const saidBefore = talk.latencies().agentToUser.length;
  await eventually("the talk goes on", () => talk.latencies().agentToUser.length > saidBefore + 20, {
    why: async () => [talk.latencies().agentToUser.length, (await stage.service.output()).slice(-3_000)],
  });
  await chatter.stop();
  await talk.drained(["ana"]);
  expect(stage.service.isRunning(), "it did not need to start anew").toBe(true);

  expect(await stored.of(bea.userId), "who waits, field by field").toEqual(beasBefore);
  const views = async (): Promise<readonly unknown[]> => [await recordView(stored, ana), deskView(anaAtDesk)];
  await expect
    .poll(views, { timeout: 30_000 })
    .toSatisfy(([record, desk]: readonly unknown[]) =>
      isDeepStrictEqual(record, { status: "ACTIVE", ...(desk as object) }),
    );
  const anasAfter = await stored.of(ana.userId);
  const fixed = (chat: StoredChat | undefined): unknown => {
    const { sessionID, sessionKey, affinityToken, caseID, status, bridge } = chat ?? {};
    const { chatId, requestId, contactId, agentName, acceptedAt, session } = bridge?.chat ?? {};
    return {
      sessionID,
      sessionKey,
      affinityToken,
      caseID,
      status,
      chatId,
      requestId,
      contactId,
      agentName,
      acceptedAt,
      session,
    };
  };
  expect(fixed(anasAfter)).toEqual(fixed(anasBefore));
  await goesOn(scene);
  const verdict = talk.judge();
  expect(verdict, verdict.text).toMatchObject({ ok: true });
  expect(verdict.delivered).toBeGreaterThan(60);
  for (const session of stage.world.parts.desk.byId.values()) {
    expect(session.violations).toEqual([]);
    expect(session.polls.filter(({ overlaps }) => overlaps)).toEqual([]);
  }
});
