// A chat ends while something outside does not work: whoever comes back is served, and nothing of the old chat holds him up.
import { describe, expect, it } from "vitest";

import { createGraphWorld } from "../support/graph-world.ts";

const often = <Fault>(fault: Fault): Fault[] => Array.from({ length: 500 }, () => fault);
const notDone = often({ kind: "retry", effect: "none" } as const);

describe("a user who connects again", () => {
  it.each([
    ["refuses it", "refused", 5_000],
    ["does not answer", "not done", 90_000],
  ] as const)("is not held up by his hand-back while the bot platform %s", async (_what, how, afterMs) => {
    const world = createGraphWorld();
    world.start();
    await world.openChat("ana");
    world.phone.fail("handBack", ...often(how));
    await world.finish("ana");
    await world.advance(afterMs);
    await world.connect("ana");
    await world.until(() => world.desk.chats.length === 2);
    world.chat("ana").accept();
    world.chat("ana").say("hola");
    await world.advance(2_000);
    expect(world.shown("ana").slice(-2)).toEqual(["Esperando un agente", "hola"]);
  });

  it.each([20_000, 40_000, 61_000, 65_000, 100_000])(
    "is not held up by a file of the old chat that is tried for %d ms",
    async (forMs) => {
      const world = createGraphWorld();
      world.start();
      const chat = await world.openChat("ana");
      world.desk.fail("attachFile", ...notDone);
      await world.sendFile("ana", "uno");
      await world.advance(1_000);
      chat.end();
      await world.advance(forMs);
      const request = await world.connect("ana");
      await world.advance(2_000);
      expect(await world.reply(request)).toMatchObject({ reason: "chat_created" });
    },
  );

  it("is not held up by an old chat whose last words the desk does not take, and which then ends there", async () => {
    const world = createGraphWorld();
    world.start();
    const old = await world.openChat("ana");
    world.desk.fail("say", ...notDone);
    await world.say("ana", "one");
    await world.finish("ana");
    const request = await world.connect("ana");
    await world.advance(2_000);
    expect([await world.reply(request), old.ended]).toMatchObject([{ reason: "chat_created" }, null]);
    await world.advance(63_000);
    expect(old.ended).toBe("visitor");
    expect(world.deadLetters()).toMatchObject([{ reason: "undeliverable" }]);
  });

  it("is not held up by an old chat whose end the desk does not take, nor by many", async () => {
    const world = createGraphWorld();
    world.start();
    const chats = [await world.openChat("ana")];
    world.desk.fail("end", ...notDone);
    for (let i = 0; i < 6; i++) {
      await world.finish("ana");
      await world.advance(60_000);
      chats.push(await world.openChat("ana"));
      await world.say("ana", `text ${String(i)}`);
      await world.advance(1_000);
      expect(world.chat("ana").seen.at(-1)).toBe(`text ${String(i)}`);
    }
    expect(new Set(chats).size).toBe(7);
  });

  it("leaves the end of no chat behind, however often he has connected since", async () => {
    const world = createGraphWorld();
    world.start();
    const chats = [await world.openChat("ana")];
    world.desk.fail("end", ...notDone.slice(0, 30));
    for (let i = 0; i < 5; i++) {
      await world.finish("ana");
      await world.advance(3_000);
      chats.push(await world.openChat("ana"));
    }
    await world.finish("ana");
    expect(await world.until(() => chats.every(({ ended }) => ended === "visitor"))).toBe(true);
    expect(world.deadLetters()).toEqual([]);
  });
});

