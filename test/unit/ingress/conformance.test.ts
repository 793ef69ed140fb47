// The HTTP API of the Go service, line by line (parity sheet, sections 1 and 2, vectors of section 12): what is sent, and the very status, text and
// headers that come back. Where this service answers otherwise on purpose the title says so; docs/migrating.md lists it.
import jwt from "jsonwebtoken";
import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";

import type { Reply } from "../../../src/processors/interconnection/state.ts";
import { createEdge, type Edge } from "./edge.ts";

type Method = "GET" | "POST" | "PUT" | "DELETE" | "HEAD" | "OPTIONS";
type Row = readonly [what: string, method: Method, url: string, payload: string, status: number, body: string];

const whatsapp = "/v1/integrations/whatsapp/webhook";
const facebook = "/v1/integrations/facebook/webhook";
const connect = "/v1/chats/connect";
const said = (Message: string): string => JSON.stringify({ Message });
const error = (ErrorDescription: string): string => JSON.stringify({ ErrorDescription });
const missing = (struct: string, ...fields: string[]): string =>
  error(
    `Error validating payload : ${fields.map((field) => `Key: '${struct}.${field}' Error:Field validation for '${field}' failed on the 'required' tag`).join("\n")}`,
  );
const unreadable = (problem: string): string => error(`Invalid payload received : ${problem}`);
const person = { userID: "5215512345678", name: "Ana", provider: "whatsapp", botSlug: "b", botId: "i", email: "a@b.c" };
const whole = JSON.stringify(person);
const created = said("Chat created succefully");
const text = { id: "wamid.1", timestamp: "1630404000000", type: "text", from: "5215512345678", text: { body: "Hola" } };

async function answer(
  edge: Edge,
  method: Method,
  url: string,
  payload = "",
): Promise<Awaited<ReturnType<Edge["send"]>>> {
  const headers = { authorization: `Bearer ${await edge.token()}` };
  return edge.send({ method, url, headers, ...(payload === "" ? {} : { payload }) });
}

const rows: readonly Row[] = [
  ["welcome, one document on purpose", "GET", "/v1/welcome", "", 200, said("Welcome to API!")],
  ["authenticate without a body", "POST", "/v1/authenticate", "", 400, unreadable("EOF")],
  ["authenticate with a cut body", "POST", "/v1/authenticate", '{"username":', 400, unreadable("unexpected EOF")],
  [
    "authenticate with an unknown username",
    "POST",
    "/v1/authenticate",
    '{"username":"x","password":"y"}',
    401,
    error("username Invalid"),
  ],
  [
    "the same with a role",
    "POST",
    "/v1/authenticate",
    '{"username":"x","password":"y","role":"YALO_ROLE"}',
    401,
    error("Invalid credentials."),
  ],
  [
    "authenticate with a wrong password",
    "POST",
    "/v1/authenticate",
    '{"username":"yaloUser","password":"y"}',
    401,
    error("Invalid credentials."),
  ],
  ["authenticate with null", "POST", "/v1/authenticate", "null", 401, error("username Invalid")],
  ["tokens/check", "GET", "/v1/tokens/check", "", 200, '{"username":"yaloUser","role":"YALO_ROLE"}'],
  ["connect", "POST", connect, whole, 200, created],
  [
    "connect with keys in other case and unknown ones",
    "POST",
    connect,
    whole.replace("userID", "USERid").replace('"name"', '"x":[1],"NAME"'),
    200,
    created,
  ],
  ["connect with another value behind the first", "POST", connect, `${whole}{"userID":5}garbage`, 200, created],
  ["connect with the last of two keys", "POST", connect, `{"name":"",${whole.slice(1)}`, 200, created],
  [
    "connect with nothing",
    "POST",
    connect,
    "{}",
    400,
    missing("ChatPayload", "UserID", "Name", "Provider", "BotSlug", "BotId", "Email"),
  ],
  [
    "connect with an empty text, which counts as missing",
    "POST",
    connect,
    whole.replace('"Ana"', '""'),
    400,
    missing("ChatPayload", "Name"),
  ],
  [
    "connect with null",
    "POST",
    connect,
    "null",
    400,
    error("Error validating payload : validator: (nil *handlers.ChatPayload)"),
  ],
  [
    "connect with a list",
    "POST",
    connect,
    "[]",
    400,
    unreadable("json: cannot unmarshal array into Go value of type handlers.ChatPayload"),
  ],
  [
    "connect with a number for a text",
    "POST",
    connect,
    whole.replace('"5215512345678"', "5"),
    400,
    unreadable("json: cannot unmarshal number into Go struct field ChatPayload.userID of type string"),
  ],
  [
    "connect with no JSON",
    "POST",
    connect,
    "error",
    400,
    unreadable("invalid character 'e' looking for beginning of value"),
  ],
  ["context of somebody unknown", "GET", "/v1/context/5215512345678", "", 200, "null"],
  ["WhatsApp text", "POST", whatsapp, JSON.stringify(text), 200, said("insert success")],
  [
    "WhatsApp without timestamp",
    "POST",
    whatsapp,
    '{"id":"1","type":"text"}',
    400,
    missing("IntegrationsRequest", "Timestamp"),
  ],
  ["WhatsApp without anything", "POST", whatsapp, "{}", 400, missing("IntegrationsRequest", "ID", "Timestamp", "Type")],
  ["WhatsApp with null", "POST", whatsapp, "null", 400, missing("IntegrationsRequest", "ID", "Timestamp", "Type")],
  [
    "WhatsApp with no JSON",
    "POST",
    whatsapp,
    "error",
    400,
    unreadable("invalid character 'e' looking for beginning of value"),
  ],
  [
    "WhatsApp of an ignored type, without id",
    "POST",
    whatsapp,
    '{"type":"status"}',
    200,
    said("message type: status was skipped"),
  ],
  [
    "WhatsApp with a numeric timestamp",
    "POST",
    whatsapp,
    '{"id":"1","type":"text","timestamp":5}',
    400,
    unreadable("json: cannot unmarshal number into Go struct field IntegrationsRequest.timestamp of type string"),
  ],
  [
    "WhatsApp with a timestamp that is none, 400 on purpose",
    "POST",
    whatsapp,
    JSON.stringify({ ...text, timestamp: "x" }),
    400,
    error('There was an error inserting integration message : strconv.ParseInt: parsing "x": invalid syntax'),
  ],
  [
    "WhatsApp of another type",
    "POST",
    whatsapp,
    JSON.stringify({ ...text, type: "location" }),
    200,
    said("insert success"),
  ],
  ["Facebook without botId", "POST", facebook, '{"authorRole":"user"}', 400, missing("IntegrationsFacebook", "BotID")],
  ["Facebook without anything", "POST", facebook, "{}", 400, missing("IntegrationsFacebook", "AuthorRole", "BotID")],
  ["Facebook without messages", "POST", facebook, '{"authorRole":"user","botId":"1"}', 200, said("insert success")],
  [
    "registration",
    "POST",
    "/v1/integrations/webhook/register/whatsapp",
    "",
    200,
    said("Register webhook success with provider : whatsapp"),
  ],
  [
    "removal",
    "DELETE",
    "/v1/integrations/webhook/remove/facebook",
    "",
    200,
    said("Remove webhook success with provider : facebook"),
  ],
  [
    "registration of an unknown provider",
    "POST",
    "/v1/integrations/webhook/register/telegram",
    "",
    500,
    error("error register webhook"),
  ],
  [
    "removal of an unknown provider",
    "DELETE",
    "/v1/integrations/webhook/remove/telegram",
    "",
    500,
    error("error remove webhook"),
  ],
];

