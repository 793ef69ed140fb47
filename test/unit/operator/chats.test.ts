// The operator's commands about chats over the graph in memory: what is shown, what never is, and what becomes of an end.
import { beforeEach, describe, expect, it } from "vitest";

import type { Onlooker } from "../../../src/clients/redis/onlooker.ts";
import { readCommandLine } from "../../../src/operator/command-line.ts";
import { runChats } from "../../../src/operator/run-chats.ts";
import type { Reply } from "../../../src/processors/interconnection/state.ts";
import { client, createGraphWorld, type GraphWorld } from "../../support/graph-world.ts";

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly told: string;
}

const [ana, bea] = ["5215512345678", "5215587654321"];
const minute = 60_000;
let world: GraphWorld;

beforeEach(() => {
  world = createGraphWorld({ partitions: 2 });
  world.start();
});

/** What stands in the store, as Redis has it. */
function onlooker(): Onlooker {
  const { indexes, users } = world.store.faults.snapshot();
  return {
    indexes: () =>
      Promise.resolve(
        [...indexes].map(([partition, { live }]) => ({ partition, instance: "host:8080", users: [...live] })),
      ),
    users: (userIds) =>
      Promise.resolve(
        userIds.map((userId) => {
          const user = users.get(userId);
          const marks = [...(user?.marks ?? [])].map(
            ([field, { seq, done }]) => [field, `${String(seq)}:${done ? "done" : "begun"}`] as const,
          );
          const times = [...(user?.seen.values() ?? [])];
          return {
            userId,
            state: user?.connecting?.json ?? user?.interconnection?.json ?? null,
            marks: Object.fromEntries(marks),
            lastMessageAt: times.length === 0 ? null : Math.max(...times),
          };
        }),
      ),
  };
}

const hashOf = (userId: string): string => (userId === ana ? "hash-of-ana" : "hash-of-bea");

async function operator(args: string, look: Onlooker = onlooker(), answer?: Reply): Promise<Ran> {
  const read = readCommandLine(args.split(" "));
  if ("mistake" in read || read.command.kind !== "chats") throw new Error("not a command about chats");
  const written = { out: "", told: "" };
  const code = await runChats(read.command, {
    onlooker: look,
    async ask(request) {
      if (answer !== undefined) return answer;
      await world.send("chat-requests", request);
      await world.advance(1_000);
      return world.reply(request.requestId);
    },
    client,
    now: () => world.clock.now(),
    userHash: hashOf,
    hashIsKept: true,
    out: (text) => void (written.out += text),
    tell: (text) => void (written.told += `${text}\n`),
  });
  return { code, ...written };
}

const chatIdOf = (userId: string): string => world.state(userId).interconnection?.chatId ?? "none";
const listed = async (args = ""): Promise<readonly Readonly<Record<string, unknown>>[]> =>
  (await operator(`chats list --json${args}`)).out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);

