// Who may call what: log-in, tokens of ours and of the service before, forged ones, and the roles of every route.
import { createHmac, generateKeyPairSync } from "node:crypto";

import jwt from "jsonwebtoken";
import { describe, expect, it } from "vitest";

import { routes } from "../../../src/ingress/routes.ts";
import { createEdge, passwords, startOfTime, type Edge } from "./edge.ts";

/** The token that the original gave to yaloUser / yaloPassword under the key `secret`. */
const legacyToken =
  "eyJhbGciOiJIUzM4NCIsInR5cCI6IkpXVCJ9.eyJwYXNzd29yZCI6IjEyYjgxNmM2YjhhM2M0NWVkYmUwZjg1ZDhiYTQ0YjNkNWYxNDhhYjkiLCJyb2xlIjoiWUFMT19ST0xFIiwidXNlcm5hbWUiOiJ5YWxvVXNlciJ9.2HsCTU6IPwlFQV_Vu8w_IjxtLJIQs-_W-8jobwWtGmkzc9SYaibc7QN-5caZgVrC";
const legacyClaims = {
  password: "12b816c6b8a3c45edbe0f85d8ba44b3d5f148ab9",
  role: "YALO_ROLE",
  username: "yaloUser",
};

const check = (edge: Edge, token: string): ReturnType<Edge["send"]> =>
  edge.send({ method: "GET", url: "/v1/tokens/check", headers: { authorization: `Bearer ${token}` } });
const logIn = (edge: Edge, payload: string): ReturnType<Edge["send"]> =>
  edge.send({ method: "POST", url: "/v1/authenticate", payload });
const error = (text: string): string => JSON.stringify({ ErrorDescription: text });

describe("log-in", () => {
  it.each(Object.entries(passwords))("gives %s a token that its check knows", async (username, password) => {
    const edge = createEdge();
    const response = await logIn(edge, JSON.stringify({ username, password }));
    expect(response.statusCode).toBe(200);
    expect(response.headers["content-type"]).toBe("application/json");
    const { token } = response.json<{ readonly token: string }>();
    const checked = await check(edge, token);
    const role = username === "yaloUser" ? "YALO_ROLE" : "SALESFORCE_ROLE";
    expect([checked.statusCode, checked.body]).toEqual([200, JSON.stringify({ username, role })]);
  });

  it("gives a token that is HS384, expires, and holds no password", async () => {
    const token = await createEdge().token();
    const { header, payload } = jwt.decode(token, { complete: true }) ?? {};
    expect(header).toEqual({ alg: "HS384", typ: "JWT" });
    expect(payload).toMatchObject({ role: "YALO_ROLE", username: "yaloUser", exp: startOfTime / 1000 + 12 * 3600 });
    expect(JSON.stringify(payload)).not.toMatch(/yaloPassword|12b816c6|password/);
  });

  it.each([
    ["an unknown name", { username: "x", password: "y" }, "username Invalid"],
    ["an unknown name with a role", { username: "x", password: "y", role: "YALO_ROLE" }, "Invalid credentials."],
    ["a wrong password", { username: "yaloUser", password: "y" }, "Invalid credentials."],
    ["another's password", { username: "yaloUser", password: "sfPassword" }, "Invalid credentials."],
    ["no password", { username: "yaloUser" }, "Invalid credentials."],
    ["nothing", {}, "username Invalid"],
  ])("refuses %s", async (_what, payload, text) => {
    const response = await logIn(createEdge(), JSON.stringify(payload));
    expect([response.statusCode, response.body]).toEqual([401, error(text)]);
  });

  it.each([
    ["", "EOF"],
    ['{"username":"a"', "unexpected EOF"],
    ["error", "invalid character 'e' looking for beginning of value"],
    ['{"username":5}', "json: cannot unmarshal number into Go struct field Credentials.username of type string"],
  ])("answers 400 to the body %j", async (payload, text) => {
    const response = await logIn(createEdge(), payload);
    expect([response.statusCode, response.body]).toEqual([400, error(`Invalid payload received : ${text}`)]);
  });

  it("reads keys in any case, the last of them, and the first value only", async () => {
    const body = '{"USERNAME":"x","username":"yaloUser","Password":"yaloPassword","more":[1]} {"username":"x"}';
    expect((await logIn(createEdge(), body)).statusCode).toBe(200);
  });

  it("lets the Salesforce account win when both have one name", async () => {
    const accounts = [
      { username: "same", password: "one", role: "YALO_ROLE" as const },
      { username: "same", password: "two", role: "SALESFORCE_ROLE" as const },
    ];
    const edge = createEdge({ auth: { secretKey: "k", tokenTtlMs: 60_000, legacyTokens: "refuse", accounts } });
    expect((await logIn(edge, '{"username":"same","password":"one"}')).statusCode).toBe(401);
    expect((await logIn(edge, '{"username":"same","password":"two"}')).statusCode).toBe(200);
  });
});