describe("section 1.4 and 2: routes", () => {
  it.each(rows)("%s: %s %s", async (...[, method, url, payload, status, body]: Row) => {
    const response = await answer(createEdge(), method, url, payload);
    expect([response.statusCode, response.body]).toEqual([status, body]);
    expect(response.headers["content-type"], "no charset").toBe("application/json");
  });

  it.each<[string, Method, string, Reply["reason"], string | null, number, string]>([
    [
      "an open chat",
      "POST",
      connect,
      "chat_open",
      null,
      500,
      "could not create chat in salesforce : session exists with this userID",
    ],
    [
      "a blocked contact",
      "POST",
      connect,
      "contact_blocked",
      null,
      500,
      "could not create chat in salesforce: this contact is blocked",
    ],
    [
      "an account that failed",
      "POST",
      connect,
      "contact_failed",
      "Create account has failed : X",
      500,
      "could not create chat in salesforce : Create account has failed : X",
    ],
    [
      "a contact that failed",
      "POST",
      connect,
      "contact_failed",
      "X",
      500,
      "could not create chat in salesforce : not found or create contact : X",
    ],
    ["a case that failed", "POST", connect, "case_failed", "X", 500, "could not create chat in salesforce : X"],
    [
      "nobody",
      "DELETE",
      "/v1/chat/finish/5",
      "never_connected",
      null,
      404,
      "could not finish chat in salesforce : error not found interconnection: not found interconnection",
    ],
    [
      "a chat that is over",
      "DELETE",
      "/v1/chat/finish/5",
      "no_chat",
      null,
      404,
      "could not finish chat in salesforce : this contact does not have an interconnection",
    ],
  ])("the refusal for %s", async (...[, method, url, reason, detail, status, sentence]) => {
    const edge = createEdge();
    edge.world.reply = { outcome: "refused", reason, chatId: null, detail };
    const response = await answer(edge, method, url, method === "POST" ? whole : "");
    expect([response.statusCode, response.body]).toEqual([status, error(sentence)]);
  });

  it("finish decodes its parameter and says that it is done", async () => {
    const edge = createEdge();
    edge.world.reply = { outcome: "done", reason: "chat_finished", chatId: "c", detail: null };
    const response = await answer(edge, "DELETE", "/v1/chat/finish/52%2B1%20%C3%A9");
    expect([response.statusCode, response.body]).toEqual([200, said("Chat finished successfully")]);
    expect(edge.seen.requests.map(({ userId }) => userId)).toEqual(["52+1 é"]);
  });

  it.each(["text/plain", "application/xml", "application/x-www-form-urlencoded; charset=latin1", ""])(
    "the content type %j of a request is not looked at",
    async (type) => {
      const headers = type === "" ? {} : { "content-type": type };
      const response = await createEdge().send({
        method: "POST",
        url: whatsapp,
        headers,
        payload: JSON.stringify(text),
      });
      expect([response.statusCode, response.body]).toEqual([200, said("insert success")]);
    },
  );
});

