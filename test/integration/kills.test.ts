// Kill -9 of the service while both sides write every 50 ms: at named gaps between its steps and at seeded moments. Nothing is lost,
// nothing reaches the user twice, nothing is out of order; a text reaches an agent twice only where its command was shown to be begun
// and not done at that very kill, and never at a desk that honours the sequence.
import { globSync, readFileSync } from "node:fs";
import { afterEach, expect, it } from "vitest";

import { createConversations } from "../support/conversations.ts";
import { startChatter } from "../support/chatter.ts";
import { eventually } from "../support/eventually.ts";
import { armed, failpointNames, type FailpointName } from "../support/failpoints.ts";
import { removeMembers } from "../support/group-members.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { openStage, type Stage } from "../support/stage.ts";
import { openStoredChats, type StoredChats } from "../support/stored-chats.ts";
import type { InFlight } from "../support/tokens.ts";

const seed = Number(process.env["TEST_SEED"] ?? "20261122");
const everyMs = 50;
const aliases = ["ana", "bea", "eva"] as const;
/** A text of a chat passes each gap many times a second. */
const longestPassing = 20;
const hitWithinMs = 30_000;
/** So that a run that loses something ends with what it lost. */
const testTimeoutMs = 240_000;

const open: { stage?: Stage; stored?: StoredChats } = {};

afterEach(async () => {
  await open.stored?.close();
  await open.stage?.close();
  delete open.stored;
  delete open.stage;
});

/** When a process is to die: at a failpoint, or so long after it was ready. */
type Moment =
  | { readonly kind: "failpoint"; readonly name: FailpointName; readonly passing: number }
  | { readonly kind: "after"; readonly ms: number };

interface Died {
  readonly at: string;
  readonly inFlight: readonly InFlight[];
}

async function runUnderKills(sequence: "honoured" | "ignored", moments: readonly Moment[]) {
  const stage = await openStage({
    file: import.meta.url,
    entry: "test/support/service-with-failpoints.ts",
    world: { modes: { sequence } },
  });
  open.stage = stage;
  const stored = openStoredChats(stage.addresses.redis, stage.names.client);
  open.stored = stored;
  stage.world.parts.integrations.modes.dedupe = true;
  const people = Object.fromEntries(aliases.map((alias) => [alias, stage.user(alias)]));
  const userIds = Object.values(people).map(({ userId }) => userId);
  for (const person of Object.values(people)) await stage.openChat(person);
  const talk = createConversations(stage, people);
  const chatter = startChatter(talk, aliases, everyMs);
  const died: Died[] = [];
  try {
    for (const [kill, moment] of moments.entries()) {
      if (kill > 0) await stage.service.spawn(moment.kind === "failpoint" ? armed(moment.name, moment.passing) : {});
      await dies(stage, moment, kill === 0);
      died.push({
        at: moment.kind === "failpoint" ? `${moment.name} ${String(moment.passing)}` : `${moment.ms.toFixed(0)} ms`,
        inFlight: await stored.inFlight(userIds, kill),
      });
      await removeMembers(stage.addresses.brokers, `${stage.names.appName}-${stage.names.topic}`);
    }
    await stage.service.start();
  } finally {
    await chatter.stop();
  }
  await talk.drained();
  const idle = async (): Promise<boolean> =>
    (await Promise.all(userIds.map((id) => stored.of(id)))).every((chat) => chat?.bridge.pending.length === 0);
  await eventually("no command is pending", idle);
  return { stage, talk, died };
}

async function dies(stage: Stage, moment: Moment, isReady: boolean): Promise<void> {
  const { service } = stage;
  if (moment.kind === "after") {
    if (!isReady) await service.ready();
    const untilMs = performance.now() + moment.ms;
    await eventually("the moment has come", () => performance.now() >= untilMs);
    await service.kill();
    return;
  }
  const why = async (): Promise<string> => (await service.latestOutput()).slice(-2_000);
  await eventually(`${moment.name} is hit`, () => !service.isRunning(), { timeoutMs: hitWithinMs, why });
  expect(await service.ended()).toMatchObject({ signal: "SIGKILL" });
  expect(await service.latestOutput()).toContain(`${moment.name} is hit`);
}

function judged(run: Awaited<ReturnType<typeof runUnderKills>>): void {
  const { stage, talk, died } = run;
  const inFlight = died.flatMap((one) => one.inFlight);
  const verdict = talk.judge(inFlight);
  const repeats = stage.world.parts.phones.log.read().entries.filter(({ repeat }) => repeat);
  const kills = died.map(({ at, inFlight: open_ }) => `${at} (${String(open_.length)} in flight)`);
  console.log(`seed ${String(seed)}; kills: ${kills.join(", ")}`);
  console.log(`${verdict.text}; repeated to the channel under the same id: ${String(repeats.length)}`);
  expect(verdict, verdict.text).toMatchObject({ ok: true, lost: [], doubled: [], reordered: [], phantom: [] });
  expect(
    verdict.inFlightDoubles.filter(({ token }) => token.includes("agent-to-user")),
    "0 twice to the user",
  ).toEqual([]);
  expect(verdict.delivered, "enough flowed for a verdict").toBeGreaterThan(200);
  // What the channel dropped by its id was in flight as well: nothing is sent again without need.
  expect(repeats.length).toBeLessThanOrEqual(inFlight.filter(({ lane }) => lane.endsWith(":channel")).length);
  for (const session of stage.world.parts.desk.byId.values()) {
    expect(session.violations).toEqual([]);
    expect(
      session.polls.filter(({ overlaps }) => overlaps),
      "no two polls at once",
    ).toEqual([]);
  }
}

function momentsOf(names: readonly FailpointName[], random: () => number, atRandom: number): readonly Moment[] {
  const named = names.map((name): Moment => ({
    kind: "failpoint",
    name,
    passing: 1 + Math.floor(random() * longestPassing),
  }));
  const others = Array.from({ length: atRandom }, (): Moment => ({ kind: "after", ms: random() * 1_200 }));
  const [first, ...rest] = others;
  const shuffled = [...named, ...rest].map((moment) => ({ moment, place: random() })).sort((a, b) => a.place - b.place);
  return [...(first === undefined ? [] : [first]), ...shuffled.map(({ moment }) => moment)];
}

it(
  "ten kills: nothing lost, doubled or out of order at a desk that honours the sequence",
  async () => {
    const moments = momentsOf(failpointNames, seededRandom(seed), 3);
    expect(moments).toHaveLength(10);
    const run = await runUnderKills("honoured", moments);
    judged(run);
    expect(run.talk.judge().ok, "not even in flight").toBe(true);
  },
  testTimeoutMs,
);

it(
  "a desk that ignores the sequence gets twice only what was begun and not done at that kill",
  async () => {
    const gaps: FailpointName[] = ["failpoint:begin-post-agent", "failpoint:post-done-agent"];
    const run = await runUnderKills(
      "ignored",
      momentsOf([...gaps, "failpoint:save-produce"], seededRandom(seed + 1), 1),
    );
    judged(run);
    const { inFlightDoubles } = run.talk.judge(run.died.flatMap(({ inFlight }) => inFlight));
    expect(inFlightDoubles.length, "the desk had the text at one of these kills, and got it again").toBeGreaterThan(0);
  },
  testTimeoutMs,
);

it("production has no failpoints", () => {
  const files = globSync("src/**/*");
  const named = files.filter((file) => file.endsWith(".ts") && /fail-?point/i.test(readFileSync(file, "utf8")));
  expect(files.length).toBeGreaterThan(50);
  expect(named).toEqual([]);
});
