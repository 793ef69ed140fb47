// Requests by the topic on real Kafka, good and bad, by a producer of its own: each ends as exactly one outcome under its id; a record
// on the wrong partition is moved once, and counted.
import { randomUUID } from "node:crypto";

import { SchemaRegistry } from "@kafkajs/confluent-schema-registry";
import { type IHeaders, Kafka, logLevel, Partitioners, type Producer } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Person } from "../../sandbox/world/people.ts";
import { openFactReader, type Fact, type FactReader } from "../support/chat-facts.ts";
import { eventually } from "../support/eventually.ts";
import { openStage, type Stage } from "../support/stage.ts";

interface Where {
  readonly key?: string | null;
  readonly partition?: number;
  readonly headers?: IHeaders;
}

interface Upstream {
  readonly schemaId: number;
  readonly registry: SchemaRegistry;
  readonly producer: Producer;
}

const partitions = 4;
const open: { stage?: Stage; facts?: FactReader; upstream?: Upstream } = {};

beforeAll(async () => {
  const stage = await openStage({ file: import.meta.url, settings: { KAFKA_PARTITIONS: String(partitions) } });
  open.stage = stage;
  const { brokers, registryUrl } = stage.addresses;
  open.facts = await openFactReader(stage.addresses, stage.names.topic);
  const registry = new SchemaRegistry({ host: registryUrl });
  const schemaId = await registry.getLatestSchemaId(`${stage.names.topic}.chat-requests-value`);
  const kafka = new Kafka({ brokers: brokers.split(","), clientId: "upstream", logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, idempotent: true });
  await producer.connect();
  open.upstream = { schemaId, registry, producer };
});

afterAll(async () => {
  await open.upstream?.producer.disconnect();
  await open.facts?.close();
  await open.stage?.close();
});

function there<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error("the stage was not set");
  return value;
}

function connectBody({ name, email, phoneNumber }: Person, over: object = {}): object {
  const body = {
    name,
    email,
    phoneNumber,
    channel: "whatsapp",
    botSlug: "bot",
    botId: "bot-1",
    extraData: {},
    ...over,
  };
  return { "salesforceintegration.Connect": body };
}

/** Produces a request; answers its id. */
async function ask(userId: string, body: object, over: object = {}, where: Where = {}): Promise<string> {
  const { registry, schemaId, producer } = there(open.upstream);
  const { names } = there(open.stage);
  const requestId = randomUUID();
  const head = { requestId, client: names.client, userId, occurredAt: Date.now(), expiresAt: null };
  const value = await registry.encode(schemaId, { ...head, body, ...over });
  const { key = userId, ...rest } = where;
  await producer.send({ topic: `${names.topic}.chat-requests`, messages: [{ key, value, ...rest }] });
  return requestId;
}

const outcomeKinds = ["waiting", "refused", "finish_done", "operator_done"];

async function outcomesOf(userId: string, requestId: string): Promise<readonly Fact[]> {
  const mine = (): readonly Fact[] =>
    there(open.facts)
      .of(userId)
      .filter((fact) => fact.requestId === requestId && outcomeKinds.includes(fact.kind));
  const why = (): unknown =>
    there(open.facts)
      .of(userId)
      .map(({ kind, reason }) => `${kind} ${reason}`);
  await eventually("an outcome", () => mine().length > 0, { why });
  return mine();
}

/** Everything that was asked before has been decided: the outcome of a last request of the same user is there. */
async function decided(userId: string): Promise<void> {
  await outcomesOf(userId, await ask(userId, { "salesforceintegration.Finish": { requestedBy: null } }));
}