describe("a chat that the user's side has ended", () => {
  it("ends at the desk at once though its files are still tried, and they come to the case", async () => {
    const world = createGraphWorld();
    world.start();
    const chat = await world.openChat("ana");
    world.desk.fail("attachFile", ...notDone.slice(0, 12));
    await world.sendFile("ana", "uno");
    await world.sendFile("ana", "dos");
    await world.advance(2_000);
    await world.finish("ana");
    await world.advance(2_000);
    expect([chat.ended, chat.seen.slice(2)]).toEqual(["visitor", ["uno", "dos"]]);
    expect(world.phone.handedBack).toHaveLength(1);
    expect(await world.until(() => world.desk.files.length === 2, 300_000)).toBe(true);
  });

  it("tries its last words for a minute, then ends at the desk", async () => {
    const world = createGraphWorld();
    world.start();
    const chat = await world.openChat("ana");
    await world.say("ana", "one");
    await world.advance(1_000);
    world.desk.fail("say", ...notDone.slice(0, 5));
    await world.say("ana", "two");
    await world.say("ana", "three");
    await world.advance(100);
    await world.finish("ana");
    expect(await world.until(() => chat.ended !== null)).toBe(true);
    expect([chat.seen.slice(2), world.deadLetters()]).toEqual([["one", "two", "three"], []]);
  });

  it.each([
    ["", (): void => undefined],
    [", and by the next owner", (crash: () => void): void => crash()],
  ])("is heard until that is told at the desk: words of its agent are kept, each once%s", async (_who, meanwhile) => {
    const world = createGraphWorld({ sessionTimeoutMs: 3_000 });
    const first = world.start();
    const chat = await world.openChat("ana");
    chat.say("hola");
    await world.advance(1_000);
    world.desk.fail("end", ...notDone.slice(0, 9));
    await world.finish("ana");
    await world.advance(1_000);
    chat.say("are you there?");
    await world.advance(1_000);
    meanwhile(() => {
      first.crash();
      world.start();
    });
    await world.advance(12_000);
    chat.say("bye");
    expect(await world.until(() => chat.ended !== null)).toBe(true);
    await world.advance(60_000);
    // What is written twice by two owners is the same record.
    const kept = new Map(
      world.deadLetters().map((letter) => [`${String(letter.partition)}@${String(letter.offset)}`, letter]),
    );
    expect([...kept.values()].map(({ reason, value }) => [reason, value?.toString()])).toEqual([
      ["chat_over", "are you there?"],
      ["chat_over", "bye"],
    ]);
    const failed = world.facts("ana").filter(({ kind }) => kind === "message_failed");
    expect(new Set(failed.map(({ eventId }) => eventId)).size).toBe(2);
    expect(world.shown("ana")).toEqual(["Esperando un agente", "hola"]);
    const { polls } = chat;
    await world.advance(60_000);
    expect([chat.polls - polls, chat.pollsAtOnce]).toEqual([0, 1]);
  });

  it("ends at the desk though its session moves meanwhile", async () => {
    const world = createGraphWorld();
    world.start();
    const chat = await world.openChat("ana");
    world.desk.fail("end", ...notDone.slice(0, 3));
    await world.finish("ana");
    await world.advance(300);
    chat.move();
    await world.advance(30_000);
    expect([chat.ended, chat.early]).toEqual(["visitor", []]);
  });

  it.each([
    ["while the resync is under way", "resync", 300, ["one", "last words"], []],
    ["while the reconnect is under way", "reconnect", 100, ["one", "last words"], []],
    ["where no poll is answered", "poll", 20, ["one"], ["last words"]],
  ] as const)(
    "says its last words behind the resync of a session that moves, or gives them up: ended %s",
    async (_when, slow, afterMs, shown, givenUp) => {
      const world = createGraphWorld();
      world.start();
      const chat = await world.openChat("ana");
      await world.say("ana", "one");
      chat.say("uno");
      await world.advance(1_000);
      world.desk.fail(slow, slow === "poll" ? { kind: "hangs" } : { kind: "slow", ms: 3_000 });
      chat.move("anew");
      await world.advance(afterMs);
      await world.say("ana", "last words");
      await world.finish("ana");
      expect(await world.until(() => chat.ended !== null)).toBe(true);
      await world.advance(5_000);
      expect(chat.early).toEqual([]);
      expect(chat.seen.slice(2)).toEqual(shown);
      expect(world.deadLetters().map(({ value }) => value?.toString())).toEqual(givenUp);
    },
  );
});
