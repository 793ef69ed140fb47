// The bot port, by the real clients against the simulated Botrunner and Studio NG.
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

/** States that users were given, with the name of the bot where the platform is told it. */
const platforms = {
  Botrunner: {
    bot: () => outside.bot,
    operation: "send-to",
    given: () =>
      outside.world.parts.botrunner.states.read().entries.map(({ userId, botSlug, state }) => [userId, botSlug, state]),
    says: ["5215512345678", "sandbox-bot", "from-sf-success"],
    odd: { botSlug: "../a b/c?x=1#y" },
    saysOdd: ["5215512345678", "../a b/c?x=1#y", "from-sf-success"],
  },
  "Studio NG": {
    bot: () => outside.studioNg,
    operation: "trigger",
    given: () => outside.world.parts.studioNg.states.read().entries.map(({ userId, state }) => [userId, state]),
    says: ["5215512345678", "from-sf-success"],
    odd: { botState: "../a b/c?x=1#y" },
    saysOdd: ["5215512345678", "../a b/c?x=1#y"],
  },
};

describe.each(Object.entries(platforms))("a hand-back by %s", (_name, platform) => {
  const { operation, given } = platform;
  it("gives the user the state", async () => {
    expect(await platform.bot().handBack(request, never)).toEqual({ kind: "done", value: null });
    expect(given()).toEqual([platform.says]);
  });

  it("to an odd name reaches that and no other path", async () => {
    await platform.bot().handBack({ ...request, ...platform.odd }, never);
    expect(given()).toEqual([platform.saysOdd]);
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
    outside.world.parts.faults.add({ operation, effect });
    const answer = await platform.bot().handBack(request, never);
    expect(answer).toMatchObject(outcome);
    expect(JSON.stringify([answer, outside.logged])).not.toMatch(
      /sandbox-botrunner-token|sandbox-studio-ng-token|5215512345678/,
    );
    expect(given()).toEqual([]);
  });

  it("whose answer was lost may have happened, and may be repeated", async () => {
    outside.world.parts.faults.add({ operation, when: "after", times: 1, effect: { kind: "reset" } });
    expect(await platform.bot().handBack(request, never)).toMatchObject({ kind: "retry", mayHaveHappened: true });
    expect(await platform.bot().handBack(request, never)).toMatchObject({ kind: "done" });
    expect(given()).toHaveLength(2);
  });
});
