// Three instances share 50 chats in which 20 messages a second are written, while instances are stopped, started, killed and started
// again, three rounds of it. Every call comes through a balancer, to whichever instance is next. Judged by the token checker and by the
// desk's poll intervals; what the instances hold at the end is what they held before.
import { afterAll, expect, it } from "vitest";

import type { Session } from "../../sandbox/world/live-agent/session.ts";
import type { ServiceProcess } from "../support/service-process.ts";
import { startChatter } from "../support/chatter.ts";
import { createConversations, percentile } from "../support/conversations.ts";
import { eventually } from "../support/eventually.ts";
import { allPolled, gapsOfAbandonedPolls, longestGapMs, overlappingPolls } from "../support/poll-gaps.ts";
import { openStage, type Stage } from "../support/stage.ts";

const chats = 50;
const rounds = Number(process.env["TEST_ROUNDS"] ?? "3");
/** One of a user and one of an agent each time: 20 messages a second. */
const everyMs = 100;
const sessionTimeoutMs = 6_000;
/** Of the descriptors and timers at the start: a connection left by each chat that moved would double them in two rounds. */
const mostLeft = 1.1;
const timeoutMs = 100_000 + rounds * 40_000;

const open: { stage?: Stage } = {};

afterAll(async () => {
  await open.stage?.close();
});

it(
  `carries 20 messages a second through ${String(rounds)} rounds of stop, start, kill, start`,
  async () => {
    const stage = await openStage({ file: import.meta.url, instances: 3, settings: { KAFKA_PARTITIONS: "12" } });
    open.stage = stage;
    const { desk, clock, phones, integrations, webhooks } = stage.world.parts;
    integrations.modes.dedupe = true;
    const aliases = Array.from({ length: chats }, (_, i) => `u${String(i)}`);
    const people = Object.fromEntries(aliases.map((alias) => [alias, stage.user(alias)]));
    const sessions = await Promise.all(Object.values(people).map((person) => stage.openChat(person)));
    const talk = createConversations(stage, people);
    await eventually("every chat is polled", () => allPolled(sessions));
    const before = await held(stage);
    const chatter = startChatter(talk, aliases, everyMs);
    const startedMs = performance.now();
    const measured: Record<"stop" | "start" | "kill", number[]> = { stop: [], start: [], kill: [] };

    const during = async (what: keyof typeof measured, change: () => Promise<unknown>): Promise<void> => {
      const sinceMs = clock.monotonicMs();
      await change();
      await eventually("every chat is polled", () => allPolled(sessions), { why: () => unpolled(sessions) });
      measured[what].push(...gapsOfAbandonedPolls(sessions, sinceMs).map(({ lengthMs }) => lengthMs));
      const longestMs = longestGapMs(sessions, sinceMs);
      expect(longestMs, `longest time without a poll, ${what}`).toBeLessThan(
        what === "kill" ? sessionTimeoutMs + 5_000 : 6_000,
      );
    };
    try {
      for (let round = 0; round < rounds; round += 1) {
        const [stopped, killed] = [instance(stage, round), instance(stage, round + 1)];
        await during("stop", async () => {
          expect(await stopped.terminate()).toMatchObject({ code: 0, signal: null });
        });
        await during("start", () => stopped.start());
        await during("kill", async () => {
          await killed.kill();
          // The process has ended before the desk has seen its sockets close: else this gap would be measured as the start's.
          await eventually("the desk misses the polls of the killed", () => !allPolled(sessions));
        });
        await during("start", () => killed.start());
      }
    } finally {
      await chatter.stop();
    }
    const seconds = (performance.now() - startedMs) / 1_000;
    await talk.drained();

    // Connections that nobody uses any more stay for some seconds.
    const after = await eventually(
      "no descriptors and timers are left of the rebalances",
      async () => {
        const now = await held(stage);
        const isBack = now.descriptors <= mostLeft * before.descriptors && now.timers <= mostLeft * before.timers;
        return isBack && now;
      },
      { why: async () => [before, await held(stage)] },
    );
    const verdict = talk.judge();
    const repeated = phones.log.read().entries.filter(({ repeat }) => repeat);
    const worstRepeats = Math.max(0, ...countBy(repeated, ({ userId }) => userId).values());
    const again = webhooks.log.read().entries.filter(({ attempts }) => attempts > 1).length;
    console.log(`${verdict.text}, in ${seconds.toFixed(0)} s; webhooks sent again: ${String(again)}`);
    console.log(`repeated to the channel under the same id: ${String(repeated.length)}`);
    console.log(`held before ${JSON.stringify(before)}, after ${JSON.stringify(after)}`);
    for (const [what, gaps] of Object.entries(measured)) console.log(describeGaps(what, gaps));

    expect(verdict, verdict.text).toMatchObject({ ok: true, inFlightDoubles: [] });
    expect(worstRepeats, "one call may be in flight per lane and kill").toBeLessThanOrEqual(rounds);
    expect(verdict.delivered, "the pace was kept").toBeGreaterThan(seconds * 18);
    expect(Math.min(before.descriptors, before.timers), "one for each chat at least").toBeGreaterThanOrEqual(chats);
    expect(overlappingPolls(sessions), "no two polls of a session at once").toBe(0);
    expect(sessions.filter(({ state }) => state !== "ENGAGED").map(({ endedBy }) => endedBy)).toEqual([]);
    expect(sessions.flatMap(({ violations }) => violations)).toEqual([]);
    expect(desk.byId.size, "one session per user").toBe(chats);
    expect([...desk.records.all("Case")]).toHaveLength(chats);
    expect([...desk.records.all("Contact")]).toHaveLength(chats);
    expect(percentile(measured.stop, 0.5), "hand-over at a clean stop, median").toBeLessThan(3_000);
  },
  timeoutMs,
);

/** What the instances hold together. */
async function held({ services }: Stage): Promise<{ readonly descriptors: number; readonly timers: number }> {
  const texts = await Promise.all(
    services.map(async ({ metricsUrl }) => (await fetch(`${metricsUrl}/metrics`)).text()),
  );
  const sum = (line: RegExp): number => texts.reduce((total, text) => total + Number(line.exec(text)?.[1]), 0);
  return {
    descriptors: sum(/^process_open_fds (\d+)/mu),
    timers: sum(/^nodejs_active_resources\{type="Timeout"\} (\d+)/mu),
  };
}

function countBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}

function instance({ services }: Stage, n: number): ServiceProcess {
  const one = services[n % services.length];
  if (one === undefined) throw new Error("no such instance");
  return one;
}

function unpolled(sessions: readonly Session[]): unknown {
  return sessions.filter(({ openPoll }) => openPoll === undefined).map(({ id, state }) => [id, state]);
}

function describeGaps(what: string, gaps: readonly number[]): string {
  const [middle, worst] = [percentile(gaps, 0.5), Math.max(...gaps)].map((ms) => (ms / 1_000).toFixed(2));
  return `${what}: ${String(gaps.length)} polls handed over, without one for ${String(middle)} s (median), ${String(worst)} s (worst)`;
}
