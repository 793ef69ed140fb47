// With SENTRY_DSN set an unhandled error, a dead letter and an alarm each reach a sink, without anybody's words, number or token.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";

import { Redis } from "ioredis";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, it } from "vitest";

import { eventually } from "../support/eventually.ts";
import { openStage, type Stage } from "../support/stage.ts";
import { thrownWords } from "../support/thrown-words.ts";

interface Event {
  readonly level: string;
  readonly environment: string;
  readonly message?: { readonly formatted: string };
  readonly exception?: { readonly values: readonly { readonly type: string }[] };
}

const open: { stage?: Stage; sink?: Server } = {};
const envelopes: { readonly url: string; readonly auth: string; readonly text: string }[] = [];

beforeAll(async () => {
  const sink = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => void chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      const text = (request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body).toString();
      envelopes.push({ url: request.url ?? "", auth: String(request.headers["x-sentry-auth"]), text });
      response.end("{}");
    });
  });
  open.sink = sink;
  await new Promise<void>((resolve) => sink.listen(0, "127.0.0.1", resolve));
  const { port } = sink.address() as AddressInfo;
  open.stage = await openStage({
    file: import.meta.url,
    entry: "test/support/service-that-throws.ts",
    settings: { SENTRY_DSN: `http://public@127.0.0.1:${String(port)}/42` },
  });
});

afterAll(async () => {
  await open.stage?.close();
  open.sink?.close();
});

function events(): readonly Event[] {
  return envelopes.map(({ text }) => JSON.parse(text.split("\n")[2] ?? "{}") as Event);
}

it("reports a dead letter, an alarm and an unhandled error, without words, numbers or tokens", async () => {
  const { stage } = open;
  if (stage === undefined) throw new Error("no stage");
  const { addresses, names } = stage;
  const words = "palabras-canary";
  const ana = stage.user("ana");

  const kafka = new Kafka({ brokers: addresses.brokers.split(","), logLevel: logLevel.NOTHING });
  const producer = kafka.producer();
  await producer.connect();
  const topic = `${names.topic}.channel-messages`;
  await producer.send({ topic, messages: [{ key: ana.userId, value: `${words} ${ana.userId}` }] });
  await producer.disconnect();
  await eventually("the dead letter is reported", () =>
    events().some(({ message }) => message?.formatted === "dead letter: undecodable"),
  );

  const redis = new Redis(`redis://${addresses.redis}`, { protocol: 2 });
  const record = JSON.stringify({ bridge: { version: 1 }, name: words, userID: ana.userId });
  await redis.set(`${names.client}:${ana.userId}:interconnection`, record);
  redis.disconnect();
  const body = { id: "wamid.1", timestamp: String(Date.now()), type: "text", from: ana.userId, text: { body: words } };
  const webhook = { method: "POST", body: JSON.stringify(body) };
  expect((await fetch(`${stage.url}/v1/integrations/whatsapp/webhook`, webhook)).status).toBe(200);
  await eventually("the alarm is reported", () =>
    events().some(({ message }) => message?.formatted === "alarm: state_unreadable"),
  );

  stage.service.signal("SIGUSR2");
  await stage.service.ended();
  const unhandled = events().find(({ exception }) => exception !== undefined);
  expect(unhandled).toMatchObject({
    level: "fatal",
    environment: "dev",
    exception: { values: [{ type: "TypeError" }] },
  });

  expect(new Set(envelopes.map(({ url }) => url))).toEqual(new Set(["/api/42/envelope/"]));
  expect(envelopes.every(({ auth }) => auth.includes("sentry_key=public"))).toBe(true);
  const all = envelopes.map(({ text }) => text).join("\n");
  for (const secret of [words, ana.userId, ana.name, ana.email, ...thrownWords.split(" ")])
    expect(all).not.toContain(secret);
});
