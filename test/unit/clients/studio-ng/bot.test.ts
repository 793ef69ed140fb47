// The bot port on Studio NG: path, body, token, and what each status means.
import { afterEach, describe, expect, it } from "vitest";

import { createStudioNgBot } from "../../../../src/clients/studio-ng/bot.ts";
import { answeringServer, type Reply } from "../http/answering-server.ts";
import { never, shortClient } from "../salesforce/clients.ts";

const toClose: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

async function setUp(reply: Reply, token: string | null = "studio-token", suffix = "") {
  const server = await answeringServer(() => reply);
  const http = shortClient();
  toClose.push(
    () => http.close(),
    () => server.close(),
  );
  return { bot: createStudioNgBot({ http, url: `${server.url}${suffix}`, token }), received: server.received };
}

const request = { userId: "6543210987654321", botSlug: "my-bot", botState: "from-sf-success" };

describe("a hand-back", () => {
  it.each(["", "/", "/studio/"])("goes out as the parity sheet says, with %j at the end of the URL", async (suffix) => {
    const { bot, received } = await setUp({ status: 200, body: "anything" }, undefined, suffix);
    expect(await bot.handBack(request, never)).toEqual({ kind: "done", value: null });
    expect(received).toMatchObject([
      {
        method: "POST",
        url: `${suffix.replace(/\/$/, "")}/v1/triggers/from-sf-success/webhook`,
        body: '{"userId":"6543210987654321"}',
        headers: { authorization: "Bearer studio-token", "content-type": "application/json" },
      },
    ]);
  });

  it.each([null, ""])("carries no authorization where the token is %j", async (token) => {
    const { bot, received } = await setUp({ status: 200 }, token);
    await bot.handBack(request, never);
    expect(received[0]?.headers).not.toHaveProperty("authorization");
  });

  it("with an odd state can't leave its path (defect F10)", async () => {
    const { bot, received } = await setUp({ status: 200 });
    await bot.handBack({ ...request, botState: "../a b?x=#" }, never);
    expect(received[0]?.url).toBe("/v1/triggers/..%2Fa%20b%3Fx%3D%23/webhook");
  });

  it.each(["", ".", ".."])("with the state %j is refused, and nothing is sent", async (botState) => {
    const { bot, received } = await setUp({ status: 200 });
    expect(await bot.handBack({ ...request, botState }, never)).toMatchObject({ kind: "refused" });
    expect(received).toHaveLength(0);
  });

  it.each<[string, Reply, object]>([
    ["404", { status: 404, body: "no trigger" }, { kind: "refused", detail: "status 404" }],
    ["429", { status: 429 }, { kind: "retry", mayHaveHappened: false }],
    ["500", { status: 500 }, { kind: "retry", mayHaveHappened: true }],
    ["a lost answer", (_, incoming) => void incoming.socket.destroy(), { kind: "retry", mayHaveHappened: true }],
  ])("is judged by %s, without telling the token or the user", async (_, reply, outcome) => {
    const { bot, received } = await setUp(reply);
    const answer = await bot.handBack(request, never);
    expect(answer).toMatchObject(outcome);
    expect(JSON.stringify(answer)).not.toMatch(/studio-token|6543210987654321/);
    expect(received).toHaveLength(1);
  });
});