describe("transport of tokens", () => {
  const required = "An Authorization header or an Query Param with name token is required.";
  const badHeader = "Invalid Authorization token, header invalid.";

  it.each([
    ["no token", {}, "", required],
    ["an empty header and no query", { authorization: "" }, "", required],
    ["an empty query", {}, "?token=", required],
    ["another scheme", { authorization: "Basic eHg=" }, "", badHeader],
    ["a lower-case scheme", { authorization: `bearer ${legacyToken}` }, "", badHeader],
    ["two blanks", { authorization: `Bearer  ${legacyToken}` }, "", badHeader],
    ["a token alone", { authorization: legacyToken }, "", badHeader],
    ["a bad header beside a good query", { authorization: "x" }, `?token=${legacyToken}`, badHeader],
    [
      "a bad token beside a good query",
      { authorization: "Bearer x" },
      `?token=${legacyToken}`,
      "Invalid Authorization token.",
    ],
  ])("refuses %s", async (_what, headers, query, text) => {
    const response = await createEdge().send({ method: "GET", url: `/v1/tokens/check${query}`, headers });
    expect([response.statusCode, response.body]).toEqual([401, error(text)]);
  });

  it("takes it from the header unless that is empty, else from the query, the first of several", async () => {
    const status = async (authorization: string | null, query: string): Promise<number> => {
      const headers = authorization === null ? {} : { authorization };
      return (await createEdge().send({ method: "GET", url: `/v1/tokens/check${query}`, headers })).statusCode;
    };
    expect(await status(`Bearer ${legacyToken}`, "?token=x")).toBe(200);
    expect(await status("", `?token=${legacyToken}&token=x`)).toBe(200);
    expect(await status(null, `?token=${legacyToken}&token=x`)).toBe(200);
    expect(await status("Bearer x", `?token=${legacyToken}`)).toBe(401);
    expect(await status(null, `?token=x&token=${legacyToken}`)).toBe(401);
  });
});

describe("S02: tokens of the service before this one", () => {
  it("are taken and counted", async () => {
    const edge = createEdge();
    expect((await check(edge, legacyToken)).statusCode).toBe(200);
    expect(edge.seen.counts).toContainEqual({ name: "legacy_tokens", labels: { role: "YALO_ROLE" } });
  });

  it.each(["HS256", "HS512"] as const)("are taken with %s, as there", async (algorithm) => {
    const token = jwt.sign(legacyClaims, "secret", { algorithm, noTimestamp: true });
    expect((await check(createEdge(), token)).statusCode).toBe(200);
  });

  it("are refused when told so, while ours pass", async () => {
    const { auth } = { auth: { secretKey: "secret", tokenTtlMs: 60_000, accounts: accounts() } };
    const edge = createEdge({ auth: { ...auth, legacyTokens: "refuse" } });
    expect((await check(edge, legacyToken)).statusCode).toBe(401);
    expect((await check(edge, await edge.token())).statusCode).toBe(200);
  });
});

