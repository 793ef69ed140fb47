// Dead letters on real Kafka: every kind of bad record lands there whole, once, and harms no neighbour; trouble with registry, store and
// broker makes none; and the operator's command line lists, shows and replays them.
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Person } from "../../sandbox/world/people.ts";
import { createConversations, type Conversations } from "../support/conversations.ts";
import {
  openDeadLetterLab,
  openRegistryDoor,
  runOperator,
  type DeadLetterLab,
  type Injected,
  type OperatorRun,
  type ReadLetter,
  type RegistryDoor,
} from "../support/dead-letter-lab.ts";
import { defectVariable, defectWord } from "../support/defects.ts";
import { eventually } from "../support/eventually.ts";
import { ownNames, serviceAddresses } from "../support/services.ts";
import { openStage, type Stage } from "../support/stage.ts";
import { wireSettings } from "../support/wire.ts";

interface Setting {
  readonly stage: Stage;
  readonly lab: DeadLetterLab;
  readonly door: RegistryDoor;
  readonly ana: Person;
  readonly partition: number;
  readonly talk: Conversations;
}

const state: { setting?: Setting } = {};
const addresses = serviceAddresses();
const names = ownNames(import.meta.url);
/** What was injected, in its order, with the reason that its dead letter must have. */
const injected: { readonly record: Injected; readonly offset: number; readonly reason: string }[] = [];

function at(): Setting {
  if (state.setting === undefined) throw new Error("not set up");
  return state.setting;
}

beforeAll(async () => {
  const door = await openRegistryDoor(addresses.registryUrl);
  const stage = await openStage({
    ...{ file: import.meta.url, names, entry: "test/support/service-with-defects.ts", start: false },
    settings: { SCHEMA_REGISTRY_URL: door.url, LOG_ID_KEY: "key-of-the-test" },
  });
  await stage.service.start({ [defectVariable]: "on" });
  const lab = await openDeadLetterLab(addresses, names);
  const ana = stage.user("ana");
  await stage.openChat(ana);
  const talk = createConversations(stage, { ana });
  state.setting = { stage, lab, door, ana, talk, partition: await lab.partitionOf(ana.userId) };
}, 90_000);

afterAll(async () => {
  await state.setting?.lab.close();
  await state.setting?.stage.close();
  await state.setting?.door.close();
});

function message(text: string, over: object = {}): object {
  const now = Date.now();
  const head = { messageId: `id of ${text}`, client: names.client, userId: at().ana.userId, channel: "whatsapp" };
  const rest = { author: "user", occurredAt: now, receivedAt: now, type: "text", text, media: null };
  return { ...head, ...rest, ...over };
}

function operator(...args: string[]): Promise<OperatorRun> {
  const colon = addresses.brokers.lastIndexOf(":");
  return runOperator(["deadletters", ...args], {
    KAFKA_HOST: addresses.brokers.slice(0, colon),
    KAFKA_PORT: addresses.brokers.slice(colon + 1),
    KAFKA_SECURITY_PROTOCOL: "PLAINTEXT",
    KAFKA_TOPIC: names.topic,
    CLIENT: names.client,
    LOG_ID_KEY: "key-of-the-test",
    SCHEMA_REGISTRY_URL: addresses.registryUrl,
    ...wireSettings(addresses.wire),
  });
}

function screen(): readonly string[] {
  const { stage, ana } = at();
  const { entries } = stage.world.parts.desk.screens.read();
  return entries.filter(({ user, from }) => user === ana.userId && from === "visitor").map(({ text }) => text);
}

function letters(count: number): Promise<readonly ReadLetter[]> {
  const { lab } = at();
  const why = (): unknown => lab.letters().map(({ reason, topic, offset }) => [reason, topic, offset]);
  return eventually(`${String(count)} dead letters`, () => lab.letters().length >= count && lab.letters(), { why });
}

