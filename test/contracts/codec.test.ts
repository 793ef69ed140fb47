// What every implementation of the Codec port keeps to, in memory and with a real registry: bytes of every topic and back,
// values of other writers, and what is no value at all.
import avro from "avsc";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";

import { createClock } from "../../src/clients/clock.ts";
import { openCodec } from "../../src/clients/schema-registry/open-codec.ts";
import { createRegistryApi } from "../../src/clients/schema-registry/registry-api.ts";
import { loadTopicSchemas } from "../../src/clients/schema-registry/schemas.ts";
import { taggedUnionsOf } from "../../src/clients/schema-registry/tagged-unions.ts";
import { loadTopicTypes } from "../../src/clients/schema-registry/topic-types.ts";
import type { AgentEvent, ChannelMessage, ChatRequest } from "../../src/processors/messages/generated.ts";
import { createInMemoryCodec } from "../../src/topology/in-memory/codec.ts";
import type { Codec } from "../../src/topology/ports.ts";
import { type TopicSuffix, topics } from "../../src/topology/topics.ts";
import { ownNames, serviceAddresses } from "../support/services.ts";

interface Binding {
  readonly codec: Codec;
  /** Makes the registry know a schema of another writer; answers its id. */
  readonly writer: (schema: object) => Promise<number>;
}

const bindings: readonly { readonly name: string; readonly open: () => Promise<Binding> }[] = [
  {
    name: "in memory",
    async open() {
      const memory = createInMemoryCodec(loadTopicTypes());
      let id = 100;
      return {
        codec: memory.codec,
        async writer(schema) {
          id += 1;
          memory.learn(id, schema);
          return id;
        },
      };
    },
  },
  {
    name: "with a registry",
    async open() {
      const { topic } = ownNames(import.meta.url);
      const registry = { url: serviceAddresses().registryUrl, user: null, password: null };
      const opened = await openCodec({ registry, topicPrefix: topic, autoRegister: true }, createClock());
      if (opened.kind !== "open") throw new Error(JSON.stringify(opened));
      const api = createRegistryApi(registry);
      let writers = 0;
      return {
        codec: opened.codec,
        async writer(schema) {
          writers += 1;
          const answer = await api.register(`${topic}.writer-${String(writers)}`, JSON.stringify(schema));
          if (answer.kind !== "id") throw new Error(JSON.stringify(answer));
          return answer.id;
        },
      };
    },
  },
];

const schemas = loadTopicSchemas();
const suffixes = topics.map(({ suffix }) => suffix);
const asAvro = (schema: unknown) => avro.Type.forSchema(schema as avro.schema.AvroSchema);
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** A record as another writer frames it. */
function framed(id: number, schema: object, value: unknown): Buffer {
  const header = Buffer.alloc(5);
  header.writeInt32BE(id, 1);
  return Buffer.concat([header, asAvro(schema).toBuffer(value)]);
}

const message: ChannelMessage = {
  messageId: "m1",
  client: "c",
  userId: "5215550001",
  channel: "whatsapp",
  author: "user",
  occurredAt: 1_767_614_400_000,
  receivedAt: 1_767_614_400_001,
  type: "text",
  text: "¿hay alguien? 🙋",
  media: null,
};

/** The closed schema of a topic, with one field changed or left out. */
function withField(topic: TopicSuffix, name: string, change: (field: object) => object | null): object {
  const schema = schemas[topic] as { readonly fields: readonly { readonly name: string }[] };
  const fields = schema.fields.flatMap((field) => (field.name === name ? (change(field) ?? []) : field));
  return { ...schema, fields };
}

