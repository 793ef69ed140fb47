// Every field of every record that others write, with every value that its Avro type allows and the service may not like: each record ends as
// what it asks for, as a refusal under its id, or as a dead letter; the neighbour's state is unchanged, and a good record right after is
// carried out. The fields come from the schemas.
import { describe, expect, it } from "vitest";

import { loadTopicSchemas } from "../../src/clients/schema-registry/schemas.ts";
import { createGraphWorld, type GraphWorld } from "../support/graph-world.ts";
import { longText, prototypeNames, unicodeText, withValue } from "../support/wrong-values.ts";

type Path = readonly string[];
type Topic = "chat-requests" | "channel-messages";

/** The parts of an Avro schema that a walk through its fields needs. */
interface Schema {
  readonly type: unknown;
  readonly name?: string;
  readonly fields?: readonly { readonly name: string; readonly type: unknown }[];
  readonly symbols?: readonly string[];
  readonly values?: unknown;
}

interface Leaf {
  readonly path: Path;
  readonly values: readonly unknown[];
}

const texts = ["", " ", longText, unicodeText, "__proto__", "constructor", "null", "';--", "\r\nx: y"];
const numbers = [0, -1, 2 ** 52, -(2 ** 52)];
const byType: Readonly<Record<string, readonly unknown[]>> = {
  string: texts,
  long: numbers,
  int: [0, -1, 2_147_483_647, -2_147_483_648],
  double: [0, -0, Number.MAX_VALUE, Number.NaN, Number.POSITIVE_INFINITY],
  boolean: [true, false],
  null: [null],
  bytes: [Buffer.alloc(0), Buffer.from([0, 255])],
};

/** All leaves of a schema; named types are known from where they were declared. */
function leavesOf(schema: unknown, path: Path, known: Map<string, Schema>): readonly Leaf[] {
  if (Array.isArray(schema)) return schema.flatMap((branch: unknown) => leavesOf(branch, path, known));
  if (typeof schema === "string") {
    const named = known.get(schema.replace(/^.*\./, ""));
    return named === undefined ? [{ path, values: byType[schema] ?? [] }] : leavesOf(named, path, known);
  }
  const whole = schema as Schema;
  if (whole.name !== undefined) known.set(whole.name, whole);
  if (whole.type === "record")
    return (whole.fields ?? []).flatMap(({ name, type }) => leavesOf(type, [...path, name], known));
  if (whole.type === "enum") return [{ path, values: whole.symbols ?? [] }];
  if (whole.type === "map") return [{ path, values: mapsOf(texts) }];
  return leavesOf(whole.type, path, known);
}

function mapsOf(values: readonly string[]): readonly unknown[] {
  const own = (name: string, value: string): object => Object.fromEntries([[name, value]]);
  return [
    {},
    ...values.map((value) => own("level", value)),
    ...["__proto__", "constructor", "", unicodeText].map((name) => own(name, "x")),
  ];
}

interface Subject {
  readonly topic: Topic;
  readonly name: string;
  readonly good: (world: GraphWorld, n: number) => Record<string, unknown>;
}

const at = (world: GraphWorld): number => world.clock.now();
const request = (world: GraphWorld, n: number): Record<string, unknown> => ({
  requestId: `asked-${String(n)}`,
  client: "test",
  userId: "ana",
  occurredAt: at(world),
  expiresAt: null,
});
const subjects: readonly Subject[] = [
  {
    topic: "chat-requests",
    name: "Connect",
    good: (world, n) => ({
      ...request(world, n),
      body: {
        type: "Connect",
        ...{ name: "Ana", channel: "whatsapp", botSlug: "bot", botId: "1", email: "ana@example.org" },
        ...{ phoneNumber: null, extraData: {} },
      },
    }),
  },
  {
    topic: "chat-requests",
    name: "Finish",
    good: (world, n) => ({ ...request(world, n), body: { type: "Finish", requestedBy: null } }),
  },
  {
    topic: "channel-messages",
    name: "ChannelMessage",
    good: (world, n) => ({
      ...{ messageId: `said-${String(n)}`, client: "test", userId: "ana", channel: "whatsapp", author: "user" },
      ...{ occurredAt: at(world), receivedAt: at(world), type: "image", text: "Hola" },
      media: { url: "https://media.example.org/plain/1", mimeType: "image/png", caption: "c" },
    }),
  },
];

/** The leaves of a subject: of a union of records only its own branch. */
function leavesIn({ topic, name }: Subject): readonly Leaf[] {
  const known = new Map<string, Schema>();
  const whole = leavesOf(loadTopicSchemas()[topic], [], known);
  const branch = known.get(name);
  if (topic === "channel-messages") return whole;
  const common = whole.filter(({ path }) => path.length === 1 && path[0] !== "body");
  return [...common, ...leavesOf(branch, ["body"], known)];
}

describe.each(subjects)("$topic $name", (subject) => {
  const leaves = leavesIn(subject).map((leaf) => ({ ...leaf, field: leaf.path.join(".") }));

  it("has fields to try", () => {
    expect(leaves.length).toBeGreaterThan(3);
    expect(leaves.filter(({ values }) => values.length === 0)).toEqual([]);
  });

  it.each(leaves)("$field", async ({ path, values }) => {
    const before = prototypeNames();
    const world = createGraphWorld();
    world.start();
    const neighbour = await world.openChat("bea");
    const stateOf = (): string => JSON.stringify(world.state("bea").interconnection);
    await world.advance(1_000);
    const [standing, heard] = [stateOf(), neighbour.seen.length];
    for (const [n, value] of values.entries()) {
      const record = withValue(subject.good(world, n), path, value) as {
        readonly requestId?: string;
        readonly client: string;
      };
      const [letters, facts] = [world.deadLetters().length, world.read("chat-events").length];
      await world.sendRaw({
        topic: subject.topic,
        key: Buffer.from("ana"),
        partition: 0,
        value: world.codec.codec.encode(subject.topic, record),
        headers: [],
      });
      await world.advance(30_000);
      const isOurs = record.client === "test";
      if (isOurs && subject.topic === "chat-requests")
        expect(
          world.deadLetters().length + world.read("chat-events").length,
          JSON.stringify(value).slice(0, 40),
        ).toBeGreaterThan(letters + facts);
    }
    expect(stateOf(), "the neighbour").toBe(standing);
    expect(neighbour.seen).toHaveLength(heard);
    await world.say("bea", "still there");
    await world.advance(5_000);
    expect(neighbour.seen.at(-1)).toContain("still there");
    expect(prototypeNames()).toEqual(before);
    expect({}).not.toHaveProperty("polluted");
  });
});
