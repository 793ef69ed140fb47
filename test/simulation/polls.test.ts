// The long polls of open chats: failures within and beyond their budget, sessions that move, and conflicts.
import { describe, expect, it } from "vitest";

import { createGraphWorld } from "../support/graph-world.ts";

const failed = { kind: "failed", detail: "500", retryAfterMs: null } as const;

describe("polls that fail", () => {
  it("within the budget cost nothing: events come, and the chat stays", async () => {
    const world = createGraphWorld();
    world.start();
    const chat = await world.openChat("ana");
    world.desk.answerPolls(failed);
    chat.say("uno");
    await world.advance(30_000);
    world.desk.answerPolls(null);
    await world.advance(5_000);
    expect(world.shown("ana")).toEqual(["Esperando un agente", "uno"]);
    expect(world.state("ana").interconnection?.status).toBe("ACTIVE");
  });

  it("because a connection is half open cost nothing: asked again, what was said meanwhile comes once", async () => {
    const world = createGraphWorld();
    world.start();
    const chat = await world.openChat("ana");
    world.desk.fail("poll", { kind: "hangs" });
    chat.say("uno");
    await world.advance(1_000);
    chat.say("dos");
    await world.advance(45_000);
    expect(world.state("ana").interconnection?.status).toBe("ACTIVE");
    expect(world.shown("ana")).toEqual(["Esperando un agente", "uno", "dos"]);
    expect(chat.pollsAtOnce).toBe(1);
  });

  it("R19 beyond the budget end the chat on both sides, with the user handed back", async () => {
    const world = createGraphWorld();
    world.start();
    const chat = await world.openChat("ana");
    world.desk.answerPolls(failed);
    await world.advance(39_000);
    expect(world.state("ana").interconnection?.status).toBe("ACTIVE");
    await world.advance(10_000);
    expect(world.state("ana").interconnection?.status).toBe("CLOSED");
    expect(chat.ended).toBe("visitor");
    expect(world.phone.handedBack).toHaveLength(1);
    expect(world.facts("ana").find(({ kind }) => kind === "ended")?.reason).toBe("poll_budget");
  });

  it("R21 because the desk has forgotten the session end the chat at once", async () => {
    const world = createGraphWorld();
    world.start();
    const chat = await world.openChat("ana");
    chat.drop();
    await world.advance(6_000);
    expect(world.state("ana").interconnection?.status).toBe("CLOSED");
    expect(world.phone.handedBack).toEqual([{ userId: "ana", botSlug: "bot", botState: "from-sf-timeout" }]);
    const polls = world.desk.calls.filter((call) => call === "poll").length;
    await world.advance(60_000);
    expect(world.desk.calls.filter((call) => call === "poll")).toHaveLength(polls);
  });

  it("R22 because another poll is in flight wait, and the chat stays", async () => {
    const world = createGraphWorld();
    world.start();
    const chat = await world.openChat("ana");
    world.desk.answerPolls({ kind: "conflict" });
    await world.advance(10_000);
    const polls = world.desk.calls.filter((call) => call === "poll").length;
    world.desk.answerPolls(null);
    chat.say("uno");
    await world.advance(5_000);
    expect(polls).toBeLessThan(20);
    expect(world.shown("ana").at(-1)).toBe("uno");
  });
});

