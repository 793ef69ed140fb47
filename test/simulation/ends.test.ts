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
});
