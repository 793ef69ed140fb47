// A user is exported and erased by the operator's command line, as the process that it is, on real services: during a chat and after one.
// Nothing of him is left in Redis or readable on the changelog, and he does not come back when Redis is rebuilt.
import { Redis } from "ioredis";
import { afterEach, expect, it } from "vitest";

import { createConversations } from "../support/conversations.ts";
import { runOperator, type OperatorRun } from "../support/dead-letter-lab.ts";
import { eventually } from "../support/eventually.ts";
import { keepText } from "../support/outputs.ts";
import { openStage, type Stage } from "../support/stage.ts";
import { wireSettings } from "../support/wire.ts";

const open: { stage?: Stage; redis?: Redis } = {};

afterEach(async () => {
  open.redis?.disconnect();
  await open.stage?.close();
  delete open.redis;
  delete open.stage;
});

function operator({ names, addresses }: Stage, ...args: readonly string[]): Promise<OperatorRun> {
  return runOperator(args, {
    ...{ APP_NAME: names.appName, CLIENT: names.client, KAFKA_TOPIC: names.topic },
    ...{ KAFKA_HOST: addresses.brokers, KAFKA_SECURITY_PROTOCOL: "PLAINTEXT" },
    ...{ SCHEMA_REGISTRY_URL: addresses.registryUrl },
    ...wireSettings(addresses.wire),
  });
}

async function keysOf(redis: Redis, stage: Stage, userId: string): Promise<readonly string[]> {
  return redis.keys(`${stage.names.client}:${userId}:*`);
}

it("a user is exported, erased during a chat, and does not come back", async () => {
  const stage = await openStage({ file: import.meta.url });
  open.stage = stage;
  const redis = new Redis(`redis://${stage.addresses.redis}`);
  open.redis = redis;
  const [ana, bea] = [stage.user("ana"), stage.user("bea")];
  const talk = createConversations(stage, { ana, bea });
  const session = await stage.openChat(ana);
  await stage.openChat(bea);
  for (const alias of ["ana", "bea"]) {
    await talk.userSays(alias);
    talk.agentSays(alias);
  }
  await talk.drained();

  const exported = await operator(stage, "export", "--user", ana.userId);
  expect(exported.code, exported.told).toBe(0);
  for (const word of [ana.email, ana.name, "ana.user-to-agent.1"]) expect(exported.out).toContain(word);
  for (const secret of [session.key, session.affinityToken, bea.userId]) expect(exported.out).not.toContain(secret);

  const startedMs = Date.now();
  const erased = await operator(stage, "erase", "--user", ana.userId);
  const tookMs = Date.now() - startedMs;
  expect(erased.code, erased.told).toBe(0);
  expect(erased.told).toContain("the record on the changelog has ended");
  expect(erased.told).toMatch(/channel-messages: \d+, until /u);
  await eventually("the chat has ended at the desk", () => session.state === "ENDED");
  expect(await keysOf(redis, stage, ana.userId)).toEqual([]);

  // What Redis is rebuilt from does not hold him any more.
  await stage.service.kill();
  const own = await redis.keys(`${stage.names.client}:*`);
  if (own.length > 0) await redis.del(...own);
  await stage.service.start();
  await eventually("the other chat is there again", async () => (await keysOf(redis, stage, bea.userId)).length > 0);
  expect(await keysOf(redis, stage, ana.userId)).toEqual([]);
  await talk.userSays("bea");
  talk.agentSays("bea");
  await talk.drained(["bea"]);
  await keepText("erasure", `erased in ${String(tookMs)} ms\n`);
});