describe("a session that moves", () => {
  it("R20 is followed: what was not acknowledged comes once, and both go on writing", async () => {
    const world = createGraphWorld();
    world.start();
    const chat = await world.openChat("ana");
    chat.say("uno");
    await world.advance(1_000);
    chat.move();
    chat.say("dos");
    await world.say("ana", "one");
    await world.advance(5_000);
    chat.say("tres");
    await world.say("ana", "two");
    await world.advance(5_000);
    expect(world.shown("ana")).toEqual(["Esperando un agente", "uno", "dos", "tres"]);
    expect(chat.seen.slice(2)).toEqual(["one", "two"]);
    expect(world.desk.calls.filter((call) => call === "reconnect")).toHaveLength(1);
    expect(world.desk.calls.filter((call) => call === "resync")).toHaveLength(1);
  });

  it("R20 is followed when a post learns of it, though the desk still holds the poll: nothing is said before the resync", async () => {
    const world = createGraphWorld();
    world.start();
    const chat = await world.openChat("ana");
    await world.advance(1_000);
    chat.move("silently");
    for (const text of ["one", "two", "three"]) await world.say("ana", text);
    chat.say("uno");
    await world.advance(3_000);
    expect(chat.seen.slice(2)).toEqual(["one", "two", "three"]);
    expect(world.shown("ana")).toEqual(["Esperando un agente", "uno"]);
    expect(world.desk.calls.filter((call) => call === "reconnect" || call === "resync")).toEqual([
      "reconnect",
      "resync",
    ]);
    expect([chat.early, chat.pollsAtOnce]).toEqual([[], 1]);
  });

  it("R20 is followed by what waits only once the desk has answered the resync", async () => {
    const world = createGraphWorld();
    world.start();
    const chat = await world.openChat("ana");
    world.desk.fail("resync", { kind: "retry", effect: "none" }, { kind: "retry", effect: "none" });
    chat.move();
    for (const text of ["one", "two"]) await world.say("ana", text);
    await world.advance(5_000);
    expect(chat.seen.slice(2)).toEqual(["one", "two"]);
    expect(chat.early).toEqual([]);
  });

  it("and has not, says the desk: posts that it answers with 503 cost the chat nothing", async () => {
    const world = createGraphWorld();
    world.start();
    const chat = await world.openChat("ana");
    await world.advance(1_000);
    world.desk.voidPosts(true);
    await world.say("ana", "one");
    await world.advance(90_000);
    expect(world.state("ana").interconnection?.status).toBe("ACTIVE");
    world.desk.voidPosts(false);
    await world.advance(20_000);
    expect(chat.seen.slice(2)).toEqual(["one"]);
  });

  it("is followed by a desk that tells again what was not acknowledged: it is shown once", async () => {
    const world = createGraphWorld();
    world.start();
    const chat = await world.openChat("ana");
    chat.say("uno");
    await world.advance(5_000);
    for (const text of ["dos", "tres", "tres"]) {
      // The poll that would acknowledge it does not come through before the session moves.
      world.desk.fail("poll", { kind: "retry", effect: "none" });
      chat.say(text);
      await world.advance(10);
      chat.move();
      await world.advance(5_000);
    }
    chat.say("cuatro");
    await world.advance(5_000);
    expect(world.shown("ana")).toEqual(["Esperando un agente", "uno", "dos", "tres", "tres", "cuatro"]);
    expect(world.desk.calls.filter((call) => call === "reconnect")).toHaveLength(3);
  });

  it("is followed by the next owner too, who finds the reconnect undecided", async () => {
    const world = createGraphWorld({ sessionTimeoutMs: 3_000 });
    let moved = false;
    const polled = { before: new Set<string>(), after: new Set<string>() };
    const placeOf = ([session]: readonly unknown[]): string => (session as { readonly route: string }).route;
    world.start(({ name, args }) => {
      if (name === "desk.poll" && !moved) polled.before.add(placeOf(args));
      return moved && name === "effects.produce" ? "die after" : "go on";
    });
    const chat = await world.openChat("ana");
    moved = true;
    chat.move();
    chat.say("uno");
    await world.advance(1_000);
    expect(world.instances[0]?.dead).toBe(true);
    // What was told is decided only a while after the takeover.
    for (let i = 0; i < 3; i++) world.store.faults.failNext(false, "save");
    world.start(({ name, args }) => {
      if (name === "desk.poll") polled.after.add(placeOf(args));
      return "go on";
    });
    await world.advance(10_000);
    chat.say("dos");
    await world.say("ana", "one");
    await world.advance(5_000);
    expect(world.shown("ana")).toEqual(["Esperando un agente", "uno", "dos"]);
    expect(chat.seen.at(-1)).toBe("one");
    expect(polled.before.size).toBe(1);
    expect(polled.after.isDisjointFrom(polled.before)).toBe(true);
    expect(world.desk.calls.filter((call) => call === "reconnect")).toHaveLength(1);
  });

  it("on and on is not asked without a pause, and ends the chat when its budget is spent", async () => {
    const world = createGraphWorld();
    world.start();
    await world.openChat("ana");
    world.desk.answerPolls({ kind: "moved" });
    await world.advance(50_000);
    expect(world.state("ana").interconnection?.status).toBe("CLOSED");
    expect(world.desk.calls.filter((call) => call === "reconnect").length).toBeLessThan(60);
  });
});

describe("a server that sends its sessions elsewhere", () => {
  it("gives a waiting user a new session for the same case, with what he has said", async () => {
    const world = createGraphWorld();
    world.start();
    await world.say("ana", "antes");
    await world.connect("ana");
    await world.until(() => world.desk.chats.length === 1);
    await world.say("ana", "mientras");
    world.chat("ana").drop("server_switched");
    await world.until(() => world.desk.chats.length === 2);
    world.chat("ana").accept();
    await world.advance(2_000);
    expect(world.chat("ana").seen[0]).toMatch(/antes[^]*mientras/);
    expect(new Set(world.desk.chats.map(({ caseId }) => caseId)).size).toBe(1);
    const kinds = world.facts("ana").map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "waiting" || kind === "refused" || kind === "ended")).toEqual([
      "waiting",
      "waiting",
    ]);
  });
});

describe("a desk client with a defect", () => {
  it("ends the process instead of leaving a chat that nobody polls", async () => {
    const world = createGraphWorld();
    const instance = world.start();
    const chat = await world.openChat("ana");
    world.desk.fail("poll", { kind: "throws" });
    chat.say("uno");
    await world.advance(1_000);
    chat.say("dos");
    await world.advance(1_000);
    expect(instance.fatal).toBeInstanceOf(TypeError);
  });

  it("in a command ends that command as broken, and the lane goes on", async () => {
    const world = createGraphWorld();
    const instance = world.start();
    const chat = await world.openChat("ana");
    world.desk.fail("say", { kind: "throws" });
    await world.say("ana", "one");
    await world.advance(500);
    await world.say("ana", "two");
    await world.advance(2_000);
    expect(instance.fatal).toBeNull();
    expect(chat.seen).toContain("two");
    expect(world.deadLetters().map(({ reason }) => reason)).toEqual(["undeliverable"]);
  });
});