describe("a bad record", () => {
  it("of every kind lands in the dead letters whole, and the good ones between them arrive once and in order", async () => {
    const { lab, ana, partition, talk } = at();
    const own = { partition, key: ana.userId } as const;
    const garbage = Buffer.from([1, 2, 3, 250, 251]);
    const unknownId = Buffer.concat([Buffer.from([0, 0x7f, 0xff, 0xff, 0x01]), garbage]);
    const finish = { "salesforceintegration.Finish": { requestedBy: null } };
    const request = { requestId: "misplaced", client: names.client, userId: ana.userId, occurredAt: Date.now() };
    const connect = {
      name: "Big",
      channel: "whatsapp",
      botSlug: "bot",
      botId: "b",
      email: "b@b.example",
      phoneNumber: null,
    };
    // Twice as long in the state, which is JSON: there each is escaped.
    const big = { ...connect, name: '"'.repeat(500_000), extraData: {} };
    const nobody = "5215500000001";
    const headers = { trace: "abc", twice: ["one", "two"] };
    const records: readonly (readonly [reason: string, record: Injected])[] = [
      ["undecodable", { ...own, topic: "channel-messages", value: garbage, headers }],
      ["unknown_schema", { ...own, topic: "channel-messages", value: unknownId }],
      ["undecodable", { ...own, topic: "channel-messages", value: null }],
      ["undecodable", { ...own, topic: "channel-messages", key: null, value: garbage }],
      [
        "undecodable",
        {
          ...own,
          topic: "channel-messages",
          value: await lab.encode("chat-requests", { ...request, expiresAt: null, body: finish }),
        },
      ],
      [
        "invalid",
        {
          ...own,
          topic: "channel-messages",
          key: "somebody else",
          value: await lab.encode("channel-messages", message("under another's key")),
        },
      ],
      [
        "decide_failed",
        {
          ...own,
          topic: "channel-messages",
          value: await lab.encode("channel-messages", message(`${defectWord} one`)),
        },
      ],
      [
        "too_large",
        {
          topic: "chat-requests",
          partition: await lab.partitionOf(nobody),
          key: nobody,
          value: await lab.encode("chat-requests", {
            ...{ ...request, userId: nobody, requestId: "big", expiresAt: null },
            body: { "salesforceintegration.Connect": big },
          }),
        },
      ],
      ["undecodable", { ...own, topic: "agent-events", value: garbage }],
      [
        "decide_failed",
        {
          ...own,
          topic: "channel-messages",
          value: await lab.encode("channel-messages", message(`${defectWord} two`)),
        },
      ],
    ];
    for (const [reason, record] of records) {
      injected.push({ record, reason, offset: await lab.inject(record) });
      await talk.userSays("ana");
      talk.agentSays("ana");
    }
    await talk.drained();
    expect(talk.judge()).toMatchObject({ ok: true });

    const found = await letters(records.length);
    expect(found).toHaveLength(records.length);
    for (const { record, offset, reason } of injected) {
      const [letter, ...more] = found.filter(
        (one) => one.topic === `${names.topic}.${record.topic}` && one.offset === offset,
      );
      const whole = { partition: record.partition, reason, holds: "record", attempts: 1 };
      expect([more, letter]).toMatchObject([[], whole]);
      expect(letter?.value).toEqual(record.value);
      for (const key of [letter?.key, letter?.recordKey])
        expect(key).toEqual(record.key === null ? null : Buffer.from(record.key));
      const expected = Object.entries(record.headers ?? {}).flatMap(([name, values]) =>
        [values].flat().map((value) => ({ name, value: Buffer.from(value ?? "") })),
      );
      expect(letter?.headers).toEqual(expected);
    }
    expect(found.find(({ reason }) => reason === "too_large")).toMatchObject({ requestId: "big" });
  });

  it("is told in the log with its user as the operator's commands take him", async () => {
    const { stage, ana } = at();
    const lines = (await stage.service.output()).split("\n").filter((line) => line.includes("to the dead letters"));
    const users = lines.map((line) => (JSON.parse(line) as { readonly user?: string | null }).user);
    const byHash = await operator("list", "--user", users.findLast((user) => typeof user === "string") ?? "");
    expect(byHash.told).not.toMatch(/^0 /u);
    expect(byHash.out).toBe((await operator("list", "--user", ana.userId)).out);
  });

  it("is also a text that the channel refuses, as the text that it was", async () => {
    const { stage, ana, talk } = at();
    stage.world.parts.faults.add({
      ...{ system: "integrations", user: ana.userId, times: 1 },
      effect: { kind: "status", status: 400 },
    });
    const before = at().lab.letters().length;
    const session = stage.session(ana);
    if (session === undefined) throw new Error("no session");
    const { say } = await import("../../sandbox/world/live-agent/agents.ts");
    say(stage.world.parts.desk, session, "nobody will read this");
    const found = await letters(before + 1);
    const letter = found.find(({ reason }) => reason === "undeliverable");
    expect(letter).toMatchObject({ holds: "text", attempts: 1, userId: ana.userId });
    expect(letter?.value?.toString()).toBe("nobody will read this");
    talk.agentSays("ana");
    await talk.drained();
    expect(at().lab.letters()).toHaveLength(before + 1);
  });

  it("is none that waits for the registry, and none that store or broker refused meanwhile", async () => {
    const { lab, door, stage, ana, partition, talk } = at();
    const before = lab.letters().length;
    door.open = false;
    const value = await lab.encodeAsAnother("channel-messages", message("of another writer"));
    await lab.inject({ topic: "channel-messages", partition, key: ana.userId, value });
    await eventually("the service says what it waits for", async () => {
      const ready = (await (await fetch(`${stage.service.metricsUrl}/ready`)).json()) as { readonly missing: string[] };
      return ready.missing.includes("schema registry");
    });
    // Known schemas of other topics go on; what is behind the record waits with it.
    talk.agentSays("ana");
    await talk.userSays("ana");
    await eventually("the agent's text is on the phone", () => talk.judge().lost.length <= 1);
    expect(screen().at(-1)).not.toContain("of another writer");
    door.open = true;
    await talk.drained();
    expect(screen().slice(-2)[0]).toBe("of another writer");
    expect(talk.judge()).toMatchObject({ ok: true });
    expect(lab.letters()).toHaveLength(before);
    const output = await stage.service.output();
    for (const part of ["the state store did not answer", "the broker did not take"]) expect(output).toContain(part);
  });
});

