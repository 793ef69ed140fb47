// The operator's export and erase over the graph in memory: complete, without the secrets of sessions, and at nobody else's cost.
import { beforeEach, describe, expect, it } from "vitest";

import { readCommandLine } from "../../../src/operator/command-line.ts";
import { runCommand } from "../../../src/operator/run.ts";
import { topicName } from "../../../src/topology/topics.ts";
import { client, createGraphWorld, type GraphWorld } from "../../support/graph-world.ts";

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly told: string;
}

const [ana, bea] = ["5215512345678", "5215587654321"];
let world: GraphWorld;
/** What was deleted of the dead letters, by partition. */
let starts: Map<number, number>;

beforeEach(() => {
  world = createGraphWorld({ partitions: 2 });
  world.start();
  starts = new Map();
});

async function operator(...args: string[]): Promise<Ran> {
  const read = readCommandLine(args);
  if ("mistake" in read || read.command.kind === "help" || read.command.kind === "chats")
    throw new Error("not a command");
  const written = { out: "", told: "" };
  const startOf = (topic: string, partition: number): number =>
    topic === "dead-letters" ? (starts.get(partition) ?? 0) : 0;
  const code = await runCommand(read.command, {
    files: {
      bounds: (topic) =>
        Promise.resolve(
          new Map(
            [0, 1].map((partition) => {
              const end = (world.log.records(topic, partition).at(-1)?.offset ?? -1) + 1;
              return [partition, { start: startOf(topic, partition), end }] as const;
            }),
          ),
        ),
      read: (topic, partition, { from, to }, each) =>
        each(world.log.records(topic, partition).filter(({ offset }) => offset >= from && offset < to)),
    },
    codec: world.codec.codec,
    producer: world.log.producer(),
    client,
    fullName: (suffix) => topicName("driver", suffix),
    userHash: () => "hash",
    out: (text) => void (written.out += text),
    tell: (text) => void (written.told += `${text}\n`),
    encodeRequest: (request) => Promise.resolve(world.codec.codec.encode("chat-requests", request)),
    truncateDeadLetters: (partition, before) => Promise.resolve(void starts.set(partition, before)),
    now: () => world.clock.now(),
    pause: () => world.advance(1_000),
  });
  return { code, ...written };
}

/** A chat with a text each way, and a dead letter. */
async function lived(userId: string, words: string): Promise<void> {
  const chat = await world.openChat(userId);
  await world.say(userId, `${words} of the user`);
  chat.say(`${words} of the agent`);
  await world.advance(2_000);
  world.phone.fail("say", "refused");
  chat.say(`${words} not delivered`);
  await world.advance(2_000);
}

/** What stands on the dead letters now, with the places that their marks name. */
function letters(): readonly string[] {
  return [0, 1].flatMap((partition) =>
    world.log
      .records("dead-letters", partition)
      .filter(({ offset }) => offset >= (starts.get(partition) ?? 0))
      .map(({ key, value }) => `${String(key)} ${value === null ? "mark" : "letter"}`),
  );
}

describe("export", () => {
  it("gives every record of the user and of nobody else, and no key of a session", async () => {
    await lived(ana, "hers");
    await lived(bea, "other");
    const { code, out } = await operator("export", "--user", ana);
    expect(code).toBe(0);
    const topics = new Set(
      out
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { topic: string }).topic),
    );
    expect([...topics].sort()).toEqual([
      ...["agent-events", "channel-messages", "chat-events", "chat-requests", "dead-letters", "interconnections"],
    ]);
    for (const words of ["hers of the user", "hers of the agent", `${ana}@example.org`]) expect(out).toContain(words);
    expect(out).not.toContain("other");
    expect(out).not.toContain(bea);
    expect(out).not.toMatch(/key-session|route-session/u);
  });

  it("of nobody is nothing", async () => {
    const { code, out, told } = await operator("export", "--user", "521");
    expect([code, out]).toEqual([0, ""]);
    expect(told).toContain("0 records");
  });
});

describe("erase", () => {
  it("ends the chat, deletes state, context and dead letters, and says what stays and until when", async () => {
    await lived(ana, "hers");
    await lived(bea, "other");
    const othersBefore = letters().filter((line) => line.startsWith(bea));
    const { code, told } = await operator("erase", "--user", ana);
    expect(told).toContain("the record on the changelog has ended");
    expect(told).toContain("Erased: 1 dead letter.");
    expect(told).toMatch(/channel-messages: \d+, until \d{4}-\d\d-\d\dT/u);
    expect(told).toContain("interconnections: ");
    expect(code).toBe(0);
    expect(world.chat(ana).ended).toBe("visitor");
    expect(world.state(ana).interconnection).toBeNull();
    expect(letters().filter((line) => line.startsWith(ana))).toEqual([]);
    expect(letters().filter((line) => line.startsWith(bea))).toEqual(othersBefore);
    expect(world.state(bea).interconnection?.status).toBe("ACTIVE");
    const { told: again } = await operator("erase", "--user", ana);
    expect(again).toContain("Erased: 0 dead letters.");
  });

  it("says so when a command of the chat is still pending, and the service erases when it has ended", async () => {
    await lived(ana, "hers");
    for (let i = 0; i < 40; i++) world.phone.fail("handBack", "not done");
    const { code, told } = await operator("erase", "--user", ana);
    expect(code).toBe(1);
    expect(told).toContain("has not ended the user's record within a minute");
    await world.until(() => world.phone.handedBack.length > 0, 3_600_000);
    await world.advance(20_000);
    expect(world.state(ana).interconnection).toBeNull();
  });
});

it.each(["export", "erase", "erase --user", "erase --user 1 --all", "export now --user 1"])(
  "%s is a mistake",
  (line) => {
    expect(readCommandLine(line.split(" "))).toHaveProperty("mistake");
  },
);
