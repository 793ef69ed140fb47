// The access token: one login for all callers, refreshed once.
import { generateKeyPairSync } from "node:crypto";

import jwt from "jsonwebtoken";
import { afterEach, describe, expect, it, vi } from "vitest";

import { createAccessTokens } from "../../../../src/clients/salesforce/oauth.ts";
import { answeringServer } from "../http/answering-server.ts";
import type { AnsweringServer, Reply } from "../http/answering-server.ts";
import type { Grant } from "../../../../src/clients/salesforce/grants.ts";
import { grant, never, rememberingLog, shortClient } from "./clients.ts";

const toClose: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

const tokenReply = (token: string): Reply => ({
  status: 200,
  body: { access_token: token, instance_url: "https://my-domain.my.salesforce.com" },
});

async function setUp(answer: () => Reply, given: Grant = grant) {
  const server: AnsweringServer = await answeringServer(answer);
  const http = shortClient();
  const { log, lines } = rememberingLog();
  toClose.push(
    () => http.close(),
    () => server.close(),
  );
  const time = { ms: Date.UTC(2026, 10, 22), setBackMs: 0 };
  const clock = { now: () => time.ms - time.setBackMs, monotonicMs: () => time.ms };
  const knownAddresses = ["http://base.example.org:8080", "https://chat.example.org"];
  const options = { http, loginUrl: server.url, grant: given, knownAddresses, log, clock };
  return { server, lines, time, tokens: createAccessTokens(options) };
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

  it("is asked for by nobody while the service starts (defect H12)", async () => {
    const call = vi.fn(() => new Promise<never>(() => undefined));
    const { log } = rememberingLog();
    const http = { call, close: () => undefined };
    const clock = { now: () => 0, monotonicMs: () => 0 };
    createAccessTokens({ http, loginUrl: "http://login.example.org", grant, knownAddresses: [], log, clock });
    await new Promise((resolve) => void setImmediate(resolve));
    expect(call).not.toHaveBeenCalled();
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
  ])("is %s; the failure is logged, not remembered for long, and tells no secret", async (_, failure, outcome) => {
    const replies = [failure, tokenReply("fine")];
    const { tokens, lines, time } = await setUp(() => replies.shift() ?? { status: 500 });
    expect(await tokens.get(never)).toMatchObject(outcome);
    expect(lines).toHaveLength(1);
    expect(lines.join()).not.toMatch(/the-secret|pass&word|TOKEN|service@/);
    time.ms += 5_000;
    expect(await tokens.get(never)).toEqual({ kind: "done", value: "fine" });
  });
});

const wrongPassword: Reply = {
  status: 400,
  body: { error: "invalid_grant", error_description: "authentication failure" },
};

describe("a refused login", () => {
  it("is not repeated at once, by whomever: the org would lock the user out", async () => {
    const { server, tokens, time, lines } = await setUp(() => wrongPassword);
    const first = await tokens.get(never);
    const held = await Promise.all(Array.from({ length: 20 }, () => tokens.get(never)));
    expect(held).toEqual(held.map(() => first));
    time.ms += 4_999;
    expect(await tokens.renew("old", never)).toEqual(first);
    expect([server.received.length, lines.length]).toEqual([1, 1]);
    time.ms += 1;
    expect(await tokens.get(never)).toEqual(first);
    expect(server.received).toHaveLength(2);
  });

  it("is held back no longer when the clock is set back", async () => {
    const answers = [wrongPassword, tokenReply("token-1")];
    const { tokens, time } = await setUp(() => answers.shift() ?? wrongPassword);
    await tokens.get(never);
    time.setBackMs = 3_600_000;
    time.ms += 5_000;
    expect(await tokens.get(never)).toEqual({ kind: "done", value: "token-1" });
  });

  it("is repeated at most twenty times in the three hours that follow", async () => {
    const { server, tokens, time } = await setUp(() => wrongPassword);
    for (let minute = 0; minute < 180; minute += 1) {
      await tokens.get(never);
      time.ms += 60_000;
    }
    expect(server.received.length).toBeGreaterThan(10);
    expect(server.received.length).toBeLessThanOrEqual(20);
  });

  it.each<[string, Reply]>([
    ["Salesforce's trouble", { status: 503, body: "oops" }],
    ["an answer that is lost", (_, request) => void request.socket.destroy()],
    ["an answer that is not understood", { status: 200, body: { token: "x" } }],
  ])("is held back for as long as before after %s in between", async (_, trouble) => {
    const replies = [wrongPassword, wrongPassword, trouble, wrongPassword];
    const { server, tokens, time } = await setUp(() => replies.shift() ?? { status: 500 });
    for (const waitMs of [5_000, 10_000, 0]) {
      await tokens.get(never);
      time.ms += waitMs;
    }
    expect(await tokens.get(never)).toMatchObject({ kind: "refused" });
    time.ms += 19_999;
    await tokens.get(never);
    expect(server.received).toHaveLength(4);
  });

  it("is forgotten once a login succeeds", async () => {
    const replies = [wrongPassword, wrongPassword, tokenReply("fine"), wrongPassword, tokenReply("again")];
    const { tokens, time } = await setUp(() => replies.shift() ?? { status: 500 });
    for (const waitMs of [5_000, 10_000]) {
      expect(await tokens.get(never)).toMatchObject({ kind: "refused" });
      time.ms += waitMs;
    }
    expect(await tokens.get(never)).toEqual({ kind: "done", value: "fine" });
    expect(await tokens.renew("fine", never)).toMatchObject({ kind: "refused" });
    time.ms += 5_000;
    expect(await tokens.get(never)).toEqual({ kind: "done", value: "again" });
  });
});

