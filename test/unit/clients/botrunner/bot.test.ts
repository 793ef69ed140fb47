// The bot port on Botrunner: path, query, body, and what each status means.
import { afterEach, describe, expect, it } from "vitest";

import { createBot } from "../../../../src/clients/botrunner/bot.ts";
import { answeringServer } from "../http/answering-server.ts";
import type { Reply } from "../http/answering-server.ts";
import { never, rememberingLog, shortClient } from "../salesforce/clients.ts";

const toClose: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

async function setUp(reply: Reply, token: string | null = "a jwt&more") {
  const server = await answeringServer(() => reply);
  const http = shortClient();
  toClose.push(
    () => http.close(),
    () => server.close(),
  );
  const { log, lines } = rememberingLog();
  return { bot: createBot({ http, log, url: `${server.url}/`, token }), received: server.received, lines };
}

const request = { userId: "5215512345678", botSlug: "my-bot", botState: "from-sf-success" };

describe("a hand-back", () => {
  it("goes out as the parity sheet says", async () => {
    const { bot, received } = await setUp({ status: 200, body: {} });
    expect(await bot.handBack(request, never)).toEqual({ kind: "done", value: null });
    expect(received[0]).toMatchObject({
      method: "POST",
      url: "/my-bot/send-to?jwt=a%20jwt%26more",
      body: '{"message":"","state":"from-sf-success","userId":"5215512345678"}',
    });
    expect(received[0]?.headers["content-type"]).toBe("application/json");
  });

  it.each([null, ""])("carries no jwt where the token is %j", async (token) => {
    const { bot, received } = await setUp({ status: 200 }, token);
    await bot.handBack(request, never);
    expect(received[0]?.url).toBe("/my-bot/send-to");
  });

  it.each([
    ["a/../../b?x=#", "/a%2F..%2F..%2Fb%3Fx%3D%23/send-to?jwt=a%20jwt%26more"],
    ["bot ñ", "/bot%20%C3%B1/send-to?jwt=a%20jwt%26more"],
  ])("to %j can't leave its path", async (botSlug, url) => {
    const { bot, received } = await setUp({ status: 200 });
    await bot.handBack({ ...request, botSlug }, never);
    expect(received[0]?.url).toBe(url);
  });

  it.each(["", ".", ".."])("to %j is refused, and nothing is sent", async (botSlug) => {
    const { bot, received } = await setUp({ status: 200 });
    expect(await bot.handBack({ ...request, botSlug }, never)).toMatchObject({ kind: "refused" });
    expect(received).toHaveLength(0);
  });

  it.each<[string, Reply, object]>([
    ["200 without JSON", { status: 200, body: "ok" }, { kind: "done" }],
    ["404", { status: 404, body: "no bot" }, { kind: "refused", detail: "status 404" }],
    ["500", { status: 500 }, { kind: "retry", mayHaveHappened: true }],
    ["a lost answer", (_, incoming) => void incoming.socket.destroy(), { kind: "retry", mayHaveHappened: true }],
  ])("is judged by %s, without telling the token or the user", async (_, reply, outcome) => {
    const { bot, received, lines } = await setUp(reply);
    const answer = await bot.handBack(request, never);
    expect(answer).toMatchObject(outcome);
    expect(JSON.stringify([answer, lines])).not.toMatch(/jwt|5215512345678/);
    expect(received).toHaveLength(1);
  });
});

it("without a bot platform every hand-back is done, with one warning", async () => {
  const { log, lines } = rememberingLog();
  const http = shortClient();
  toClose.push(() => http.close());
  const bot = createBot({ http, log, url: null, token: null });
  expect(await bot.handBack(request, never)).toEqual({ kind: "done", value: null });
  expect(await bot.handBack(request, never)).toEqual({ kind: "done", value: null });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain("BOTRUNNER_URL");
});
