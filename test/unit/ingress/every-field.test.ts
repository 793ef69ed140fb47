// Every field of every body and every header that a route reads, with every wrong value: never a 5xx, the error names the field, nothing is
// produced, no prototype is written to, and a good request right after is taken. The fields come from the shapes that read them.
import type { InjectOptions, LightMyRequestResponse } from "fastify";
import { describe, expect, it } from "vitest";

import { credentialsShape } from "../../../src/ingress/accounts.ts";
import { connectShape } from "../../../src/ingress/connect-payload.ts";
import { facebookShape } from "../../../src/ingress/facebook.ts";
import type { Shape } from "../../../src/ingress/go-json.ts";
import { whatsappShape } from "../../../src/ingress/whatsapp.ts";
import { longText, prototypeNames, unicodeText, withValue, wrongValues } from "../../support/wrong-values.ts";
import { createEdge, passwords, type Edge } from "./edge.ts";

type Path = readonly (string | number)[];

/** A field and what its reader takes. */
interface Field {
  readonly path: Path;
  readonly type: "string" | "integer" | "object" | "list";
}

interface Route {
  readonly name: string;
  readonly shape: Shape;
  readonly request: Pick<InjectOptions, "method" | "url">;
  readonly good: object;
  /** Which values of the right type are refused, by path with dots. */
  readonly refusedWhen: Readonly<Record<string, readonly ("absent" | "empty" | "long" | "proto" | "any")[]>>;
  /** Status of a refusal of a value of the right type. */
  readonly refusal: 400 | 401;
  /** Records that the good request makes. */
  readonly records: number;
  /** Fields whose refusal keeps the original's text, which does not name them. */
  readonly unnamed?: readonly string[];
  /** Texts inside a free object that the service reads; null is no text there. */
  readonly inside?: readonly Path[];
}

const media = { url: "https://files.example.org/1", mimeType: "image/png", caption: "c" };
const long = ["long"] as const;
const must = ["absent", "long"] as const;
const mediaBounds = (name: string, bounded: boolean): Route["refusedWhen"] =>
  bounded ? { [`${name}.url`]: long, [`${name}.mimeType`]: long, [`${name}.caption`]: long } : {};

const event = "message.entry.0.messaging.0";
const routes: readonly Route[] = [
  {
    name: "connect",
    shape: connectShape,
    request: { method: "POST", url: "/v1/chats/connect" },
    good: {
      userID: "5215512345678",
      name: "Ana",
      provider: "whatsapp",
      botSlug: "my-bot",
      botId: "5215500000000",
      email: "ana@example.com",
      phoneNumber: "5512345678",
      extraData: { level: "gold", AccountRecordTypeId: "012000000000009" },
    },
    inside: ["source_flow_bot", "description", "AccountRecordTypeId", "urgency", "tax_id", "level"].map((key) => [
      "extraData",
      key,
    ]),
    refusedWhen: {
      ...each(["userID", "name", "botSlug", "botId", "email"], must),
      provider: ["any"],
      phoneNumber: long,
      extraData: ["proto"],
      ...each(["extraData.description", "extraData.AccountRecordTypeId", "extraData.urgency"], ["empty"]),
    },
    refusal: 400,
    records: 1,
  },
  {
    name: "the WhatsApp webhook",
    shape: whatsappShape,
    request: { method: "POST", url: "/v1/integrations/whatsapp/webhook" },
    good: {
      id: "wamid-1",
      timestamp: "1630404000000",
      type: "image",
      from: "5215512345678",
      to: "",
      text: { body: "Hola" },
      image: media,
      document: media,
      audio: media,
      voice: media,
    },
    refusedWhen: {
      ...each(["id", "type", "from"], must),
      timestamp: ["any"],
      to: long,
      "text.body": long,
      ...mediaBounds("image", true),
    },
    refusal: 400,
    records: 1,
    unnamed: ["timestamp"],
  },
  {
    name: "the Facebook webhook",
    shape: facebookShape,
    request: { method: "POST", url: "/v1/integrations/facebook/webhook" },
    good: {
      authorRole: "user",
      botId: "my-fb-bot",
      msgTracking: {},
      timestamp: 1_630_404_000_000,
      message: {
        entry: [
          {
            messaging: [
              {
                sender: { id: "6543210987654321" },
                recipient: { id: "100000000000001" },
                timestamp: 1_630_404_000_000,
                message: { mid: "m-1", text: "Hola", attachments: [{ type: "image", payload: { url: media.url } }] },
              },
            ],
          },
        ],
      },
    },
    refusedWhen: {
      authorRole: ["absent"],
      botId: ["absent"],
      [`${event}.sender.id`]: must,
      [`${event}.sender`]: ["any"],
      [`${event}.message.mid`]: long,
      [`${event}.message.text`]: long,
      [`${event}.message.attachments.0.type`]: long,
      [`${event}.message.attachments.0.payload.url`]: long,
    },
    refusal: 400,
    records: 2,
  },
  {
    name: "the log-in",
    shape: credentialsShape,
    request: { method: "POST", url: "/v1/authenticate" },
    good: { username: "yaloUser", password: passwords["yaloUser"], role: "" },
    refusedWhen: { username: ["any", "absent", "long"], password: ["any", "absent", "long"] },
    refusal: 401,
    records: 0,
    // Which of the two was wrong is nobody's business.
    unnamed: ["username", "password"],
  },
];

function each(names: readonly string[], when: (typeof routes)[number]["refusedWhen"][string]): Route["refusedWhen"] {
  return Object.fromEntries(names.map((name) => [name, when]));
}

