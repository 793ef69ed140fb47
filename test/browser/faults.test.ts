// The page's switches, in a real Chromium: each breaks what it says while a chat is open, the page shows it and shows that it healed, and
// every text of both sides is on the other side once and in order. The service killed, and a second instance that comes and goes.
import { Redis } from "ioredis";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";

import { eventually } from "../support/eventually.ts";
import { openBrowser, visit, whySkipped, type Visitor } from "../support/visitor.ts";

const state: { browser: Browser | undefined; visitor: Visitor | undefined; said: number } = {
  browser: undefined,
  visitor: undefined,
  said: 0,
};
const visitor = (): Visitor => {
  if (state.visitor === undefined) throw new Error("nobody is there");
  return state.visitor;
};

const STAY_AWAY_MS = 1_500;

const fromUser = (texts: readonly string[]): string[] => texts.filter((text) => text.startsWith("usuario"));
const fromAgent = (texts: readonly string[]): string[] => texts.filter((text) => text.startsWith("agente"));

/** One text of each side. */
async function talk(): Promise<void> {
  state.said += 1;
  await visitor().write(`usuario ${String(state.said)}`);
  await visitor().answer(`agente ${String(state.said)}`);
}

/** Everything that was said, once and in order, on the other side. */
async function hasArrived(): Promise<void> {
  const said = (who: string): string[] => Array.from({ length: state.said }, (_, n) => `${who} ${String(n + 1)}`);
  const texts = async (): Promise<unknown> => [
    fromUser((await visitor().screenTexts()).flatMap((text) => text.split("\n"))),
    fromAgent(await visitor().phoneTexts()),
  ];
  const expected = JSON.stringify([said("usuario"), said("agente")]);
  await eventually("all texts are there", async () => JSON.stringify(await texts()) === expected, {
    timeoutMs: 60_000,
    why: texts,
  });
  expect(await visitor().counted("doubled")).toBe(0);
  expect(await visitor().counted("out of order")).toBe(0);
  expect(await visitor().counted("lost")).toBe(0);
}

async function hasHealed(fault: string): Promise<void> {
  const incident = visitor().incident(fault);
  await eventually(`${fault} has healed`, async () => (await incident.getAttribute("data-healed")) === "true", {
    timeoutMs: 60_000,
    why: () => incident.innerText(),
  });
}

/** Calls that the faults of the world have struck so far. */
async function struck(): Promise<number> {
  const answer = await fetch(`${inject("browserStage").pageUrl}/api/world/faults`);
  const { faults } = (await answer.json()) as { readonly faults: readonly { readonly struck: number }[] };
  return faults.reduce((sum, fault) => sum + fault.struck, 0);
}

/** For so long that they would have come many times over, these texts are not on the other side. */
async function stayAway(texts: () => Promise<string[]>, from: number, who: string): Promise<void> {
  const untilMs = performance.now() + STAY_AWAY_MS;
  await eventually("a while without them", async () => {
    const seen = await texts();
    for (let n = from + 1; n <= state.said; n += 1)
      expect(seen.join("\n").split("\n")).not.toContain(`${who} ${String(n)}`);
    return performance.now() > untilMs;
  });
}

/** How it is seen that a switch breaks what it says, when both sides have talked since `before`. */
const bites = {
  async "salesforce-503"(before: number) {
    await eventually("a call was refused", async () => (await struck()) > 0);
    // A text of the agent may come with a poll that was held before.
    await stayAway(() => visitor().screenTexts(), before, "usuario");
  },
  async "slow-channel"(before: number) {
    await hasArrived();
    const took = visitor()
      .onScreen(`agente ${String(before + 1)}`)
      .locator(".took");
    expect(Number.parseFloat(await took.innerText())).toBeGreaterThanOrEqual(2);
    expect(await took.innerText()).toMatch(/ s$/);
  },
  async "lost-replies"() {
    // Each text has an even chance.
    while ((await struck()) === 0) await talk().then(hasArrived);
  },
  async "kafka-paused"(before: number) {
    await stayAway(() => visitor().screenTexts(), before, "usuario");
    await stayAway(() => visitor().phoneTexts(), before, "agente");
  },
} as const;

