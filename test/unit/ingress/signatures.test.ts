// S04 to S06: who may send webhooks. Signatures over the very bytes, before parsing; windows and rotation of Standard Webhooks.
import { createHmac } from "node:crypto";

import { describe, expect, it } from "vitest";

import { createSignatureCheck, type Signatures } from "../../../src/ingress/signatures.ts";
import { createUser } from "../processors/interconnection/user.ts";
import { createEdge, startOfTime } from "./edge.ts";

const none: Signatures = { fixed: null, metaSecret: null, standardKeys: [] };
const message = { id: "m1", timestamp: "1", type: "text", from: "521", text: { body: "Canción é 😀" } };
const body = JSON.stringify(message);
const paths = ["/v1/integrations/whatsapp/webhook", "/v1/integrations/facebook/webhook"] as const;
const refused = { ErrorDescription: "Invalid webhook signature." };
type Headers = Readonly<Record<string, string>>;

function send(edge: ReturnType<typeof createEdge>, headers: Headers, payload: string | Buffer = body) {
  return edge.send({ method: "POST", url: paths[0], headers, payload });
}

describe("S04: the fixed text", () => {
  const signatures = { ...none, fixed: "señal-1" };
  const sent = Buffer.from("señal-1", "utf8").toString("latin1");

  it("lets a webhook in that has it", async () => {
    const edge = createEdge({ signatures });
    expect((await send(edge, { "x-yalochat-signature": sent })).statusCode).toBe(200);
    expect(edge.seen.messages).toHaveLength(1);
  });

  it.each([
    ["none", undefined],
    ["an empty one", ""],
    ["a shorter one", sent.slice(0, -1)],
    ["a longer one", `${sent}1`],
    ["one in capitals", sent.toUpperCase()],
    ["another", "other"],
  ])("refuses %s before it is parsed, on both webhooks", async (_kind, header) => {
    const edge = createEdge({ signatures });
    for (const url of paths) {
      const headers = header === undefined ? {} : { "x-yalochat-signature": header };
      const answer = await edge.send({ method: "POST", url, headers, payload: "not json" });
      expect([answer.statusCode, answer.json()]).toEqual([401, refused]);
    }
    expect(edge.seen.messages).toEqual([]);
  });
});

describe("S04: Meta's signature", () => {
  const signatures = { ...none, metaSecret: "app-secret" };
  const sign = (bytes: string | Buffer, secret = "app-secret") =>
    `sha256=${createHmac("sha256", secret).update(bytes).digest("hex")}`;

  it("holds for the bytes that came, however they spell the JSON", async () => {
    const edge = createEdge({ signatures });
    for (const text of [body, JSON.stringify(message, null, 2), body.replace("ó", "\\u00f3")])
      expect((await send(edge, { "x-hub-signature-256": sign(text) }, text)).statusCode).toBe(200);
  });

  it.each([
    ["is of another secret", body, sign(body, "other")],
    ["is of the same JSON in other bytes", JSON.stringify(message, null, 1), sign(body)],
    ["is of a body with another byte", body.replace("m1", "m2"), sign(body)],
    ["is in capitals", body, sign(body).toUpperCase()],
    ["lacks its end", body, sign(body).slice(0, -2)],
    ["lacks its scheme", body, sign(body).slice("sha256=".length)],
  ])("is refused when it %s", async (_kind, payload, header) => {
    const edge = createEdge({ signatures });
    expect((await send(edge, { "x-hub-signature-256": header }, payload)).statusCode).toBe(401);
    expect(edge.seen.messages).toEqual([]);
  });

  it("is asked for beside the fixed text", async () => {
    const edge = createEdge({ signatures: { ...signatures, fixed: "text" } });
    const both = { "x-hub-signature-256": sign(body), "x-yalochat-signature": "text" };
    expect((await send(edge, both)).statusCode).toBe(200);
    expect((await send(edge, { "x-hub-signature-256": sign(body) })).statusCode).toBe(401);
    expect((await send(edge, { "x-yalochat-signature": "text" })).statusCode).toBe(401);
  });
});

