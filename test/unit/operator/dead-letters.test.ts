// The operator's commands over the graph in memory: what dead letters hold, what is shown of them, and that a replay is done once, in
// order, late, and never at the cost of a neighbour.
import { beforeEach, describe, expect, it } from "vitest";

import type { ChannelMessage } from "../../../src/processors/messages/generated.ts";
import type { Decide } from "../../../src/processors/interconnection/decision.ts";
import { readCommandLine } from "../../../src/operator/command-line.ts";
import { runCommand, type OperatorTools } from "../../../src/operator/run.ts";
import type { Producer } from "../../../src/topology/ports.ts";
import { topicName } from "../../../src/topology/topics.ts";
import { client, createGraphWorld, type GraphWorld } from "../../support/graph-world.ts";

const user = "5215512345678";
const garbage = Buffer.from("not a record");

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly told: string;
}

let world: GraphWorld;

/** Decides as always, but for messages with these words, while `broken`. */
const defect = { broken: true };
const wrapDecide =
  (decide: Decide): Decide =>
  (before, input) => {
    const text = input.topic === "channel-messages" ? input.record.text : null;
    if (defect.broken && text?.startsWith("trips ") === true) throw new Error("a defect");
    return decide(before, input);
  };

beforeEach(() => {
  defect.broken = true;
  world = createGraphWorld({ partitions: 2, wrapDecide });
  world.start();
});

const noErasure: Pick<OperatorTools, "encodeRequest" | "truncateDeadLetters" | "now" | "pause"> = {
  encodeRequest: () => Promise.reject(new Error("not asked for")),
  truncateDeadLetters: () => Promise.reject(new Error("not asked for")),
  now: () => 0,
  pause: () => Promise.resolve(),
};

async function operator(args: string, producer: Producer = world.log.producer()): Promise<Ran> {
  const read = readCommandLine(args.split(" "));
  if ("mistake" in read || read.command.kind === "help" || read.command.kind === "chats")
    throw new Error("not a command");
  const written = { out: "", told: "" };
  const code = await runCommand(read.command, {
    files: {
      bounds: (topic) => {
        const ends = [0, 1].map((partition) => {
          const end = (world.log.records(topic, partition).at(-1)?.offset ?? -1) + 1;
          return [partition, { start: 0, end }] as const;
        });
        return Promise.resolve(new Map(ends));
      },
      read: (topic, partition, { from, to }, each) =>
        each(world.log.records(topic, partition).filter(({ offset }) => offset >= from && offset < to)),
    },
    codec: world.codec.codec,
    producer,
    ...noErasure,
    client,
    fullName: (suffix) => topicName("driver", suffix),
    userHash: (userId) => `hash-of-${String(userId.length)}`,
    out: (text) => void (written.out += text),
    tell: (text) => void (written.told += `${text}\n`),
  });
  return { code, ...written };
}