describe.each(bindings)("codec $name", ({ open }) => {
  let codec: Codec;
  let writer: Binding["writer"];
  beforeAll(async () => {
    ({ codec, writer } = await open());
  }, 30_000);

  it.each(suffixes)("brings every value of %s back as it was", async (topic) => {
    const type = asAvro(schemas[topic]);
    const unions = taggedUnionsOf(type);
    for (let i = 0; i < 200; i += 1) {
      const value = unions.unwrap(type.random());
      const before = plain(value);
      const bytes = codec.encode(topic, value);
      expect(plain(value)).toEqual(before);
      expect([...bytes.subarray(0, 1)]).toEqual([0]);
      const decoded = await codec.decode(topic, bytes);
      expect(plain(decoded)).toEqual({ kind: "value", value: before });
      if (decoded.kind === "value") expect(codec.encode(topic, decoded.value)).toEqual(bytes);
    }
  });

  it("keeps any text, any JSON value in extraData, and any number that a double holds", async () => {
    const extra = fc.oneof(
      fc.constant(null),
      fc.boolean(),
      fc.double({ noNaN: true }),
      fc.string({ unit: "binary" }).filter((text) => text.isWellFormed()),
      fc.json().map((json) => ({ json })),
    );
    const key = fc.string().filter((name) => name !== "__proto__");
    const request = (name: string, extraData: Record<string, unknown>): unknown => ({
      requestId: "r",
      client: "c",
      userId: "u",
      occurredAt: 1,
      expiresAt: null,
      body: {
        ...{ type: "Connect", name, channel: "whatsapp", botSlug: "b", botId: "i", email: "e", phoneNumber: null },
        extraData,
      },
    });
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.dictionary(key, extra, { noNullPrototype: true }), async (name, data) => {
        const value = request(name, data);
        const decoded = await codec.decode("chat-requests", codec.encode("chat-requests", value));
        expect(decoded).toMatchObject({ kind: "value" });
        const body = (decoded as { readonly value: ChatRequest }).value.body;
        expect(body).toMatchObject({ type: "Connect", name });
        expect({ ...(body as { readonly extraData: object }).extraData }).toEqual(data);
      }),
    );
  });

  it("lets no entry of extraData become a prototype", async () => {
    const head = { requestId: "r", client: "c", userId: "u", occurredAt: 1 };
    const data = JSON.parse('{"constructor":"c","__proto__":{"json":"{}"},"n":1}') as object;
    const body = { type: "Connect", name: "n", channel: "whatsapp", botSlug: "b", botId: "i", email: "e" };
    const bytes = codec.encode("chat-requests", { ...head, body: { ...body, extraData: data } });
    const decoded = (await codec.decode("chat-requests", bytes)) as { readonly value: ChatRequest };
    const { extraData } = decoded.value.body as { readonly extraData: Record<string, unknown> };
    expect(Object.entries(extraData)).toEqual([
      ["constructor", "c"],
      ["n", 1],
    ]);
    expect(extraData["json"]).toBeUndefined();
  });

  it("keeps the branch of unions inside unions", async () => {
    const event: AgentEvent = {
      ...{ client: "c", userId: "u", chatId: "x", occurredAt: 1 },
      body: {
        ...{ type: "CommandResult", lane: "desk", seq: 3, outcome: "done", reason: null, attempts: 1 },
        postSequence: 9,
        generation: "g1",
        data: { type: "CaseReady", caseId: "500", created: true },
      },
    };
    const decoded = await codec.decode("agent-events", codec.encode("agent-events", event));
    expect(decoded).toMatchObject({ kind: "value", value: event });
  });

  it("says which field of a value is wrong, and not what it holds", () => {
    const wrong = { ...message, occurredAt: "secret" };
    expect(() => codec.encode("channel-messages", wrong)).toThrow(
      expect.objectContaining({ name: "EncodeFailure", topic: "channel-messages", fields: ["occurredAt"] }),
    );
    expect(() => codec.encode("channel-messages", wrong)).not.toThrow(/secret/);
    const request = { requestId: "r", client: "c", userId: "u", occurredAt: 1, body: { type: "Nobody" } };
    expect(() => codec.encode("chat-requests", request)).toThrow(expect.objectContaining({ fields: ["body"] }));
    expect(() => codec.encode("chat-requests", null)).toThrow(expect.objectContaining({ name: "EncodeFailure" }));
  });

  it("still encodes after a value that broke its schema half way, and after a long one", async () => {
    expect(() => codec.encode("channel-messages", { ...message, media: 1 })).toThrow(/media/);
    const long = { ...message, text: "ñ".repeat(200_000) };
    expect(await codec.decode("channel-messages", codec.encode("channel-messages", long))).toMatchObject({
      value: long,
    });
    expect(await codec.decode("channel-messages", codec.encode("channel-messages", message))).toMatchObject({
      value: message,
    });
  });

  it("reads our own records without asking anybody", () => {
    const decoded = codec.decode("channel-messages", codec.encode("channel-messages", message));
    expect(decoded).not.toBeInstanceOf(Promise);
  });

  it("reads an older writer's record: the field that it did not know has its default", async () => {
    const older = withField("channel-messages", "media", () => null);
    const id = await writer(older);
    const decoded = await codec.decode("channel-messages", framed(id, older, message));
    expect(decoded).toMatchObject({ kind: "value", value: message });
    // The second one needs no registry.
    expect(codec.decode("channel-messages", framed(id, older, message))).not.toBeInstanceOf(Promise);
  });

  it("reads an older writer's record inside a union", async () => {
    const older = JSON.parse(
      JSON.stringify(schemas["chat-requests"]).replace(/,\{"name":"phoneNumber".*?\}(?=,\{"name":"extraData")/, ""),
    ) as object;
    expect(JSON.stringify(older)).not.toContain("phoneNumber");
    const id = await writer(older);
    const connect = { name: "n", channel: "whatsapp", botSlug: "b", botId: "i", email: "e", extraData: {} };
    const value = {
      ...{ requestId: "r", client: "c", userId: "u", occurredAt: 1, expiresAt: null },
      body: { "salesforceintegration.Connect": connect },
    };
    expect(await codec.decode("chat-requests", framed(id, older, value))).toMatchObject({
      kind: "value",
      value: { body: { ...connect, type: "Connect", phoneNumber: null } },
    });
  });

  it("reads a newer writer's record: what it knows beyond ours is left out, a symbol beyond ours is unknown", async () => {
    const symbols = ["unknown", "whatsapp", "facebook", "pigeon"];
    const text = JSON.stringify(
      withField("channel-messages", "messageId", (field) => [{ name: "added", type: "string" }, field]),
    ).replace('["unknown","whatsapp","facebook"]', JSON.stringify(symbols));
    const newer = JSON.parse(text) as object;
    const id = await writer(newer);
    const decoded = await codec.decode(
      "channel-messages",
      framed(id, newer, { ...message, channel: "pigeon", added: "x" }),
    );
    expect(decoded).toMatchObject({ kind: "value", value: { ...message, channel: "unknown" } });
    expect(decoded).not.toHaveProperty("value.added");
  });

  it("calls bad what is not ours to read", async () => {
    const undecodable = { kind: "bad", reason: "undecodable" };
    const bytes = codec.encode("channel-messages", message);
    expect(await codec.decode("channel-messages", Buffer.from("{}"))).toMatchObject(undecodable);
    expect(await codec.decode("channel-messages", Buffer.alloc(0))).toMatchObject(undecodable);
    expect(await codec.decode("channel-messages", Buffer.from('{"json":1}'))).toMatchObject(undecodable);
    expect(await codec.decode("channel-messages", bytes.subarray(0, -1))).toMatchObject(undecodable);
    expect(await codec.decode("channel-messages", Buffer.concat([bytes, Buffer.from([1])]))).toMatchObject(undecodable);
    const other = { type: "record", name: "Other", namespace: "elsewhere", fields: [{ name: "n", type: "int" }] };
    const id = await writer(other);
    expect(await codec.decode("channel-messages", framed(id, other, { n: 1 }))).toMatchObject(undecodable);
    expect(await codec.decode("channel-messages", framed(id, other, { n: 1 }))).toMatchObject(undecodable);
  });

  it("calls a schema id that the registry does not know so", async () => {
    const bytes = codec.encode("channel-messages", message);
    bytes.writeInt32BE(987_654, 1);
    expect(await codec.decode("channel-messages", bytes)).toMatchObject({ kind: "bad", reason: "unknown_schema" });
  });
});
