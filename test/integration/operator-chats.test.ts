// The operator's commands about chats, as the process that they are, on real services beside the running service: what Redis holds is shown
// without anybody's words or keys, a chat is ended by the service on both sides, and Redis away is said.
import { createServer } from "node:net";

import { afterEach, expect, it } from "vitest";

import type { Person } from "../../sandbox/world/people.ts";
import { createConversations } from "../support/conversations.ts";
import { runOperator, type OperatorRun } from "../support/dead-letter-lab.ts";
import { eventually } from "../support/eventually.ts";
import { openStage, type Stage } from "../support/stage.ts";
import { wireSettings } from "../support/wire.ts";

const open: { stage?: Stage } = {};

afterEach(async () => {
  await open.stage?.close();
  delete open.stage;
});

function operator(
  { names, addresses }: Stage,
  args: readonly string[],
  elsewhere: Readonly<Record<string, string>> = {},
): Promise<OperatorRun> {
  return runOperator(["chats", ...args], {
    ...{ APP_NAME: names.appName, CLIENT: names.client, KAFKA_TOPIC: names.topic },
    ...{ KAFKA_HOST: addresses.brokers, KAFKA_SECURITY_PROTOCOL: "PLAINTEXT" },
    ...{ SCHEMA_REGISTRY_URL: addresses.registryUrl, REDIS_ADDRESS: addresses.redis, LOG_ID_KEY: "a-key-of-the-logs" },
    ...wireSettings(addresses.wire),
    ...elsewhere,
  });
}

interface Line {
  readonly chatId: string;
  readonly status: string;
  readonly user: string;
  readonly partition: number;
  readonly instance: string;
  readonly caseId: string;
  readonly lastMessageAt: string | null;
}

const linesOf = ({ out }: OperatorRun): readonly Line[] =>
  out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);

/** A port on which nobody listens. */
async function deadAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => void server.close(resolve));
  return `127.0.0.1:${String(typeof address === "object" ? address?.port : 0)}`;
}

it("chats are listed, shown and ended beside the running service", async () => {
  const stage = await openStage({ file: import.meta.url });
  open.stage = stage;
  const [ana, bea] = [stage.user("ana"), stage.user("bea", "manual")];
  const talk = createConversations(stage, { ana, bea });
  const session = await stage.openChat(ana);
  const waiting = await stage.openChat(bea, "QUEUED");
  await talk.userSays("ana");
  await talk.drained(["ana"]);

  const found = await eventually("both are listed", async () => {
    const run = await operator(stage, ["list", "--json"]);
    expect(run.code, run.told).toBe(0);
    const lines = linesOf(run);
    return lines.length === 2 && { run, lines };
  });
  const [hers, others] = [
    found.lines.find(({ status }) => status === "ACTIVE"),
    found.lines.find(({ status }) => status === "ON_HOLD"),
  ];
  if (hers === undefined || others === undefined) throw new Error("not one of each status");
  expect(hers.instance).toMatch(/:\d+$/u);
  expect(Date.now() - Date.parse(hers.lastMessageAt ?? "")).toBeLessThan(120_000);
  expect(hers.user).toMatch(/^[0-9a-f]{16}$/u);

  const table = await operator(stage, []);
  const shown = await operator(stage, ["show", hers.chatId]);
  expect(shown.out).toMatch(/^status +ACTIVE$/mu);
  expect(shown.out).toContain(hers.caseId);
  const personal = ({ userId, email, name }: Person): readonly string[] => [userId, email, name];
  const secrets = [session.key, session.affinityToken, waiting.key, "ana.user-to-agent.1"];
  for (const hidden of [...personal(ana), ...personal(bea), ...secrets])
    expect(found.run.out + table.out + shown.out + shown.told).not.toContain(hidden);
  expect(linesOf(await operator(stage, ["--status", "on_hold", "--json"]))).toHaveLength(1);
  expect(linesOf(await operator(stage, ["--user", ana.userId, "--json"])).map(({ chatId }) => chatId)).toEqual([
    hers.chatId,
  ]);
  expect(linesOf(await operator(stage, ["--older-than", "1h", "--json"]))).toEqual([]);

  const dead = await deadAddress();
  const unsent = await operator(stage, ["end", hers.chatId], { KAFKA_HOST: dead });
  expect([unsent.code, unsent.out, unsent.told]).toEqual([1, "", expect.stringMatching(/^Failed: /u)]);
  expect(session.state).toBe("ENGAGED");
  const ended = await operator(stage, ["end", hers.chatId, "--by", "the test"]);
  expect([ended.code, ended.out], ended.told).toEqual([0, expect.stringContaining(`Chat ${hers.chatId} has ended`)]);
  await eventually("the chat has ended at the desk", () => session.state === "ENDED");
  expect(waiting.state).toBe("QUEUED");
  const again = await operator(stage, ["end", hers.chatId]);
  expect([again.code, again.told]).toEqual([1, expect.stringContaining("has ended already")]);
  expect((await operator(stage, ["show", "no-such-chat"])).code).toBe(1);

  // Without an instance what Redis holds is still shown; an end stays on its topic until one comes.
  await stage.service.kill();
  expect(linesOf(await operator(stage, ["--json"])).map(({ chatId }) => chatId)).toContain(others.chatId);
  const [late] = await Promise.all([operator(stage, ["end", others.chatId]), stage.service.start()]);
  expect([late.code, late.told]).toEqual([0, expect.any(String)]);
  await eventually("the other chat has ended at the desk", () => waiting.state === "ENDED");

  const alone = await operator(stage, ["--status", "closed", "--json"], {
    ...{ KAFKA_HOST: dead, SCHEMA_REGISTRY_URL: `http://${dead}` },
  });
  expect(
    linesOf(alone).map(({ chatId }) => chatId),
    alone.told,
  ).toContain(hers.chatId);
  const away = await operator(stage, [], { REDIS_ADDRESS: dead });
  expect([away.code, away.out, away.told]).toEqual([
    1,
    "",
    expect.stringContaining("Redis (REDIS_ADDRESS) can't be read: the store did not answer: ECONNREFUSED"),
  ]);
});