describe("the instance of a login", () => {
  it.each([
    "https://my-domain.my.salesforce.com",
    "https://eu.force.com",
    "http://base.example.org:8080",
    "http://base.example.org:8080/services",
    "http://base.example.org:8081",
    "https://base.example.org",
    "https://chat.example.org:8443",
  ])("may be %s", async (instance) => {
    const { tokens } = await setUp(() => ({ status: 200, body: { access_token: "t", instance_url: instance } }));
    expect(await tokens.get(never)).toEqual({ kind: "done", value: "t" });
  });

  it.each([
    "https://evil.example.org",
    "https://salesforce.com.evil.example.org",
    "https://evilsalesforce.com",
    "http://my-domain.my.salesforce.com",
    "http://chat.example.org",
    "http://evil.base.example.org:8080",
    "ftp://base.example.org:8080",
    "not an address",
  ])("may not be %s: its token is not used", async (instance) => {
    const { tokens } = await setUp(() => ({ status: 200, body: { access_token: "t", instance_url: instance } }));
    expect(await tokens.get(never)).toMatchObject({ kind: "broken", detail: expect.stringMatching(/instance_url/) });
  });
});

describe("other grants", () => {
  it("send client credentials alone", async () => {
    const { clientId, clientSecret } = grant;
    const { server, tokens } = await setUp(numbered(), { kind: "client_credentials", clientId, clientSecret });
    expect(await tokens.get(never)).toEqual({ kind: "done", value: "token-1" });
    expect(Object.fromEntries(new URLSearchParams(server.received[0]?.body))).toEqual({
      grant_type: "client_credentials",
      client_id: "the-client",
      client_secret: "the-secret",
    });
  });

  it("send a statement that the key has signed and that ends within three minutes", async () => {
    const keys = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
    });
    const { clientId, username } = grant;
    const bearer = { kind: "jwt_bearer", clientId, username, key: keys.privateKey } as const;
    const { server, tokens, time } = await setUp(numbered(), bearer);
    expect(await tokens.get(never)).toEqual({ kind: "done", value: "token-1" });
    const form = new URLSearchParams(server.received[0]?.body);
    expect([...form.keys()].sort()).toEqual(["assertion", "grant_type"]);
    expect(form.get("grant_type")).toBe("urn:ietf:params:oauth:grant-type:jwt-bearer");
    const seconds = time.ms / 1000;
    const checks = { algorithms: ["RS256" as const], clockTimestamp: seconds };
    expect(jwt.verify(form.get("assertion") ?? "", keys.publicKey, checks)).toEqual({
      iss: "the-client",
      sub: "service@example.org",
      aud: server.url,
      exp: seconds + 120,
    });
  });

  it("are refused at the start with a key that is none", async () => {
    const { clientId, username } = grant;
    for (const key of ["-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----", ecKey()])
      await expect(setUp(numbered(), { kind: "jwt_bearer", clientId, username, key })).rejects.toThrow(/^SFC_JWT_KEY/);
  });
});

function ecKey(): string {
  return generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  }).privateKey;
}
