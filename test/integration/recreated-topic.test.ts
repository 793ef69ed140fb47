// An input topic is deleted and created anew: what was applied lies beyond its end. It is noticed, told as an alarm, and what is
// written from then on is applied, instead of being taken for a repeat.
import { Kafka, logLevel } from "kafkajs";
import { afterEach, expect, it } from "vitest";

import { createConversations } from "../support/conversations.ts";
import { eventually } from "../support/eventually.ts";
import { openStage, type Stage } from "../support/stage.ts";

const open: { stage?: Stage } = {};

afterEach(async () => {
  await open.stage?.close();
  delete open.stage;
});

it("a topic recreated below what was applied is read from its start, with an alarm, and the chat goes on", async () => {
  const stage = await openStage({ file: import.meta.url });
  open.stage = stage;
  const ana = stage.user("ana");
  const talk = createConversations(stage, { ana });
  await stage.openChat(ana);
  for (let i = 0; i < 10; i += 1) await talk.userSays("ana");
  talk.agentSays("ana");
  await talk.drained();
  expect((await stage.service.terminate()).code).toBe(0);

  const topic = `${stage.names.topic}.channel-messages`;
  const kafka = new Kafka({
    brokers: stage.addresses.brokers.split(","),
    clientId: "somebody",
    logLevel: logLevel.NOTHING,
  });
  const admin = kafka.admin();
  await admin.connect();
  try {
    await admin.deleteTopics({ topics: [topic] });
    const created = (): Promise<boolean> =>
      admin.createTopics({ topics: [{ topic, numPartitions: 4 }], waitForLeaders: true }).catch(() => false);
    // Kafka deletes in its own time.
    await eventually("the topic is there anew", async () => {
      await created();
      const offsets = await admin.fetchTopicOffsets(topic).catch(() => []);
      return offsets.length === 4 && offsets.every(({ high }) => high === "0");
    });
  } finally {
    await admin.disconnect();
  }

  await stage.service.start();
  for (let i = 0; i < 3; i += 1) await talk.userSays("ana");
  talk.agentSays("ana");
  await talk.drained();
  const verdict = talk.judge();
  expect(verdict, verdict.text).toMatchObject({ ok: true, delivered: 15 });
  const metrics = await (await fetch(`${stage.service.metricsUrl}/metrics`)).text();
  expect(metrics).toMatch(/alarms_total\{alarm="log_recreated"\} [1-9]/u);
});
