// A rolling deploy: each of three instances in turn is asked to stop, ends by itself and starts again, while a user and an agent of some
// of 90 chats write. The seam does not show: every poll goes on within seconds of its release, none twice, and no text is lost or doubled.
import { afterAll, expect, it } from "vitest";

import { startChatter } from "../support/chatter.ts";
import { createConversations, percentile } from "../support/conversations.ts";
import { eventually } from "../support/eventually.ts";
import { allPolled, gapsOfAbandonedPolls, longestGapMs, overlappingPolls } from "../support/poll-gaps.ts";
import { openStage, type Stage } from "../support/stage.ts";

const chats = 90;
const everyMs = 100;
const answerMs = 300;
const drainMs = 15_000;
const open: { stage?: Stage } = {};

afterAll(async () => {
  await open.stage?.close();
});

it("hands chats over at a clean stop: 3 s from release to next poll in the median, 6 s at worst", async () => {
  const stage = await openStage({ file: import.meta.url, instances: 3, settings: { KAFKA_PARTITIONS: "12" } });
  open.stage = stage;
  const { clock, phones, journal, faults } = stage.world.parts;
  const aliases = Array.from({ length: chats }, (_, i) => `u${String(i)}`);
  const people = Object.fromEntries(aliases.map((alias) => [alias, stage.user(alias)]));
  const sessions = await Promise.all(Object.values(people).map((person) => stage.openChat(person)));
  const talk = createConversations(stage, people);
  // Acts at once and answers late: at any moment some calls are in hand, and what is cut off has happened.
  faults.add({ system: "integrations", when: "after", effect: { kind: "delay", delayMs: answerMs } });
  const chatter = startChatter(talk, aliases.slice(0, 20), everyMs);
  const lines: string[] = [];
  const releases: number[] = [];
  try {
    for (const [i, service] of stage.services.entries()) {
      const sinceMs = clock.monotonicMs();
      const ending = await service.terminate();
      expect(ending, "it ends by itself").toMatchObject({ code: 0, signal: null });
      expect(ending.tookMs).toBeLessThan(drainMs);
      await eventually("every chat is polled", () => allPolled(sessions));
      const gaps = gapsOfAbandonedPolls(sessions, sinceMs).map(({ lengthMs }) => lengthMs);
      releases.push(...gaps);
      const longestMs = longestGapMs(sessions, sinceMs);
      lines.push(
        `instance ${String(i)}: ended in ${seconds(ending.tookMs)}; ${String(gaps.length)} polls handed over, ` +
          `next poll after ${seconds(percentile(gaps, 0.5))} (median), ${seconds(longestMs)} (worst)`,
      );
      expect(longestMs, "worst").toBeLessThan(6_000);
      await service.start();
      await eventually("every chat is polled", () => allPolled(sessions));
    }
  } finally {
    await chatter.stop();
  }
  for (const alias of aliases) talk.agentSays(alias);
  await Promise.all(aliases.map((alias) => talk.userSays(alias)));
  await talk.drained();

  const verdict = talk.judge();
  console.log([...lines, verdict.text].join("\n"));
  expect(releases.length, "each instance had its share").toBeGreaterThan(chats / 2);
  expect(percentile(releases, 0.5), "median").toBeLessThan(3_000);
  expect(verdict, verdict.text).toMatchObject({ ok: true, inFlightDoubles: [] });
  expect(verdict.delivered).toBeGreaterThan(2 * chats);
  expect(
    phones.log.read().entries.filter(({ repeat }) => repeat),
    "nothing was even sent twice",
  ).toEqual([]);
  expect(overlappingPolls(sessions)).toBe(0);
  expect(sessions.flatMap(({ violations }) => violations)).toEqual([]);
  expect(journal.log.read().entries.filter(({ status }) => status === 409)).toEqual([]);
  expect(sessions.every(({ state }) => state === "ENGAGED")).toBe(true);
});

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`;
}