describe("the operator's command line", () => {
  const jsonOf = ({ out }: OperatorRun): readonly Record<string, unknown>[] =>
    out
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  it("lists what there is, without texts and users, and joins no group", async () => {
    const { lab, ana } = at();
    const groups = await lab.groups();
    const run = await operator("list", "--json");
    const all = String(lab.count());
    expect([run.code, run.told]).toEqual([0, `${all} dead letters of ${all}.\n`]);
    expect(jsonOf(run).map(({ place }) => place)).toEqual(
      expect.arrayContaining(lab.letters().map(({ place }) => place)),
    );
    for (const { out } of [run, await operator("list")]) {
      for (const secret of [ana.userId, "nobody will read", defectWord + " one"]) expect(out).not.toContain(secret);
    }
    expect(await lab.groups()).toEqual(groups);
  });

  it("shows one, with its content when told so", async () => {
    const text = at()
      .lab.letters()
      .find(({ holds }) => holds === "text");
    const plain = await operator("show", text?.place ?? "");
    expect([plain.code, plain.out.includes("nobody will read this")]).toEqual([0, false]);
    expect((await operator("show", text?.place ?? "", "--raw")).out).toContain("nobody will read this");
  });

  it("replays what a defect had kept, once it is mended: once, in order, late", async () => {
    const { stage, talk, lab } = at();
    const before = lab.letters().length;
    await stage.service.restart();
    const dry = await operator("replay", "--reason", "decide_failed", "--dry-run");
    expect([dry.code, dry.told]).toEqual([
      0,
      expect.stringMatching(/^2 dead letters would be replayed, .* Nothing was done.\n$/u),
    ]);
    const seen = screen().length;
    const first = await operator("replay", "--reason", "decide_failed");
    expect([first.code, first.told]).toEqual([0, expect.stringMatching(/^2 dead letters replayed, /u)]);
    const late = await eventually("both are on the agent's screen", () => {
      const fresh = screen().slice(seen);
      return fresh.length >= 2 && fresh;
    });
    expect(late).toEqual([
      expect.stringMatching(new RegExp(`^\\[.+\\] ${defectWord} one$`, "u")),
      expect.stringMatching(new RegExp(`^\\[.+\\] ${defectWord} two$`, "u")),
    ]);
    const second = await operator("replay", "--reason", "decide_failed");
    expect([second.code, second.told]).toEqual([0, expect.stringMatching(/^0 dead letters replayed, /u)]);
    await talk.userSays("ana");
    await talk.drained();
    expect(screen().slice(seen)).toHaveLength(3);
    expect(lab.letters()).toHaveLength(before);
  });

  it("brings what can't be decoded back to the dead letters, with one try more", async () => {
    const { lab } = at();
    const first = injected[0];
    const before = lab.letters().length;
    const run = await operator("replay", `channel-messages/${String(at().partition)}/${String(first?.offset)}`);
    expect(run.code).toBe(0);
    const found = await letters(before + 1);
    expect(found.at(-1)).toMatchObject({ reason: "undecodable", attempts: 2 });
    expect(found.at(-1)?.value).toEqual(first?.record.value);
    expect(
      found
        .at(-1)
        ?.headers.map(({ name }) => name)
        .sort(),
    ).toEqual(["replayed", "trace", "twice", "twice"]);
  });

  it("says which can't be replayed, and why", async () => {
    const text = at()
      .lab.letters()
      .find(({ holds }) => holds === "text");
    const run = await operator("replay", text?.place ?? "");
    expect([run.code, run.out]).toEqual([1, expect.stringContaining("holds a text that could not be delivered")]);
    const large = await operator("replay", "--reason", "too_large");
    expect([large.code, large.out]).toEqual([0, expect.stringContaining("a new request is needed")]);
  });

  it("ends with 64, 78 or 1 as it should", async () => {
    expect(await operator("drop")).toMatchObject({ code: 64, out: "" });
    const bare = await runOperator(["deadletters", "list"], {});
    expect([bare.code, bare.told]).toEqual([78, expect.stringContaining("KAFKA_HOST is required")]);
    const away = { KAFKA_HOST: "127.0.0.1:9", KAFKA_SECURITY_PROTOCOL: "PLAINTEXT", KAFKA_TOPIC: names.topic };
    const failed = await runOperator(["deadletters", "list"], { ...away, SCHEMA_REGISTRY_URL: "http://127.0.0.1:9" });
    expect([failed.code, failed.told]).toEqual([1, expect.stringContaining("Failed: ")]);
    expect(await runOperator(["--help"], {})).toMatchObject({
      code: 0,
      out: expect.stringContaining("deadletters") as unknown,
    });
  });
});
