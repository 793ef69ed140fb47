// Requests that decide never sees, because their record breaks a rule of the topic or makes more than fits: each still ends as one
// outcome on chat-events under its id, and as a dead letter.
import { describe, expect, it } from "vitest";

import type { ChatRequest } from "../../../src/processors/messages/generated.ts";
import { partitionOf } from "../../../src/topology/partitioner.ts";
import { client, createGraphWorld, type GraphWorld } from "../../support/graph-world.ts";

const partitions = 4;

function requestOf(world: GraphWorld, over: Partial<ChatRequest> = {}): ChatRequest {
  const head = { requestId: "r1", client, userId: "ana", occurredAt: world.clock.now(), expiresAt: null };
  return { ...head, body: { type: "Finish", requestedBy: null }, ...over };
}

function started(): GraphWorld {
  const world = createGraphWorld({ partitions });
  world.start();
  return world;
}

interface Where {
  readonly key?: string | null;
  readonly partition?: number;
  readonly moved?: boolean;
}

async function produce(world: GraphWorld, request: ChatRequest, where: Where): Promise<void> {
  const key = where.key === undefined ? request.userId : where.key;
  await world.sendRaw({
    topic: "chat-requests",
    partition: where.partition ?? partitionOf(Buffer.from(request.userId), partitions),
    key: key === null ? null : Buffer.from(key),
    value: world.codec.codec.encode("chat-requests", request),
    headers: where.moved === true ? [{ name: "moved", value: Buffer.from("1") }] : [],
  });
  await world.advance(5_000);
}

describe("a request that can't be decided", () => {
  it.each<[string, Partial<ChatRequest>, Where, string, string]>([
    ["under another key", {}, { key: "eva" }, "invalid", "userId: must equal the record key"],
    [
      "under another key, on the partition to which that leads",
      {},
      { key: "otra", partition: partitionOf(Buffer.from("otra"), partitions) },
      "invalid",
      "userId: must equal the record key",
    ],
    ["without a user", { userId: "" }, { key: "" }, "invalid", "userId: must not be empty"],
    [
      "on a wrong partition though it was moved",
      {},
      { partition: (partitionOf(Buffer.from("ana"), partitions) + 1) % partitions, moved: true },
      "wrong_partition",
      "moved once already",
    ],
  ])("%s is refused under its id, once, with the rule it breaks", async (_name, over, where, letter, detail) => {
    const world = started();
    const request = requestOf(world, over);
    await produce(world, request, where);
    expect(world.facts(request.userId)).toMatchObject([
      {
        kind: "refused",
        reason: "invalid_request",
        requestId: "r1",
        detail,
        chatId: null,
        sequence: 0,
        client,
        userId: request.userId,
      },
    ]);
    expect(world.deadLetters()).toMatchObject([{ reason: letter, detail, requestId: "r1" }]);
    expect(await world.reply("r1")).toMatchObject({ outcome: "refused", reason: "invalid_request" });
  });

  it("has one outcome also when its record comes twice: the same eventId", async () => {
    const world = started();
    const request = requestOf(world);
    await produce(world, request, { key: "eva" });
    await produce(world, request, { key: "eva" });
    const facts = world.facts("ana");
    expect(facts).toHaveLength(2);
    expect(new Set(facts.map(({ eventId }) => eventId)).size).toBe(1);
    expect(world.deadLetters()).toHaveLength(2);
  });

  it("because what it makes fits into no record is refused, and its user is as before", async () => {
    const world = createGraphWorld({ partitions, maxRecordBytes: 20_000 });
    world.start();
    const description = "x".repeat(30_000);
    await world.connect("ana", { extraData: { description } }, "r1");
    await world.advance(5_000);
    expect(world.facts("ana")).toMatchObject([{ kind: "refused", reason: "invalid_request", requestId: "r1" }]);
    expect(world.deadLetters()).toMatchObject([{ reason: "too_large", requestId: "r1" }]);
    expect(world.state("ana").interconnection).toBeNull();
    await world.openChat("ana");
  });

  it("of another deployment is left alone", async () => {
    const world = started();
    await produce(world, requestOf(world, { client: "other" }), { key: "eva" });
    expect([world.facts("ana"), world.deadLetters()]).toEqual([[], []]);
  });

  it("leaves no outcome where its bytes can't be read", async () => {
    const world = started();
    await world.sendRaw({ topic: "chat-requests", partition: 0, key: Buffer.from("ana"), value: Buffer.from("no") });
    await world.advance(5_000);
    expect(world.facts("ana")).toEqual([]);
    expect(world.deadLetters()).toMatchObject([{ reason: "undecodable", requestId: null }]);
  });

  it("a message that breaks the same rule is a dead letter only", async () => {
    const world = started();
    const at = world.clock.now();
    const head = { client, userId: "ana", messageId: "m1", channel: "whatsapp", author: "user" } as const;
    const message = { ...head, occurredAt: at, receivedAt: at, type: "text", text: "hola", media: null };
    await world.sendRaw({
      topic: "channel-messages",
      partition: partitionOf(Buffer.from("ana"), partitions),
      key: Buffer.from("eva"),
      value: world.codec.codec.encode("channel-messages", message),
    });
    await world.advance(5_000);
    expect(world.facts("ana")).toEqual([]);
    expect(world.deadLetters()).toMatchObject([{ reason: "invalid", requestId: null }]);
  });
});

describe("a request that a defect of ours keeps from being decided", () => {
  it("is refused as such", async () => {
    const world = createGraphWorld({
      partitions,
      decide: {
        sourceFlows: new Proxy(
          {},
          {
            getOwnPropertyDescriptor() {
              throw new Error("a defect");
            },
          },
        ),
      },
    });
    world.start();
    await world.connect("ana", {}, "r1");
    await world.advance(5_000);
    expect(world.facts("ana")).toMatchObject([{ kind: "refused", reason: "service_failed", requestId: "r1" }]);
    expect(world.deadLetters()).toMatchObject([{ reason: "decide_failed", requestId: "r1" }]);
    expect(await world.reply("r1")).toMatchObject({ outcome: "refused", reason: "service_failed" });
  });
});