describe("S04: Standard Webhooks", () => {
  const [key, older] = [Buffer.alloc(24, 1), Buffer.alloc(32, 2)];
  const signatures = { ...none, standardKeys: [key, older] };
  const nowSeconds = Math.floor(startOfTime / 1000);

  function signed(change: {
    readonly key?: Buffer;
    readonly at?: number;
    readonly id?: string;
    readonly more?: string;
  }) {
    const { key: by = key, at = nowSeconds, id = "msg_1", more = "" } = change;
    const mac = createHmac("sha256", by)
      .update(`${id}.${String(at)}.${body}`)
      .digest("base64");
    return { "webhook-id": id, "webhook-timestamp": String(at), "webhook-signature": `${more}v1,${mac}` };
  }

  it("takes the example of the specification's libraries", async () => {
    // standard-webhooks/standard-webhooks, libraries: secret, id, time, payload and signature of their tests.
    const edge = createEdge({
      signatures: { ...none, standardKeys: [Buffer.from("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "base64")] },
    });
    edge.world.now = 1_614_265_330_000;
    const answer = await send(
      edge,
      {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
      },
      '{"test": 2432232314}',
    );
    expect(answer.statusCode).toBe(400);
    expect(answer.body).toContain("Error validating payload");
  });

  it.each([
    ["by the first key", {}],
    ["by the older key", { key: older }],
    ["among several", { more: "v1,AAAA v1a,BBBB " }],
    ["at the window's ends", { at: nowSeconds - 300 }],
  ])("lets in what is signed %s", async (_kind, change) => {
    expect((await send(createEdge({ signatures }), signed(change))).statusCode).toBe(200);
  });

  it.each([
    ["an unknown key", signed({ key: Buffer.alloc(24, 3) })],
    ["a time before the window", signed({ at: nowSeconds - 302 })],
    ["a time after the window", signed({ at: nowSeconds + 302 })],
    ["another id", { ...signed({}), "webhook-id": "msg_2" }],
    ["another time", { ...signed({}), "webhook-timestamp": String(nowSeconds + 1) }],
    ["no time", { ...signed({}), "webhook-timestamp": "soon" }],
    ["another version", { ...signed({}), "webhook-signature": signed({})["webhook-signature"].replace("v1,", "v2,") }],
    ["no headers", {}],
  ])("refuses %s", async (_kind, headers) => {
    const edge = createEdge({ signatures });
    expect((await send(edge, headers as Headers)).statusCode).toBe(401);
    expect(edge.seen.messages).toEqual([]);
  });
});

it("asks for no signature where none is set", async () => {
  expect((await send(createEdge(), {})).statusCode).toBe(200);
});

describe("S05: the time of the compare", () => {
  it("S05: tells nothing about how much of the text is right: 10⁵ tries with none and with all but one byte right, in turns", () => {
    const wanted = "0123456789abcdef0123456789abcdef";
    const check = createSignatureCheck({ ...none, fixed: wanted }, () => 0);
    const sent = [`x${wanted.slice(1)}`, `${wanted.slice(0, 31)}x`].map((text) => ({ "x-yalochat-signature": text }));
    const tookNs: [number[], number[]] = [[], []];
    const bytes = Buffer.from(body);
    for (let i = 0; i < 100_000; i += 1) {
      const which = (i % 2) as 0 | 1;
      const startedNs = process.hrtime.bigint();
      if (check(sent[which] ?? {}, bytes)) throw new Error("a wrong text was taken");
      tookNs[which].push(Number(process.hrtime.bigint() - startedNs));
    }
    const [early, late] = tookNs.map((times) => times.sort((a, b) => a - b)[times.length / 2] ?? 0);
    // A compare byte by byte differs by more than a tenth between its first and its 32nd byte only where nothing else is done; here two
    // digests are made of whatever came, and the middle of 50,000 times is steady.
    expect(Math.abs((early ?? 0) - (late ?? 0))).toBeLessThan(0.1 * (early ?? 0));
  });
});

describe("S06: a genuine webhook sent again by a thief", () => {
  const [key] = [Buffer.alloc(24, 1)];
  const signatures = { ...none, standardKeys: [key] };

  function genuine() {
    const [id, at] = ["msg_1", String(Math.floor(startOfTime / 1000))];
    const mac = createHmac("sha256", key).update(`${id}.${at}.${body}`).digest("base64");
    return { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": `v1,${mac}` };
  }

  it("S06: at once it is acknowledged and applied no second time; past the window it is refused", async () => {
    const edge = createEdge({ signatures });
    const user = createUser();
    for (let i = 0; i < 3; i += 1) expect((await send(edge, genuine())).statusCode).toBe(200);
    const steps = edge.seen.messages.map((each) => user.message(each.messageId, each.text));
    expect(steps.map(({ remember }) => remember.length)).toEqual([1, 0, 0]);
    edge.world.now += 301_000;
    expect((await send(edge, genuine())).statusCode).toBe(401);
    expect(edge.seen.messages).toHaveLength(3);
  });

  it("S06: Meta's signature has no time: its replay is known by the message's id within DEDUPE_WINDOW", async () => {
    const edge = createEdge({ signatures: { ...none, metaSecret: "app-secret" } });
    const header = `sha256=${createHmac("sha256", "app-secret").update(body).digest("hex")}`;
    const user = createUser();
    for (let i = 0; i < 2; i += 1) {
      expect((await send(edge, { "x-hub-signature-256": header })).statusCode).toBe(200);
      edge.world.now += 3_600_000;
    }
    const steps = edge.seen.messages.map((each) => user.message(each.messageId, each.text));
    expect(steps.map(({ see }) => see.length)).toEqual([1, 0]);
  });
});
