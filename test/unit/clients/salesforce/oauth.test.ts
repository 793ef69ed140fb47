// The access token: one login for all callers, refreshed once.
import { afterEach, describe, expect, it, vi } from "vitest";

import { createAccessTokens } from "../../../../src/clients/salesforce/oauth.ts";
import { answeringServer } from "../http/answering-server.ts";
import type { AnsweringServer, Reply } from "../http/answering-server.ts";
import { grant, never, rememberingLog, shortClient } from "./clients.ts";

const toClose: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

const tokenReply = (token: string): Reply => ({
  status: 200,
  body: { access_token: token, instance_url: "https://x" },
});

async function setUp(answer: () => Reply) {
  const server: AnsweringServer = await answeringServer(answer);
  const http = shortClient();
  const { log, lines } = rememberingLog();
  toClose.push(
    () => http.close(),
    () => server.close(),
  );
  return { server, lines, tokens: createAccessTokens({ http, loginUrl: server.url, grant, log }) };
}

function numbered(): () => Reply {
  let issued = 0;
  return () => {
    issued += 1;
    return tokenReply(`token-${issued}`);
  };
}

describe("the token of the data API", () => {
  it("is fetched with the password grant of the parity sheet, and no earlier than needed", async () => {
    const { server, tokens } = await setUp(numbered());
    expect(server.received).toHaveLength(0);
    expect(await tokens.get(never)).toEqual({ kind: "done", value: "token-1" });
    expect(server.received[0]).toMatchObject({ method: "POST", url: "/services/oauth2/token" });
    expect(server.received[0]?.headers["content-type"]).toBe("application/x-www-form-urlencoded");
    expect(Object.fromEntries(new URLSearchParams(server.received[0]?.body))).toEqual({
      grant_type: "password",
      client_id: "the-client",
      client_secret: "the-secret",
      username: "service@example.org",
      password: "pass&wordTOKEN+1",
    });
  });

  it("is fetched once for all who ask at the same time, and then kept", async () => {
    const { server, tokens } = await setUp(numbered());
    const asked = await Promise.all(Array.from({ length: 20 }, () => tokens.get(never)));
    expect(new Set(asked.map((outcome) => JSON.stringify(outcome)))).toEqual(
      new Set(['{"kind":"done","value":"token-1"}']),
    );
    await tokens.get(never);
    expect(server.received).toHaveLength(1);
  });

  it("is renewed once for all whose token was refused", async () => {
    const { server, tokens } = await setUp(numbered());
    await tokens.get(never);
    const renewed = await Promise.all(Array.from({ length: 20 }, () => tokens.renew("token-1", never)));
    expect(renewed.every((outcome) => outcome.kind === "done" && outcome.value === "token-2")).toBe(true);
    expect(server.received).toHaveLength(2);
  });

  it("that is newer than the refused one is given without a fetch", async () => {
    const { server, tokens } = await setUp(numbered());
    await tokens.get(never);
    await tokens.renew("token-1", never);
    expect(await tokens.renew("token-1", never)).toEqual({ kind: "done", value: "token-2" });
    expect(server.received).toHaveLength(2);
  });

  it("is fetched on when one of those who wait goes away", async () => {
    const waiting: ((reply: Reply) => void)[] = [];
    const { server, tokens } = await setUp(() => (response) => {
      waiting.push(() => response.end(JSON.stringify({ access_token: "late" })));
    });
    const controller = new AbortController();
    const gone = tokens.get(controller.signal);
    const stays = tokens.get(never);
    await vi.waitFor(() => expect(waiting).toHaveLength(1), { timeout: 3_000 });
    controller.abort();
    expect(await gone).toMatchObject({ kind: "retry", detail: "aborted", mayHaveHappened: false });
    waiting[0]?.({ status: 200 });
    expect(await stays).toEqual({ kind: "done", value: "late" });
    expect(server.received).toHaveLength(1);
  });

  it.each<[string, Reply, object]>([
    [
      "refused with Salesforce's words",
      { status: 400, body: { error: "invalid_grant", error_description: "authentication failure" } },
      { kind: "refused", status: 400, detail: "Salesforce login: status 400: invalid_grant: authentication failure" },
    ],
    [
      "refused without words that could be somebody's",
      { status: 400, body: { error: "invalid_grant", error_description: "no user service@example.org" } },
      { kind: "refused", status: 400, detail: "Salesforce login: status 400: invalid_grant" },
    ],
    [
      "refused without words that quote what was sent",
      { status: 400, body: { error: "invalid_grant", error_description: `wrong secret ${grant.clientSecret}` } },
      { kind: "refused", status: 400, detail: "Salesforce login: status 400: invalid_grant" },
    ],
    [
      "asked for later when Salesforce has trouble, with nothing done",
      { status: 500, body: "oops", headers: { "retry-after": "3" } },
      { kind: "retry", status: 500, mayHaveHappened: false, retryAfterMs: 3_000 },
    ],
    [
      "asked for later when the answer is lost, with nothing done",
      (_, request) => void request.socket.destroy(),
      { kind: "retry", mayHaveHappened: false },
    ],
    ["not understood without access_token", { status: 200, body: { token: "x" } }, { kind: "broken" }],
  ])("is %s; the failure is logged, not remembered, and tells no secret", async (_, failure, outcome) => {
    const replies = [failure, tokenReply("fine")];
    const { tokens, lines } = await setUp(() => replies.shift() ?? { status: 500 });
    expect(await tokens.get(never)).toMatchObject(outcome);
    expect(lines).toHaveLength(1);
    expect(lines.join()).not.toMatch(/the-secret|pass&word|TOKEN|service@/);
    expect(await tokens.get(never)).toEqual({ kind: "done", value: "fine" });
  });
});
