// Who may not be in one consumer group with the service: a member with another protocol, as the Go service is, and a service of another
// CLIENT. The start is refused with the sentence that says why; where they come later they are the ones who do not get in.
import { Kafka, logLevel, type Consumer } from "kafkajs";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";

import type { ServiceProcess } from "../support/service-process.ts";
import { refusedStart } from "../support/refused-start.ts";
import { openStage, type Stage } from "../support/stage.ts";

const open: { stage?: Stage; stranger?: Consumer; other?: Stage } = {};

beforeAll(async () => {
  open.stage = await openStage({ file: import.meta.url });
});

afterEach(async () => {
  await open.stranger?.disconnect();
  delete open.stranger;
});

afterAll(async () => {
  await open.other?.close();
  await open.stage?.close();
});

function stage(): Stage {
  if (open.stage === undefined) throw new Error("no stage");
  return open.stage;
}

function groupId(): string {
  return `${stage().names.appName}-${stage().names.topic}`;
}

/** A consumer as any other program has it: round robin. Resolves with true when it is in the group, false when it is refused. */
async function strangerJoins(): Promise<boolean> {
  const { addresses, names } = stage();
  const kafka = new Kafka({
    brokers: addresses.brokers.split(","),
    clientId: "go-service",
    logLevel: logLevel.NOTHING,
  });
  const consumer = kafka.consumer({
    groupId: groupId(),
    sessionTimeout: 6_000,
    retry: { retries: 0, restartOnFailure: () => Promise.resolve(false) },
  });
  open.stranger = consumer;
  const joined = new Promise<boolean>((resolve) => {
    consumer.on("consumer.group_join", () => {
      resolve(true);
    });
    consumer.on("consumer.crash", () => {
      resolve(false);
    });
  });
  await consumer.connect();
  await consumer.subscribe({ topic: `${names.topic}.channel-messages` });
  const running = consumer.run({ eachMessage: () => Promise.resolve() }).then(
    () => joined,
    () => false,
  );
  return running;
}

it("another CLIENT in the same group: the start is refused, and the first goes on", async () => {
  const { names, addresses } = stage();
  const other = await openStage({
    file: import.meta.url,
    services: addresses,
    names: { ...names, client: `${names.client}-other` },
    start: false,
  });
  open.other = other;
  const sentences = await refusedStart(other.service);
  expect(sentences).toEqual([
    expect.stringMatching(
      new RegExp(`^The consumer group ${groupId()} has members that are not of this service and CLIENT`),
    ),
  ]);
  expect(sentences[0]).toContain("Stop them first, or give this service another APP_NAME.");
  await stage().openChat(stage().user("ana"));
});

it("a stranger that comes later is not let in, and the service goes on", async () => {
  expect(await strangerJoins()).toBe(false);
  await stage().openChat(stage().user("bea"));
});

it("a group whose members have another protocol: the start is refused", async () => {
  expect(await stage().service.terminate()).toMatchObject({ code: 0 });
  expect(await strangerJoins()).toBe(true);
  const sentences = await refusedStart(stage().service);
  expect(sentences).toEqual([expect.stringContaining("(protocol RoundRobinAssigner): go-service at ")]);
  await open.stranger?.disconnect();
  await stage().service.start();
  await stage().openChat(stage().user("eva"));
});

it("two of different CLIENTs that start at the same moment, with nobody in the group: one goes on and one is refused", async () => {
  const { names, addresses } = stage();
  const more = { ...names, topic: `${names.topic}-together` };
  const [one, two] = await Promise.all(
    ["one", "two"].map((client) =>
      openStage({ file: import.meta.url, services: addresses, names: { ...more, client }, start: false }),
    ),
  );
  if (one === undefined || two === undefined) throw new Error("no stages");
  try {
    await Promise.all([one.service.spawn(), two.service.spawn()]);
    const both = [one.service, two.service];
    const settled = (service: ServiceProcess): Promise<"ready" | "ended"> =>
      service.ready().then(
        () => "ready" as const,
        () => "ended" as const,
      );
    const states = await Promise.all(both.map(settled));
    expect([...states].sort()).toEqual(["ended", "ready"]);
    for (const service of both.filter((_, i) => states[i] === "ended")) {
      expect(await service.ended()).toMatchObject({ code: 78 });
      expect(await service.latestOutput()).toContain("has members that are not of this service and CLIENT");
    }
  } finally {
    await Promise.all([one.close(), two.close()]);
  }
});