/** JSON lines. */
function lines({ out }: Ran): readonly Record<string, unknown>[] {
  return out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

function message(text: string, over: Partial<ChannelMessage> = {}): ChannelMessage {
  const at = world.clock.now();
  const head = { messageId: `id of ${text}`, client, userId: user, channel: "whatsapp", author: "user" } as const;
  return { ...head, occurredAt: at, receivedAt: at, type: "text", text, media: null, ...over };
}

const encoded = (value: ChannelMessage): Buffer => world.codec.codec.encode("channel-messages", value);

async function buried(count: number): Promise<void> {
  const arrived = await world.until(() => letters() >= count);
  expect([arrived, letters()]).toEqual([true, count]);
}

const letters = (): number =>
  [0, 1].flatMap((partition) => world.log.records("dead-letters", partition)).filter(({ value }) => value !== null)
    .length;

const told = (): readonly string[] => world.chat(user).seen.slice(-3);

describe("deadletters list", () => {
  it("takes a user by his id, or by the hash that the log has of him", async () => {
    await world.say(user, "trips over this");
    await buried(1);
    for (const [asked, found] of [
      [user, 1],
      [`hash-of-${String(user.length)}`, 1],
      ["hash-of-1", 0],
    ] as const)
      expect((await operator(`deadletters list --user ${asked}`)).told).toMatch(new RegExp(`^${String(found)} `, "u"));
  });

  it("shows neither texts nor users, unless users were asked for", async () => {
    await world.say(user, "trips over my secret");
    await buried(1);
    const plain = await operator("deadletters list");
    expect(plain.out).toMatch(/decide_failed +channel-messages\/[01]\/0 +hash-of-13 +1 +record \d+ B +-/u);
    expect(plain.told).toBe("1 dead letter of 1.\n");
    expect(plain.out).not.toContain("secret");
    expect(plain.out).not.toContain(user);
    expect((await operator("deadletters list --show-user")).out).toContain(user);
    const json = lines(await operator("deadletters list --json"));
    expect(json).toMatchObject([
      { reason: "decide_failed", topic: "driver.channel-messages", attempts: 1, holds: "record", replayed: "no" },
    ]);
    expect(JSON.stringify(json)).not.toContain(user);
  });

  it("chooses by every condition", async () => {
    await world.say(user, "trips 1");
    await buried(1);
    await world.advance(1_000);
    const before = new Date(world.clock.now()).toISOString();
    await world.say("ana", "trips 2");
    await world.sendRaw({ topic: "chat-requests", partition: 0, key: Buffer.from("bea"), value: garbage });
    await buried(3);
    const count = async (conditions: string): Promise<number> =>
      lines(await operator(`deadletters list --json ${conditions}`)).length;
    expect(await count("--topic channel-messages")).toBe(2);
    expect(await count("--reason undecodable")).toBe(1);
    expect(await count("--user ana")).toBe(1);
    expect(await count("--user bea")).toBe(1);
    expect(await count(`--from ${before}`)).toBe(2);
    expect(await count(`--to ${before}`)).toBe(1);
    expect(await count("--limit 2")).toBe(2);
    expect(await count("--topic channel-messages --limit 1 --user ana")).toBe(1);
  });

  it("leaves out another deployment's, and tells of what it can't read", async () => {
    await world.sendRaw({ topic: "dead-letters", partition: 1, key: null, value: garbage });
    const foreign = world.codec.codec.encode("dead-letters", {
      ...{ client: "another", topic: "driver.chat-requests", partition: 0, offset: 0, key: null, value: null },
      ...{ holds: "record", headers: [], reason: "invalid", detail: null, attempts: 1, occurredAt: 1, userId: null },
      ...{ chatId: null, requestId: null },
    });
    await world.sendRaw({ topic: "dead-letters", partition: 0, key: null, value: foreign });
    const { told: said } = await operator("deadletters list");
    expect(said).toBe("Not readable by this version, at 1/0.\n0 dead letters of 0.\n");
  });
});

describe("deadletters show", () => {
  it("shows content only when told so, and in a form that can't steer a terminal", async () => {
    const value = Buffer.from("\u001b[2Jgarbage");
    const headers = [{ name: "trace", value: Buffer.from("abc") }];
    await world.sendRaw({ topic: "channel-messages", partition: 0, key: Buffer.from("bea"), value, headers });
    await buried(1);
    const plain = await operator("deadletters show channel-messages/0/0");
    expect([plain.code, plain.out.includes("garbage"), plain.out.includes("bea")]).toEqual([0, false, false]);
    expect(plain.out).toMatch(/headers +trace/u);
    const raw = await operator("deadletters show channel-messages/0/0 --raw");
    expect(raw.out).toContain(`base64 ${value.toString("base64")}`);
    expect(raw.out).toMatch(/key +"bea"/u);
    expect(raw.out).not.toContain("\u001b");
    expect(lines(await operator("deadletters show channel-messages/0/0 --raw --json"))).toMatchObject([
      { value: value.toString("base64"), headers: [{ name: "trace", value: "YWJj" }] },
    ]);
  });

  it("fails where there is nothing", async () => {
    const { code, told: said } = await operator("deadletters show 0/99");
    expect([code, said]).toEqual([1, "There is no dead letter at 0/99.\n"]);
  });
});

describe("deadletters replay", () => {
  it("brings what a defect has kept to the agent, in order, with its time, and once", async () => {
    await world.openChat(user);
    for (const text of ["trips 1", "trips 2", "fine", "trips 3"]) await world.say(user, text);
    await buried(3);
    await world.advance(1_000);
    expect(told().at(-1)).toBe("fine");
    defect.broken = false;

    const dry = await operator("deadletters replay --reason decide_failed --dry-run");
    expect(dry.told).toBe("3 dead letters would be replayed, 0 left. Nothing was done.\n");
    await world.advance(1_000);
    expect(told().at(-1)).toBe("fine");

    const first = await operator("deadletters replay --reason decide_failed");
    expect([first.code, first.told]).toEqual([0, "3 dead letters replayed, 0 left.\n"]);
    await world.advance(1_000);
    const late = [1, 2, 3].map((n): unknown => expect.stringMatching(new RegExp(`^\\[.+\\] trips ${String(n)}$`, "u")));
    expect(told()).toEqual(late);

    const second = await operator("deadletters replay --reason decide_failed");
    expect([second.code, second.told]).toEqual([0, "0 dead letters replayed, 3 left.\n"]);
    const named = await operator(
      `deadletters replay ${String(lines(await operator("deadletters list --json"))[0]?.["place"])}`,
    );
    expect([named.code, named.out]).toEqual([1, expect.stringContaining("was replayed before")]);
    const again = await operator("deadletters replay --reason decide_failed --again");
    expect(again.told).toBe("3 dead letters replayed, 0 left.\n");
    await world.advance(1_000);
    expect(told()).toEqual(late);
    expect(letters()).toBe(3);
  });

  it("makes context of what comes when the chat is over", async () => {
    const chat = await world.openChat(user);
    await world.say(user, "trips 1");
    await buried(1);
    chat.end();
    await world.advance(6_000);
    const seen = [...chat.seen];
    defect.broken = false;
    await operator("deadletters replay --user " + user);
    await world.advance(1_000);
    expect(chat.seen).toEqual(seen);
    const next = await world.openChat(user);
    await world.advance(1_000);
    expect(next.seen.filter((text) => text.includes("trips 1"))).toEqual([expect.stringContaining("Contexto")]);
  });

  it("is not lost and not doubled when it was cut off before its mark", async () => {
    await world.openChat(user);
    await world.say(user, "trips 1", { messageId: "" });
    await buried(1);
    defect.broken = false;
    const sure = world.log.producer();
    const cut: Producer = {
      produce(records) {
        const isDone = records.some(({ headers = [] }) => headers.some(({ value }) => value?.toString() === "done"));
        return isDone ? Promise.reject(new Error("cut off")) : sure.produce(records);
      },
    };
    const first = await operator("deadletters replay --all", cut);
    expect([first.code, first.out]).toEqual([1, expect.stringContaining("failed: cut off")]);
    expect((await operator("deadletters list")).out).toContain("cut off");
    const second = await operator("deadletters replay --all");
    expect([second.code, second.out]).toEqual([0, expect.stringContaining("had been replayed as channel-messages/")]);
    expect((await operator("deadletters replay --all")).told).toBe("0 dead letters replayed, 1 left.\n");
    await world.advance(1_000);
    expect(world.chat(user).seen.filter((text) => text.includes("trips 1"))).toHaveLength(1);
  });

  it("is done by the next run when it was cut off before its record", async () => {
    await world.openChat(user);
    await world.say(user, "trips 1");
    await buried(1);
    defect.broken = false;
    world.log.failNext("not-stored", (records) => records.some(({ topic }) => topic === "channel-messages"));
    const first = await operator("deadletters replay --all");
    expect([first.code, first.told]).toEqual([1, expect.stringContaining("1 could not be replayed")]);
    expect((await operator("deadletters replay --all")).told).toBe("1 dead letter replayed, 0 left.\n");
    await world.advance(1_000);
    expect(world.chat(user).seen.filter((text) => text.includes("trips 1"))).toHaveLength(1);
  });

  it("keeps key and headers, is late also when it is moved, and counts its tries", async () => {
    const headers = [
      { name: "trace", value: Buffer.from("abc") },
      { name: "moved", value: Buffer.from("1") },
    ];
    // Without a key, and on the partition that is not his.
    const value = encoded(message("trips 1"));
    for (const partition of [0, 1])
      await world.sendRaw({ topic: "channel-messages", partition, key: null, value, headers });
    await buried(2);
    const run = await operator("deadletters replay --reason wrong_partition --json");
    expect(lines(run)).toMatchObject([{ done: "replayed", reason: "wrong_partition" }]);
    await buried(3);
    const third = world.deadLetters().find(({ attempts }) => attempts === 2);
    expect(third).toMatchObject({ reason: "decide_failed", key: Buffer.from(user) });
    expect(third?.headers.map(({ name }) => name)).toEqual(["trace", "replayed", "moved"]);
    expect(third?.value).toEqual(value);
    expect((await operator("deadletters list --reason decide_failed")).out).toContain("was a replay: 1");
  });

  it("leaves what is no record, with the reason", async () => {
    const chat = await world.openChat(user);
    chat.end();
    await world.advance(1_000);
    await world.sendRaw({ topic: "channel-messages", partition: 0, key: null, value: null });
    await world.connect(user, {}, "taken");
    await buried(1);
    const { out, told: said, code } = await operator("deadletters replay --all");
    expect(out).toContain("a record without value");
    expect([code, said]).toEqual([0, "0 dead letters replayed, 1 left.\n"]);
  });

  it("replays the same record once though its dead letter came twice", async () => {
    await world.openChat(user);
    await world.say(user, "trips 1", { messageId: "" });
    await buried(1);
    const [own] = [0, 1].flatMap((partition) =>
      world.log.records("dead-letters", partition).map((record) => ({ partition, record })),
    );
    if (own === undefined) throw new Error("no dead letter");
    const { key, value } = own.record;
    await world.sendRaw({ topic: "dead-letters", partition: own.partition, key, value });
    defect.broken = false;
    const run = await operator("deadletters replay --all");
    expect([run.code, run.told]).toEqual([0, "1 dead letter replayed, 1 left.\n"]);
    expect((await operator("deadletters replay --all")).told).toBe("0 dead letters replayed, 2 left.\n");
  });
});