function fieldsOf(shape: Shape, before: Path = []): readonly Field[] {
  return Object.entries(shape).flatMap(([name, type]): readonly Field[] => {
    const path = [...before, name];
    if (type === "string" || type === "integer") return [{ path, type }];
    if (type === "map") return [{ path, type: "object" }];
    if (Array.isArray(type)) return [{ path, type: "list" }, ...fieldsOf((type as readonly [Shape])[0], [...path, 0])];
    return [{ path, type: "object" }, ...fieldsOf(type as Shape, path)];
  });
}

const isOfType: Readonly<Record<Field["type"], (value: unknown) => boolean>> = {
  string: (value) => typeof value === "string",
  integer: (value) => Number.isSafeInteger(value),
  object: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  list: (value) => Array.isArray(value) && value.every((one) => typeof one === "object"),
};

/** Of a text in a free object: null is no text; what nobody reads may be anything. */
function statusInside({ path }: Field, value: unknown, when: readonly string[]): number {
  if (value === undefined || path.at(-1) === "level") return 200;
  return typeof value !== "string" || (value === "" && when.includes("empty")) ? 400 : 200;
}

/** The status that a value is to have. */
function expectedStatus(route: Route, field: Field, value: unknown): number {
  const when = route.refusedWhen[field.path.join(".")] ?? [];
  if (route.inside?.includes(field.path) === true) return statusInside(field, value, when);
  const isAbsent = value === undefined || value === null || value === "";
  if (value !== undefined && value !== null && !isOfType[field.type](value)) return 400;
  if (isAbsent ? when.includes("absent") || when.includes("any") : when.includes("any")) return route.refusal;
  if (when.includes("proto") && Object.hasOwn(Object(value) as object, "__proto__")) return route.refusal;
  return when.includes("long") && value === longText ? route.refusal : 200;
}

function send(
  edge: Edge,
  { request }: Route,
  payload: unknown,
  headers: Record<string, string>,
): ReturnType<Edge["send"]> {
  return edge.send({ ...request, headers, payload: JSON.stringify(payload) });
}

function describedIn(answer: LightMyRequestResponse): string {
  return answer.json<{ readonly ErrorDescription: string }>().ErrorDescription.toLowerCase();
}

const produced = ({ seen }: Edge): number => seen.requests.length + seen.messages.length;

describe.each(routes)("$name", (route) => {
  const inside = (route.inside ?? []).map((path): Field => ({ path, type: "string" }));
  const fields = [...fieldsOf(route.shape), ...inside];

  it("names no field that it does not read", () => {
    const known = fields.map(({ path }) => path.join("."));
    expect(known).toEqual(expect.arrayContaining(Object.keys(route.refusedWhen)));
  });

  it.each(fields.map((field) => ({ ...field, field: field.path.join(".") })))(
    "$field",
    async ({ path, type, field }) => {
      const before = prototypeNames();
      const edge = createEdge();
      const headers = { authorization: `Bearer ${await edge.token()}` };
      for (const { name, value } of wrongValues) {
        const soFar = produced(edge);
        const answer = await send(edge, route, withValue(route.good, path, value), headers);
        const told = `${field} ${name}: ${answer.body.slice(0, 300)}`;
        expect(answer.statusCode, told).toBe(expectedStatus(route, { path, type }, value));
        if (answer.statusCode !== 200) {
          expect(produced(edge), told).toBe(soFar);
          const isNamed =
            answer.statusCode === 400 && !(route.unnamed?.includes(field) === true && isOfType[type](value));
          if (isNamed) expect(describedIn(answer), told).toContain(nameIn(path));
        }
        const before = produced(edge);
        expect((await send(edge, route, route.good, headers)).statusCode, "a good request right after").toBe(200);
        expect(produced(edge) - before).toBe(route.records);
      }
      expect(prototypeNames()).toEqual(before);
      expect({}).not.toHaveProperty("polluted");
    },
  );
});

/** The part of a path that an error must hold. */
function nameIn(path: Path): string {
  return String(path.findLast((part) => typeof part === "string")).toLowerCase();
}

const headerValues = [
  "",
  " ",
  "null",
  "[]",
  longText.slice(0, 12_000),
  Buffer.from(unicodeText.replaceAll("\0", "")).toString("latin1"),
  "__proto__",
  "constructor",
];
const headers = [
  ...[
    "authorization",
    "idempotency-key",
    "content-type",
    "content-encoding",
    "accept",
    "x-request-id",
    "x-forwarded-for",
  ],
  ...[
    "x-yalochat-signature",
    "x-hub-signature-256",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "x-http-method-override",
  ],
];

describe("headers", () => {
  it.each(headers)("%s", async (name) => {
    const edge = createEdge();
    const authorization = `Bearer ${await edge.token()}`;
    const [connect] = routes;
    if (connect === undefined) throw new Error("no route");
    for (const value of headerValues) {
      const answer = await send(edge, connect, connect.good, { authorization, [name]: value });
      const told = `${name}: ${value.slice(0, 20)}: ${answer.body}`;
      if (name === "authorization") expect(answer.statusCode, told).toBe(401);
      else if (name === "idempotency-key" && answer.statusCode !== 200) {
        expect(answer.statusCode, told).toBe(400);
        expect(answer.body.toLowerCase(), told).toContain("idempotency-key");
      } else expect(answer.statusCode, told).toBe(200);
      expect((await send(edge, connect, connect.good, { authorization })).statusCode).toBe(200);
    }
  });
});
