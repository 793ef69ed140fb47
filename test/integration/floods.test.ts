// Callers who mean no good at a real process: 5,000 sockets that say nothing or hardly anything (S13), floods of log-ins and of connects of one
// user (S15). What an honest caller feels of the sockets, with a new connection for each call, as one behind a proxy without keep-alive has.
import { once } from "node:events";
import { request } from "node:http";
import { Worker } from "node:worker_threads";

import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";

import { SERVICE_ACCOUNTS } from "../../sandbox/environment.ts";
import { settingCanaries } from "../support/canaries.ts";
import { describeLatencies, percentile, type Latencies } from "../support/conversations.ts";
import type { SlowSockets } from "../support/slow-sockets.ts";
import { openStage, type Stage } from "../support/stage.ts";

const sockets = 5_000;
/** The service's own bound on a request that does not come in whole, and Node's look for them once a second. */
const requestTimeoutMs = 10_000;
const lookedForEveryMs = 1_000;
/** Beyond that: for two cores that others share. */
const graceMs = 3_000;
const flood = 1_000;
const [warmUpCalls, quietCalls] = [300, 500];
/** Below this the two cores, which hold broker, store, service and caller, are in each other's way more than the sockets are in anybody's. */
const leastMs = 15;

const webhook = "/v1/integrations/whatsapp/webhook";

const open: { stage?: Stage } = {};

beforeAll(async () => {
  open.stage = await openStage({ file: import.meta.url });
});

afterAll(async () => {
  await open.stage?.close();
});

function stage(): Stage {
  if (open.stage === undefined) throw new Error("no stage");
  return open.stage;
}

it("S13: 5,000 slow and idle sockets are closed in time, and at most double the p99 of an honest caller", async () => {
  // The first calls compile the way they take.
  await callsUntil((made) => made === warmUpCalls);
  const quiet = [...(await callsUntil((made) => made === quietCalls))];
  const before = await openDescriptors();

  const attack = new Worker(new URL("../support/slow-sockets.ts", import.meta.url), {
    workerData: { url: stage().service.url, path: webhook, sockets } satisfies SlowSockets,
  });
  onTestFinished(() => void attack.terminate());
  let lifetimes: readonly number[] | undefined;
  attack.once("message", (told: readonly number[]) => (lifetimes = told));
  let most = 0;
  const meanwhile = await callsUntil(async (made) => {
    if (made % 50 === 0) most = Math.max(most, (await openDescriptors()) - before);
    return lifetimes !== undefined;
  });

  // Before and after, as other programs on the machine come and go.
  quiet.push(...(await callsUntil((made) => made === quietCalls)));

  const longest = Math.max(...(lifetimes ?? []));
  console.log(
    `${String(lifetimes?.length)} sockets, ${String(most)} held at once, the longest for ${longest.toFixed(0)} ms;`,
    `${describeLatencies("quiet", quiet)}, worst ${worst(quiet)}; ${describeLatencies("meanwhile", meanwhile)}, worst ${worst(meanwhile)}`,
  );
  expect(lifetimes).toHaveLength(sockets);
  expect(most, "all were the service's at once, but for a few").toBeGreaterThan(0.98 * sockets);
  expect(longest).toBeLessThan(requestTimeoutMs + lookedForEveryMs + graceMs);
  expect(meanwhile.length, "enough calls for a p99").toBeGreaterThan(quietCalls);
  const usualMs = Math.max(leastMs, percentile(quiet, 0.99));
  expect(percentile(meanwhile, 0.99)).toBeLessThanOrEqual(2 * usualMs);
}, 60_000);

