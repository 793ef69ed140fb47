// The bot port, by the real client against the simulated Botrunner.
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { startOutside } from "./outside-world.ts";
import type { Outside } from "./outside-world.ts";

let outside: Outside;
beforeEach(async () => {
  outside = await startOutside();
});
afterEach(() => outside.close());

const never = new AbortController().signal;
const request = { userId: "5215512345678", botSlug: "sandbox-bot", botState: "from-sf-success" };
const given = () =>
  outside.world.parts.botrunner.states.read().entries.map(({ userId, botSlug, state }) => [userId, botSlug, state]);

describe("a hand-back", () => {
  it("gives the user the state, under the bot's name", async () => {
    expect(await outside.bot.handBack(request, never)).toEqual({ kind: "done", value: null });
    expect(given()).toEqual([["5215512345678", "sandbox-bot", "from-sf-success"]]);
  });

  it("of a bot with an odd name reaches that bot and no other path", async () => {
    await outside.bot.handBack({ ...request, botSlug: "../a b/c?x=1#y" }, never);
    expect(given()).toEqual([["5215512345678", "../a b/c?x=1#y", "from-sf-success"]]);
  });

  it.each([
    [
      { kind: "status", status: 500 },
      { kind: "retry", mayHaveHappened: true },
    ],
    [
      { kind: "status", status: 404 },
      { kind: "refused", detail: "status 404" },
    ],
    [
      { kind: "status", status: 401 },
      { kind: "refused", detail: "status 401" },
    ],
    [{ kind: "hang" }, { kind: "retry", mayHaveHappened: true }],
  ] as const)("is judged by %j, and told without token and user", async (effect, outcome) => {
    outside.world.parts.faults.add({ operation: "send-to", effect });
    const answer = await outside.bot.handBack(request, never);
    expect(answer).toMatchObject(outcome);
    expect(JSON.stringify([answer, outside.logged])).not.toMatch(/sandbox-botrunner-token|5215512345678/);
    expect(given()).toEqual([]);
  });

  it("whose answer was lost may have happened, and may be repeated", async () => {
    outside.world.parts.faults.add({ operation: "send-to", when: "after", times: 1, effect: { kind: "reset" } });
    expect(await outside.bot.handBack(request, never)).toMatchObject({ kind: "retry", mayHaveHappened: true });
    expect(await outside.bot.handBack(request, never)).toMatchObject({ kind: "done" });
    expect(given()).toHaveLength(2);
  });
});
