// Whole conversations through the graph in virtual time, nothing failing.
import { describe, expect, it } from "vitest";

import { createGraphWorld } from "../support/graph-world.ts";

describe("a conversation", () => {
  it("goes from the connect to the hand-back, with every text once and in order", async () => {
    const world = createGraphWorld();
    world.start();
    await world.say("ana", "hola");
    await world.say("ana", "¿en qué puedo ayudar?", { author: "bot" });
    await world.advance(3_000);
    const requestId = await world.connect("ana");
    expect(await world.until(() => world.desk.chats.length === 1)).toBe(true);
    await world.say("ana", "¿hay alguien?");
    await world.advance(1_000);
    expect(await world.reply(requestId)).toMatchObject({ outcome: "done", reason: "chat_created" });
    expect(world.shown("ana")).toEqual(["Esperando un agente"]);
    expect(world.state("ana").interconnection?.status).toBe("ON_HOLD");

    const chat = world.chat("ana");
    chat.accept("Eva");
    chat.say("buenos días");
    await world.advance(1_000);
    await world.say("ana", "necesito ayuda");
    await world.say("ana", "con mi pedido");
    await world.advance(1_000);
    chat.say("ya lo veo");
    await world.advance(1_000);

    expect(chat.seen).toHaveLength(4);
    expect(chat.seen[0]).toMatch(
      /Contexto:\nCliente \[.*\]:hola\n\nBot \[.*\]:¿en qué.*\n\nCliente \[.*\]:¿hay alguien\?/su,
    );
    expect(chat.seen.slice(1)).toEqual(["Hola soy ana y necesito ayuda", "necesito ayuda", "con mi pedido"]);
    expect(world.shown("ana")).toEqual(["Esperando un agente", "buenos días", "ya lo veo"]);

    chat.end();
    await world.advance(1_000);
    expect(world.phone.handedBack).toEqual([{ userId: "ana", botSlug: "bot", botState: "from-sf-success" }]);
    const { interconnection, pending } = world.state("ana");
    expect([interconnection?.status, pending]).toEqual(["CLOSED", []]);
    expect(world.deadLetters()).toEqual([]);
    expect(chat.pollsAtOnce).toBe(1);
    const facts = world.facts("ana");
    expect(facts.map(({ sequence }) => sequence)).toEqual(facts.map((_, i) => i + 1));
    expect(world.instances[0]?.fatal).toBeNull();
  });
});