describe("the list of chats", () => {
  it("has open chats, longest in their status first, and no word, name or number of anybody", async () => {
    await world.openChat(ana);
    await world.say(ana, "a word of ana");
    await world.advance(5 * minute);
    await world.connect(bea);
    await world.advance(minute);
    const { code, out, told } = await operator("chats");
    expect(code).toBe(0);
    const [head, first, second, ...more] = out.split("\n");
    expect(head).toMatch(/^CHAT +STATUS +SINCE +USER +CHANNEL +INDEX +LAST MESSAGE +PENDING +HAND-BACK$/u);
    expect(first).toMatch(
      new RegExp(`^${chatIdOf(ana)} +ACTIVE +2\\S+Z +hash-of-ana +whatsapp +\\d +6m\\d*s? +- +-$`, "u"),
    );
    expect(second).toMatch(new RegExp(`^${chatIdOf(bea)} +ON_HOLD +2\\S+Z +hash-of-bea +whatsapp +\\d +- +- +-$`, "u"));
    expect(more).toEqual([""]);
    expect(told).toBe("2 shown; 2 open of 2 that Redis holds.\n");
    const { session } = { session: null, ...world.state(ana).interconnection };
    for (const secret of [ana, bea, "a word", "example.org", session?.key ?? "?", session?.route ?? "?"])
      expect(out + (await operator(`chats show ${chatIdOf(ana)}`)).out + JSON.stringify(await listed())).not.toContain(
        secret,
      );
  });

  it("is narrowed by status, age and user, the user's hash of the log too", async () => {
    await world.openChat(ana);
    await world.advance(10 * minute);
    await world.connect(bea);
    await world.advance(minute);
    const chosen = async (args: string): Promise<readonly unknown[]> => (await listed(args)).map(({ user }) => user);
    expect(await chosen(" --status active")).toEqual(["hash-of-ana"]);
    expect(await chosen(" --status ON_HOLD")).toEqual(["hash-of-bea"]);
    expect(await chosen(" --older-than 5m")).toEqual(["hash-of-ana"]);
    expect(await chosen(` --user ${bea}`)).toEqual(["hash-of-bea"]);
    expect(await chosen(" --user hash-of-bea")).toEqual(["hash-of-bea"]);
    expect(await chosen(" --limit 1")).toEqual(["hash-of-ana"]);
    expect(await chosen(" --older-than 1h")).toEqual([]);
  });

  it("has an ended chat as long as something of it is to be done, and by its status for as long as it is kept", async () => {
    const chat = await world.openChat(ana);
    world.phone.fail("handBack", ...Array.from({ length: 40 }, () => "not done" as const));
    chat.end();
    await world.advance(minute);
    expect(await listed()).toEqual([
      expect.objectContaining({
        ...{ status: "CLOSED", client, instance: "host:8080" },
        pending: [expect.objectContaining({ lane: "channel", kind: "HandBack", mark: "begun" })],
      }),
    ]);
    expect((await operator("chats")).out).toContain("HandBack begun");
    await world.advance(12 * 60 * minute);
    expect(await listed()).toEqual([]);
    expect(await listed(" --status CLOSED")).toEqual([expect.objectContaining({ pending: [], handBack: null })]);
  });

  it("says so where Redis holds nothing, and where a record can't be read", async () => {
    const nothing: Onlooker = { indexes: () => Promise.resolve([]), users: () => Promise.resolve([]) };
    expect(await operator("chats", nothing)).toMatchObject({ code: 1, out: "" });
    const bad: Onlooker = {
      indexes: () => Promise.resolve([{ partition: 0, instance: null, users: [ana] }]),
      users: () => Promise.resolve([{ userId: ana, state: "{}", marks: {}, lastMessageAt: null }]),
    };
    const { code, told } = await operator("chats", bad);
    expect([code, told]).toEqual([0, expect.stringContaining("hash-of-ana (bridge is missing)")]);
  });
});

describe("one chat", () => {
  it("is told with what it waits for", async () => {
    await world.openChat(ana);
    const { code, out } = await operator(`chats show ${chatIdOf(ana)}`);
    expect(code).toBe(0);
    for (const line of [
      /^status +ACTIVE$/mu,
      /^instance +host:8080$/mu,
      /^desk events +up to number \d+$/mu,
      /^due +chat_too_old at 2/mu,
    ])
      expect(out).toMatch(line);
    expect((await operator("chats show nobody's")).code).toBe(1);
  });
});

describe("an end", () => {
  it("is asked of the service, ends the chat on both sides and tells the outcome", async () => {
    const chat = await world.openChat(ana);
    const chatId = chatIdOf(ana);
    const { code, out } = await operator(`chats end ${chatId} --by anna@desk`);
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(new RegExp(`^Chat ${chatId} has ended \\(request .+\\)\\.\n$`, "u")),
    ]);
    await world.advance(minute);
    expect(chat.ended).toBe("visitor");
    expect(world.facts(ana).at(-1)?.kind).toBe("handed_back");
    const again = await operator(`chats end ${chatId}`);
    expect([again.code, again.told]).toEqual([1, "The chat has ended already: it is CLOSED. Nothing was done.\n"]);
  });

  it("that comes too late is told as one", async () => {
    await world.openChat(ana);
    const before = onlooker();
    const chatId = chatIdOf(ana);
    world.chat(ana).end();
    await world.advance(minute);
    const late = await operator(`chats end ${chatId}`, before);
    expect([late.code, late.told]).toEqual([1, expect.stringContaining("Refused (no_chat)")]);
    await world.openChat(ana);
    const other = await operator(`chats end ${chatId}`, before);
    expect([other.code, other.told]).toEqual([1, expect.stringContaining(chatIdOf(ana))]);
  });

  it.each([
    ["service_failed", "a defect of the service"],
    ["invalid_request", "the request is too large"],
  ] as const)("that is refused for another reason is told by it: %s", async (reason, told) => {
    await world.openChat(ana);
    const refused: Reply = { outcome: "refused", reason, chatId: null, detail: told };
    const ran = await operator(`chats end ${chatIdOf(ana)}`, onlooker(), refused);
    expect(ran.code).toBe(1);
    expect(ran.told).toContain(`Refused (${reason})`);
    expect(ran.told).toContain(told);
    expect(ran.told).not.toContain("had ended");
  });

  it("without an owner stays asked for", async () => {
    await world.openChat(ana);
    const chatId = chatIdOf(ana);
    world.instances[0]?.crash();
    const { code, told } = await operator(`chats end ${chatId}`);
    expect([code, told]).toEqual([1, expect.stringContaining("will be carried out")]);
  });
});