/** What the service has counted so far under a line of its metrics that has all these words. */
async function counted(...words: readonly string[]): Promise<number> {
  const response = await fetch(`${there(open.stage).service.metricsUrl}/metrics`);
  const lines = (await response.text()).split("\n").filter((line) => !line.startsWith("#"));
  const found = lines.filter((line) => words.every((word) => line.includes(word)));
  return found.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

describe("a request by the topic", () => {
  it.each<[string, (person: Person) => object, string]>([
    ["a name that is empty", (person) => connectBody(person, { name: "" }), "name is empty"],
    ["an e-mail that is empty", (person) => connectBody(person, { email: "" }), "email is empty"],
    ["a bot's name that is empty", (person) => connectBody(person, { botSlug: "" }), "botSlug is empty"],
    ["a bot's id that is empty", (person) => connectBody(person, { botId: "" }), "botId is empty"],
    ["an unknown channel", (person) => connectBody(person, { channel: "unknown" }), "channel is unknown"],
    [
      "an unknown action",
      () => ({ "salesforceintegration.OperatorRequest": { action: "unknown", requestedBy: null } }),
      "unknown action",
    ],
  ])("with %s has one outcome, also when it comes twice", async (_name, body, detail) => {
    const person = there(open.stage).user("mal");
    const requestId = await ask(person.userId, body(person));
    await ask(person.userId, body(person), { requestId });
    await decided(person.userId);
    expect(await outcomesOf(person.userId, requestId)).toMatchObject([
      { kind: "refused", reason: "invalid_request", detail },
    ]);
  });

  it.each<[string, object, Where]>([
    ["under another key", {}, { key: "eva" }],
    ["on a wrong partition though marked as moved", {}, { headers: { moved: "1" } }],
  ])("%s is refused as a record, and told under its id", async (_name, over, where) => {
    const person = there(open.stage).user("llave");
    // By the explicit partition the key does not matter, so each lands where it breaks the rule that is meant.
    const right = await partitionOf(person.userId);
    const partition = "headers" in where ? (right + 1) % partitions : right;
    const requestId = await ask(person.userId, connectBody(person), over, { ...where, partition });
    expect(await outcomesOf(person.userId, requestId)).toMatchObject([{ kind: "refused", reason: "invalid_request" }]);
    expect(there(open.stage).session(person)).toBeUndefined();
  });

  it("under another key is refused where that key leads, and not moved to its user", async () => {
    const person = there(open.stage).user("llave");
    const right = await partitionOf(person.userId);
    let key = "eva";
    while ((await partitionOf(key)) === right) key += "x";
    const requestId = await ask(person.userId, connectBody(person), {}, { key, partition: await partitionOf(key) });
    expect(await outcomesOf(person.userId, requestId)).toMatchObject([{ kind: "refused", reason: "invalid_request" }]);
    expect(there(open.stage).session(person)).toBeUndefined();
  });

  it("to finish without a chat, and to connect twice, has its outcome too", async () => {
    const person = there(open.stage).user("dos", "manual");
    const early = await ask(person.userId, { "salesforceintegration.Finish": { requestedBy: "test" } });
    expect(await outcomesOf(person.userId, early)).toMatchObject([{ kind: "refused", reason: "no_chat" }]);
    const first = await ask(person.userId, connectBody(person, { extraData: person.extraData ?? {} }));
    expect(await outcomesOf(person.userId, first)).toMatchObject([{ kind: "waiting", reason: "none" }]);
    const second = await ask(person.userId, connectBody(person));
    expect(await outcomesOf(person.userId, second)).toMatchObject([{ kind: "refused", reason: "chat_open" }]);
    const last = await ask(person.userId, { "salesforceintegration.Finish": { requestedBy: "test" } });
    expect(await outcomesOf(person.userId, last)).toMatchObject([{ kind: "finish_done", reason: "none" }]);
    const ended = there(open.facts)
      .of(person.userId)
      .find(({ kind }) => kind === "ended");
    expect(ended).toMatchObject({ reason: "finish", requestId: last });
  });

  it("to connect that has expired is refused, no agent is asked, and the bot has the user", async () => {
    const person = there(open.stage).user("tarde");
    const now = Date.now();
    const late = await ask(person.userId, connectBody(person), { occurredAt: now - 3_600_000, expiresAt: now - 1 });
    expect(await outcomesOf(person.userId, late)).toMatchObject([{ kind: "refused", reason: "expired" }]);
    const { botState } = await there(open.facts).waitFor(person.userId, "handed_back");
    const { botrunner, desk } = there(open.stage).world.parts;
    const given = botrunner.states.read().entries.filter(({ userId }) => userId === person.userId);
    expect(given.map(({ state }) => state)).toEqual([botState]);
    expect([...desk.byId.values()].filter(({ user }) => user === person.userId)).toEqual([]);
  });

  it("on a wrong partition is moved once, counted, and carried out by who owns its user", async () => {
    const person = there(open.stage).user("otra", "manual");
    const before = await counted("records_skipped", "misplaced");
    const partition = ((await partitionOf(person.userId)) + 1) % partitions;
    const requestId = await ask(
      person.userId,
      connectBody(person, { extraData: person.extraData ?? {} }),
      {},
      { partition },
    );
    expect(await outcomesOf(person.userId, requestId)).toMatchObject([{ kind: "waiting", reason: "none" }]);
    expect(await counted("records_skipped", "misplaced")).toBe(before + 1);
    await decided(person.userId);
    expect(
      there(open.facts)
        .of(person.userId)
        .filter(({ kind }) => kind === "requested"),
    ).toHaveLength(1);
    expect(
      [...there(open.stage).world.parts.desk.byId.values()].filter(({ user }) => user === person.userId),
    ).toHaveLength(1);
  });

  it("of another deployment is left alone, and counted", async () => {
    const person = there(open.stage).user("ajeno");
    const before = await counted("records_skipped", "foreign");
    await ask(person.userId, connectBody(person), { client: "somebody-else" });
    await decided(person.userId);
    expect(
      there(open.facts)
        .of(person.userId)
        .filter(({ kind }) => kind === "requested"),
    ).toEqual([]);
    expect(await counted("records_skipped", "foreign")).toBe(before + 1);
  });
});

/** Where a key goes, as kafkajs itself has it. */
async function partitionOf(key: string): Promise<number> {
  const partitioner = Partitioners.DefaultPartitioner();
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
    ...{ partitionId, leader: 0, partitionErrorCode: 0, replicas: [], isr: [] },
  }));
  return partitioner({ topic: "any", partitionMetadata, message: { key, value: null } });
}