it("S15: 1,000 connects of one user at once are one chat, one case and one contact; the rest are told that there is one", async () => {
  const { desk } = stage().world.parts;
  const { userId, name, email, phoneNumber } = stage().user("ana");
  const payload = { userID: userId, name, email, phoneNumber, provider: "whatsapp", botSlug: "bot", botId: "521" };
  await stage().token();
  const answers = await Promise.all(
    Array.from({ length: flood }, async () => {
      const answer = await stage().call("POST", "/v1/chats/connect", payload);
      return { status: answer.status, text: await answer.text() };
    }),
  );
  const counts = Map.groupBy(answers, ({ status }) => status);
  console.log([...counts].map(([status, some]) => `${String(some.length)} times ${String(status)}`).join(", "));
  expect(counts.get(200)).toHaveLength(1);
  const refused = answers.filter(({ text }) => text.includes("session exists with this userID"));
  expect(refused).toHaveLength(flood - 1);
  expect([...desk.byId.values()].filter(({ user }) => user === userId)).toHaveLength(1);
  expect([...desk.records.all("Case")]).toHaveLength(1);
  expect([...desk.records.all("Contact")]).toHaveLength(1);
});

// Last: it leaves the bot's account locked for a minute.
it("S15: 1,000 guesses with as many X-Forwarded-For are 30 refusals and then 429 with Retry-After; the other account logs in", async () => {
  const guesses = await Promise.all(
    Array.from({ length: flood }, async (_, i) => {
      const from = `10.0.${String(i >> 8)}.${String(i & 255)}`;
      const body = JSON.stringify({ username: SERVICE_ACCOUNTS.bot.username, password: `guess ${String(i)}` });
      return authenticate(body, { "x-forwarded-for": from, forwarded: `for=${from}` });
    }),
  );
  const counts = Map.groupBy(guesses, ({ status }) => status);
  console.log([...counts].map(([status, some]) => `${String(some.length)} times ${String(status)}`).join(", "));
  expect([...counts.keys()].sort()).toEqual([401, 429]);
  // One more every two seconds that the flood takes.
  expect(counts.get(401)?.length).toBeGreaterThanOrEqual(30);
  expect(counts.get(401)?.length).toBeLessThan(40);
  for (const { retryAfter } of counts.get(429) ?? []) expect(retryAfter).toMatch(/^[12]$/);
  const other = { username: "salesforceUser", password: settingCanaries.salesforceUserPassword };
  expect(await authenticate(JSON.stringify(other))).toMatchObject({ status: 200 });
});

async function authenticate(body: string, headers: Readonly<Record<string, string>> = {}) {
  const answer = await fetch(`${stage().service.url}/v1/authenticate`, { method: "POST", body, headers });
  await answer.arrayBuffer();
  return { status: answer.status, retryAfter: answer.headers.get("retry-after") };
}

/** Honest calls, one after the other, until it is enough: the milliseconds of each. */
async function callsUntil(isEnough: (made: number) => boolean | Promise<boolean>): Promise<Latencies> {
  const latencies: number[] = [];
  do latencies.push(await honestCall());
  while (!(await isEnough(latencies.length)));
  return latencies;
}

/** Of the service. */
async function openDescriptors(): Promise<number> {
  const text = await (await fetch(`${stage().service.metricsUrl}/metrics`)).text();
  return Number(/^process_open_fds (\d+)/mu.exec(text)?.[1]);
}

const worst = (latencies: Latencies): string => `${Math.max(...latencies).toFixed(0)} ms`;

const calls = { made: 0 };

/** A message by the webhook; resolves with the milliseconds until it was accepted. */
async function honestCall(): Promise<number> {
  calls.made += 1;
  const id = `honest-${String(calls.made)}`;
  const body = JSON.stringify({
    id,
    timestamp: String(Date.now()),
    type: "text",
    from: "5215500000001",
    text: { body: id },
  });
  const startedMs = performance.now();
  const call = request(`${stage().service.url}${webhook}`, { method: "POST", agent: false });
  call.end(body);
  const [answer] = (await once(call, "response")) as [NodeJS.ReadableStream & { readonly statusCode: number }];
  answer.resume();
  await once(answer, "end");
  expect(answer.statusCode).toBe(200);
  return performance.now() - startedMs;
}