describe("S01, S02: forged and outdated tokens", () => {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const sign = (claims: object, key = "secret"): string =>
    jwt.sign(claims, key, { algorithm: "HS384", noTimestamp: true });
  const hmac = (header: object, claims: object): string => {
    const signed = `${part(header)}.${part(claims)}`;
    return `${signed}.${createHmac("sha384", "secret").update(signed).digest("base64url")}`;
  };
  const inAnHour = startOfTime / 1000 + 3600;

  it.each<readonly [what: string, token: string]>([
    ["none", `${part({ alg: "none", typ: "JWT" })}.${part(legacyClaims)}.`],
    ["none in capitals", `${part({ alg: "NONE" })}.${part(legacyClaims)}.x`],
    ["RS256", jwt.sign(legacyClaims, rsa.privateKey, { algorithm: "RS256" })],
    ["another key", sign(legacyClaims, "other")],
    ["an empty signature", `${legacyToken.split(".").slice(0, 2).join(".")}.`],
    [
      "a changed claim",
      [legacyToken.split(".")[0], part({ ...legacyClaims, role: "SALESFORCE_ROLE" }), legacyToken.split(".")[2]].join(
        ".",
      ),
    ],
    ["an algorithm that the signature has not", hmac({ alg: "HS256" }, legacyClaims)],
    ["a kid that is a path", hmac({ alg: "HS384", kid: "../../dev/null" }, { ...legacyClaims, password: "x" })],
    ["a key from elsewhere", hmac({ alg: "HS384", jku: "https://x.example/keys" }, { ...legacyClaims, password: "x" })],
    [
      "the public key as secret",
      jwt.sign(legacyClaims, rsa.publicKey.export({ type: "spki", format: "pem" }), { algorithm: "HS256" }),
    ],
    ["100 kB", `${legacyToken.split(".")[0] ?? ""}.${"x".repeat(100_000)}.y`],
    ["one segment", "abc"],
    ["two segments", "a.b"],
    ["no JSON", "e30.bm90anNvbg.e30"],
    ["a payload that is a text", hmac({ alg: "HS384" }, "yaloUser" as unknown as object)],
    ["no role", sign({ password: legacyClaims.password, username: "yaloUser" })],
    ["another's role", sign({ ...legacyClaims, role: "SALESFORCE_ROLE" })],
    ["an unknown role", sign({ ...legacyClaims, role: "__proto__" })],
    ["another password", sign({ ...legacyClaims, password: "0".repeat(40) })],
    ["an expired legacy token", sign({ ...legacyClaims, exp: startOfTime / 1000 - 1 })],
    ["a legacy token of tomorrow", sign({ ...legacyClaims, nbf: inAnHour })],
    ["a legacy token issued tomorrow", hmac({ alg: "HS384", typ: "JWT" }, { ...legacyClaims, iat: inAnHour })],
    ["no password and no mark", sign({ role: "YALO_ROLE", username: "yaloUser", exp: inAnHour })],
    ["a wrong mark", sign({ role: "YALO_ROLE", username: "yaloUser", exp: inAnHour, acc: "x".repeat(22) })],
  ])("%s is 401, with one text", async (_what, token) => {
    const response = await check(createEdge(), token);
    expect([response.statusCode, response.body]).toEqual([401, error("Invalid Authorization token.")]);
  });

  it("a token of ours without its expiry, or with another algorithm, is 401", async () => {
    const edge = createEdge();
    const { iat: _iat, exp, ...claims } = jwt.decode(await edge.token()) as jwt.JwtPayload;
    expect((await check(edge, sign({ ...claims, exp }))).statusCode).toBe(200);
    expect((await check(edge, sign(claims))).statusCode).toBe(401);
    expect((await check(edge, jwt.sign({ ...claims, exp }, "secret", { algorithm: "HS256" }))).statusCode).toBe(401);
  });

  it("a token dies when its time is over", async () => {
    const edge = createEdge();
    const token = await edge.token();
    edge.world.now += 12 * 3_600_000 - 1000;
    expect((await check(edge, token)).statusCode).toBe(200);
    edge.world.now += 1000;
    expect((await check(edge, token)).statusCode).toBe(401);
  });

  it("a token dies with the password it was given for", async () => {
    const token = await createEdge().token();
    const changed = accounts().map((account) => ({ ...account, password: "new" }));
    const auth = { secretKey: "secret", tokenTtlMs: 60_000, legacyTokens: "accept" as const, accounts: changed };
    expect((await check(createEdge({ auth }), token)).statusCode).toBe(401);
  });
});