describe.skipIf(whySkipped !== "")(`the switches of the sandbox's page${whySkipped}`, () => {
  beforeAll(async () => {
    state.browser = await openBrowser();
    state.visitor = await visit(state.browser);
    await visitor().newPhone("Nadia Paz");
    await visitor().write("Ayuda");
    await visitor().accept("Nadia Paz");
    await talk();
    await hasArrived();
  });
  afterAll(async () => {
    await state.visitor?.close();
    await state.browser?.close();
  });

  it.each(["salesforce-503", "slow-channel", "lost-replies", "kafka-paused"] as const)(
    "breaks with %s, shows it, and heals when it is switched off",
    async (fault) => {
      const card = visitor().page.locator(`[data-fault="${fault}"]`).first();
      await visitor().switchFault(fault);
      await eventually("the page shows that it is on", async () => (await card.getAttribute("data-on")) === "true");
      const before = state.said;
      await talk();
      await talk();
      await bites[fault](before);
      await visitor().switchFault(fault);
      await eventually("the page shows that it is off", async () => (await card.getAttribute("data-on")) === "false");
      await hasArrived();
      await talk();
      await hasArrived();
      await hasHealed(fault);
      const words = await visitor().incident(fault).innerText();
      if (fault !== "kafka-paused") expect(words).toMatch(/ [1-9]\d* calls? (was|were) struck/);
    },
  );

  it("switches itself off after the time that was chosen", async () => {
    await visitor().page.getByLabel("switches last").selectOption("5");
    await visitor().switchFault("slow-channel");
    const card = visitor().page.locator('[data-fault="slow-channel"]').first();
    await eventually("it is on", async () => (await card.getAttribute("data-on")) === "true");
    await eventually("it is off by itself", async () => (await card.getAttribute("data-on")) === "false");
    expect(await visitor().incident("slow-channel").innerText()).toContain("Lasted 5");
  });

  it.each(["redis-flushed", "desk-moved"])(
    "happens at once with %s, and heals while both sides talk",
    async (fault) => {
      const redis = new Redis(`redis://${inject("browserStage").redis}`);
      await redis.set("stays-until-flushed", "1");
      await visitor().switchFault(fault);
      if (fault === "redis-flushed") {
        await eventually("every key is gone", async () => (await redis.exists("stays-until-flushed")) === 0);
      }
      redis.disconnect();
      await talk();
      await hasArrived();
      await hasHealed(fault);
    },
  );

  it("logs in anew when the session has expired, at the next chat", async () => {
    await visitor().switchFault("session-expired");
    await visitor().newPhone("Olga Sol");
    await visitor().write("Ayuda");
    await visitor().accept("Olga Sol");
    await visitor().answer("Hola, Olga");
    await visitor().onPhone("Hola, Olga").waitFor();
    await hasHealed("session-expired");
    await visitor().page.getByRole("button", { name: "End", exact: true }).click();
    await visitor().onPhone("Estás de vuelta con el bot").waitFor();
    await visitor().holdPhone("Nadia Paz");
    await visitor()
      .page.getByRole("list", { name: "Chats", exact: true })
      .getByRole("button", { name: "Nadia Paz" })
      .click();
    await hasArrived();
  });

  it("kills the service in the middle of a conversation: the page shows it, it comes back, nothing is lost or doubled", async () => {
    const instance = visitor().page.locator('.instances [data-owner="1"]');
    const processWords = async (): Promise<string> => /process \d+/.exec(await instance.innerText())?.[0] ?? "";
    const before = await processWords();
    await talk();
    await visitor().switchFault("service-killed");
    await eventually(
      "the page shows that it is gone",
      async () => (await instance.getAttribute("data-state")) !== "ready",
    );
    await talk();
    await talk();
    await eventually("it is back", async () => (await instance.getAttribute("data-state")) === "ready", {
      timeoutMs: 60_000,
    });
    await hasArrived();
    await talk();
    await hasArrived();
    await hasHealed("service-killed");
    expect(await processWords()).not.toBe(before);
    expect(await instance.innerText()).toContain("restarts 1");
  });

  it("adds a second instance that takes partitions, and gives them back when it is stopped", async () => {
    const { page } = visitor();
    const owned = (by: number): Promise<number> => page.locator(`.partitions li[data-owner="${String(by)}"]`).count();
    await page.getByRole("button", { name: "Add an instance" }).click();
    await eventually("both own partitions", async () => (await owned(1)) > 0 && (await owned(2)) > 0, {
      timeoutMs: 60_000,
    });
    // It owns partitions a moment before it is ready.
    const second = page.locator('.instances [data-owner="2"]');
    await eventually("it is ready", async () => (await second.getAttribute("data-state")) === "ready");
    await talk();
    await hasArrived();
    await page.getByRole("button", { name: "Stop instance 2" }).click();
    await eventually("the first one owns all", async () => (await owned(1)) === 12, { timeoutMs: 60_000 });
    await talk();
    await hasArrived();
  });

  it("never had anything to say against the page", () => {
    expect(visitor().complaints).toEqual([]);
  });
});