describe("section 1.1: router", () => {
  it.each<[Method, string, number, string, Record<string, string>]>([
    ["GET", "/v1/nowhere", 404, "404 page not found\n", { "content-type": "text/plain; charset=utf-8" }],
    ["PUT", "/v1/welcome", 405, "Method Not Allowed\n", { allow: "GET, OPTIONS" }],
    ["HEAD", "/v1/welcome", 405, "", { allow: "GET, OPTIONS" }],
    ["GET", connect, 405, "Method Not Allowed\n", { allow: "OPTIONS, POST" }],
    ["OPTIONS", "/v1/chat/finish/5", 200, "", { allow: "DELETE, OPTIONS" }],
    ["GET", "/v1/welcome/", 301, "", { location: "/v1/welcome" }],
    ["GET", "/V1/WELCOME?a=b", 301, "", { location: "/v1/welcome?a=b" }],
    ["GET", "//v1///welcome", 301, "", { location: "/v1/welcome" }],
    ["POST", "/v1/Chats/Connect/", 307, "", { location: connect }],
    ["DELETE", "/v1/chat/finish/aBc/", 307, "", { location: "/v1/chat/finish/aBc" }],
    ["DELETE", "/v1/chat/finish/", 404, "404 page not found\n", {}],
    ["GET", "/v1/context/", 404, "404 page not found\n", {}],
    ["POST", "/v1/integrations/webhook/register/", 404, "404 page not found\n", {}],
    ["GET", "/debug/pprof", 404, "404 page not found\n", {}],
    ["GET", "/debug/pprof/heap", 404, "404 page not found\n", {}],
  ])("%s %s is %i", async (method, url, status, body, headers) => {
    const response = await answer(createEdge(), method, url);
    expect([response.statusCode, response.body]).toEqual([status, body]);
    expect(response.headers).toMatchObject(headers);
  });
});

describe("section 1.2: tokens", () => {
  const legacy =
    "eyJhbGciOiJIUzM4NCIsInR5cCI6IkpXVCJ9.eyJwYXNzd29yZCI6IjEyYjgxNmM2YjhhM2M0NWVkYmUwZjg1ZDhiYTQ0YjNkNWYxNDhhYjkiLCJyb2xlIjoiWUFMT19ST0xFIiwidXNlcm5hbWUiOiJ5YWxvVXNlciJ9.2HsCTU6IPwlFQV_Vu8w_IjxtLJIQs-_W-8jobwWtGmkzc9SYaibc7QN-5caZgVrC";
  const check = (authorization: string | null, query = ""): ReturnType<Edge["send"]> =>
    createEdge().send({
      method: "GET",
      url: `/v1/tokens/check${query}`,
      headers: authorization === null ? {} : { authorization },
    });
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const withoutRole = jwt.sign(
    { password: "12b816c6b8a3c45edbe0f85d8ba44b3d5f148ab9", username: "yaloUser" },
    "secret",
    {
      algorithm: "HS384",
      noTimestamp: true,
    },
  );
  const forged = error("Invalid Authorization token.");

  it.each<[string, string | null, string, number, string]>([
    ["the vector of section 12", `Bearer ${legacy}`, "", 200, '{"username":"yaloUser","role":"YALO_ROLE"}'],
    ["the same in the query", null, `?token=${legacy}`, 200, '{"username":"yaloUser","role":"YALO_ROLE"}'],
    ["a lower-case scheme", `bearer ${legacy}`, "", 401, error("Invalid Authorization token, header invalid.")],
    ["no token", null, "", 401, error("An Authorization header or an Query Param with name token is required.")],
    ["no role", `Bearer ${withoutRole}`, "", 401, forged],
    [
      "RS256, 401 on purpose",
      `Bearer ${jwt.sign({ role: "YALO_ROLE" }, rsa.privateKey, { algorithm: "RS256" })}`,
      "",
      401,
      forged,
    ],
    ["one segment, 401 on purpose", "Bearer x", "", 401, forged],
  ])("%s", async (_what, authorization, query, status, body) => {
    const response = await check(authorization, query);
    expect([response.statusCode, response.body]).toEqual([status, body]);
  });

  it("a role that may not is 403 with the same text", async () => {
    const edge = createEdge();
    const headers = { authorization: `Bearer ${await edge.token("salesforceUser")}` };
    const response = await edge.send({ method: "GET", url: "/v1/context/5", headers });
    expect([response.statusCode, response.body]).toEqual([403, forged]);
  });
});
