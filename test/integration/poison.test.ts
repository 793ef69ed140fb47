// Records that would hang or end the service where they are read, each on the partition of a user who goes on talking: what is bad lands
// in the dead letters, what is only unusual is taken, and the next good record of the same partition is served.
import { zstdCompressSync } from "node:zlib";

import kafkajs from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Person } from "../../sandbox/world/people.ts";
import { createConversations, type Conversations } from "../support/conversations.ts";
import { openDeadLetterLab, type DeadLetterLab, type Injected, type ReadLetter } from "../support/dead-letter-lab.ts";
import { eventually } from "../support/eventually.ts";
import { mapBomb } from "../support/poison.ts";
import { ownNames, serviceAddresses } from "../support/services.ts";
import { openStage, type Stage } from "../support/stage.ts";

interface Setting {
  readonly stage: Stage;
  readonly lab: DeadLetterLab;
  readonly ana: Person;
  readonly partition: number;
  readonly talk: Conversations;
}

const names = ownNames(import.meta.url);
const state: { setting?: Setting } = {};

function at(): Setting {
  if (state.setting === undefined) throw new Error("not set up");
  return state.setting;
}

beforeAll(async () => {
  const stage = await openStage({ file: import.meta.url, names });
  const lab = await openDeadLetterLab(serviceAddresses(), names);
  const ana = stage.user("ana");
  await stage.openChat(ana);
  const talk = createConversations(stage, { ana });
  state.setting = { stage, lab, ana, talk, partition: await lab.partitionOf(ana.userId) };
}, 90_000);

afterAll(async () => {
  await state.setting?.lab.close();
  await state.setting?.stage.close();
});

/** Both directions still work, and nothing that anybody said is lost. */
async function everybodyIsServed(): Promise<void> {
  const { talk } = at();
  await talk.userSays("ana");
  talk.agentSays("ana");
  await talk.drained();
  expect(talk.judge()).toMatchObject({ ok: true });
}

async function letterOf(record: Omit<Injected, "partition" | "key">): Promise<ReadLetter> {
  const { lab, partition, ana } = at();
  const offset = await lab.inject({ ...record, partition, key: ana.userId });
  const fits = (one: ReadLetter): boolean => one.topic === `${names.topic}.${record.topic}` && one.offset === offset;
  return eventually("the dead letter", () => lab.letters().find(fits) ?? false);
}

function textOf(text: string): Promise<Buffer> {
  const now = Date.now();
  return at().lab.encode("channel-messages", {
    ...{ messageId: `id of ${text}`, client: names.client, userId: at().ana.userId, channel: "whatsapp" },
    ...{ author: "user", occurredAt: now, receivedAt: now, type: "text", text, media: null },
  });
}

function shown(text: string): Promise<boolean> {
  const { stage } = at();
  return eventually(`the agent sees ${text}`, () =>
    stage.world.parts.desk.screens.read().entries.some((entry) => entry.text === text),
  );
}

const garbage = Buffer.from([1, 2, 3, 250, 251]);
const inherited = Object.fromEntries(["constructor", "toString", "__proto__"].map((name) => [name, `of ${name}`]));
const many = Object.fromEntries(Array.from({ length: 8_000 }, (_, i) => [`h${String(i)}`, "x"]));

describe("a record that would stop its partition", () => {
  it("as its map claims 2^50 entries is a dead letter", async () => {
    const finish = { "salesforceintegration.Finish": { requestedBy: null } };
    const head = { requestId: "r", client: names.client, userId: at().ana.userId, occurredAt: 1, expiresAt: null };
    const id = (await at().lab.encode("chat-requests", { ...head, body: finish })).readInt32BE(1);
    const value = mapBomb(id, at().ana.userId);
    expect(await letterOf({ topic: "chat-requests", value })).toMatchObject({ reason: "undecodable", value });
    await everybodyIsServed();
  });

  it.each([
    ["8,000 headers", many],
    ["headers named as what every object inherits", inherited],
  ])(
    "as it has %s is a dead letter with all of them when it is bad, and taken when it is good",
    async (what, headers) => {
      const letter = await letterOf({ topic: "channel-messages", value: garbage, headers });
      expect(letter.reason).toBe("undecodable");
      expect(letter.headers).toEqual(
        Object.entries(headers).map(([name, value]) => ({ name, value: Buffer.from(value) })),
      );
      const { lab, ana, partition } = at();
      const own = { topic: "channel-messages", key: ana.userId, headers } as const;
      await lab.inject({ ...own, partition, value: await textOf(`with ${what}`) });
      await shown(`with ${what}`);
      // On another partition it is moved, with its headers.
      await lab.inject({ ...own, partition: (partition + 1) % 4, value: await textOf(`misplaced with ${what}`) });
      await shown(`misplaced with ${what}`);
      await everybodyIsServed();
    },
  );

  it("as its batch is compressed with zstd is taken", async () => {
    const { lab, ana, partition } = at();
    const { CompressionCodecs, CompressionTypes } = kafkajs;
    const compress = ({ buffer }: { readonly buffer: Buffer }): Promise<Buffer> =>
      Promise.resolve(zstdCompressSync(buffer));
    CompressionCodecs[CompressionTypes.ZSTD] = () => ({ compress });
    const value = await textOf("in zstd");
    const compression = CompressionTypes.ZSTD;
    await lab.inject({ topic: "channel-messages", partition, key: ana.userId, value, compression });
    await shown("in zstd");
    await everybodyIsServed();
  });

  it.each(["snappy", "lz4", "gzip", "zstd"])("as its topic has the broker compress with %s is taken", async (codec) => {
    const { stage } = at();
    const kafka = new kafkajs.Kafka({
      brokers: stage.addresses.brokers.split(","),
      logLevel: kafkajs.logLevel.NOTHING,
    });
    const admin = kafka.admin();
    await admin.connect();
    const configEntries = [{ name: "compression.type", value: codec }];
    const topics = ["channel-messages", "agent-events"].map((topic) => `${names.topic}.${topic}`);
    const resources = topics.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name, configEntries }));
    await admin.alterConfigs({ validateOnly: false, resources });
    await admin.disconnect();
    for (let i = 0; i < 5; i += 1) await everybodyIsServed();
  });
});