it("log-in answers 200 with a token, 401 with one of two texts", async () => {
  const answer = async (body: object): Promise<unknown> => {
    const response = await logIn(createEdge(), JSON.stringify(body));
    return [response.statusCode, response.body];
  };
  const password = passwords["yaloUser"];
  expect(await answer({ username: "yaloUser", password })).toEqual([
    200,
    expect.stringMatching(/^\{"token":"[^"]+"\}$/),
  ]);
  const [unknown, wrong] = [error("username Invalid"), error("Invalid credentials.")];
  expect(await answer({ username: "somebody", password })).toEqual([401, unknown]);
  expect(await answer({ username: "somebody", password, role: "YALO_ROLE" })).toEqual([401, wrong]);
  expect(await answer({ username: "yaloUser", password: "another" })).toEqual([401, wrong]);
});

describe("S03: roles", () => {
  const parameters: Readonly<Record<string, string>> = {
    ":user_id": "5215512345678",
    ":requestId": "019b7c9a-0000-7000-8000-000000000000",
  };
  const addressOf = (path: string): string => path.replaceAll(/:\w+/g, (name) => parameters[name] ?? name);
  const cases = routes.flatMap((route) =>
    [null, "yaloUser", "salesforceUser"].map(
      (caller) => [caller ?? "nobody", route.method, route.path, route.roles] as const,
    ),
  );

  it.each(cases)("%s on %s %s", async (caller, method, path, allowed) => {
    const edge = createEdge();
    const headers = caller === "nobody" ? {} : { authorization: `Bearer ${await edge.token(caller)}` };
    const response = await edge.send({ method, url: addressOf(path), headers });
    const role = { nobody: null, yaloUser: "YALO_ROLE", salesforceUser: "SALESFORCE_ROLE" }[caller] ?? null;
    const open = allowed === null || (allowed as readonly (string | null)[]).includes(role);
    const refusal = role === null ? 401 : 403;
    if (open) expect([401, 403]).not.toContain(path === "/v1/authenticate" ? 200 : response.statusCode);
    else expect(response.statusCode).toBe(refusal);
    if (refusal === 403 && !open) expect(response.body).toBe(error("Invalid Authorization token."));
  });

  it("opens to SALESFORCE_ROLE nothing but the check of its token, to nobody only what needs no token", async () => {
    const openTo = async (username: string | null): Promise<string[]> => {
      const open: string[] = [];
      for (const { method, path, name } of routes) {
        const edge = createEdge();
        const headers = username === null ? {} : { authorization: `Bearer ${await edge.token(username)}` };
        // The log-in is asked for nobody, which it can't read: 400.
        const payload = method === "POST" ? { payload: "" } : {};
        const { statusCode } = await edge.send({ method, url: addressOf(path), headers, ...payload });
        if (statusCode !== 401 && statusCode !== 403) open.push(name);
      }
      return open;
    };
    const free = ["welcome", "authenticate", "whatsapp", "facebook"];
    expect((await openTo(null)).sort()).toEqual(free.toSorted());
    expect((await openTo("salesforceUser")).sort()).toEqual([...free, "tokenCheck"].sort());
    expect((await openTo("yaloUser")).sort()).toEqual(routes.map(({ name }) => name).sort());
  });

  it("refuses before the body is read", async () => {
    const edge = createEdge();
    const payload = "x".repeat(1024 * 1024 + 1);
    expect((await edge.send({ method: "POST", url: "/v1/chats/connect", payload })).statusCode).toBe(401);
  });
});

function accounts(): { username: string; password: string; role: "YALO_ROLE" | "SALESFORCE_ROLE" }[] {
  return [
    { username: "yaloUser", password: "yaloPassword", role: "YALO_ROLE" },
    { username: "salesforceUser", password: "sfPassword", role: "SALESFORCE_ROLE" },
  ];
}
