// Schemas of other writers: asked once, and never a good record called bad because the registry was away.
import { afterEach, describe, expect, it } from "vitest";

import { createRegistryApi } from "../../../../src/clients/schema-registry/registry-api.ts";
import { createWriterSchemas } from "../../../../src/clients/schema-registry/writer-schemas.ts";
import { createVirtualClock } from "../../../../src/topology/in-memory/clock.ts";
import { type Answered, type Asked, type FakeRegistry, fakeRegistry } from "./fake-registry.ts";

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const unknown = { status: 404, body: { error_code: 40403, message: "Schema not found" } };
const good = { status: 200, body: { schema: '{"type":"record","name":"R","fields":[]}' } };

const running: FakeRegistry[] = [];
afterEach(() => {
  for (const registry of running.splice(0)) registry.close();
});

async function start(answer: (asked: Asked) => Answered) {
  const registry = await fakeRegistry(answer);
  running.push(registry);
  const settings = { url: registry.url, user: "me", password: "pw" };
  const clock = createVirtualClock(0, settle);
  return { writers: createWriterSchemas(settings, createRegistryApi(settings), clock), clock, asked: registry.asked };
}

describe("a writer's schema", () => {
  it("is asked for once, also by many at the same time, as the registry's user", async () => {
    const { writers, asked } = await start(() => good);
    const answers = await Promise.all(Array.from({ length: 50 }, () => writers.schemaOf(7)));
    expect(new Set(answers.map(({ kind }) => kind))).toEqual(new Set(["type"]));
    expect(await writers.schemaOf(7)).toMatchObject({ kind: "type" });
    expect(asked.map(({ path }) => path)).toEqual(["/base/schemas/ids/7"]);
    expect(asked[0]?.authorization).toBe(`Basic ${Buffer.from("me:pw").toString("base64")}`);
  });

  it("that does not exist is not asked for again before half a minute has passed", async () => {
    let answer: Answered = unknown;
    const { writers, clock, asked } = await start(() => answer);
    expect(await writers.schemaOf(7)).toEqual({ kind: "unknown" });
    const before = asked.length;
    answer = good;
    expect(await writers.schemaOf(7)).toEqual({ kind: "unknown" });
    expect(asked).toHaveLength(before);
    await clock.advance(30_000);
    expect(await writers.schemaOf(7)).toMatchObject({ kind: "type" });
  });

  it("that does not exist is forgotten when a thousand others were asked for since", async () => {
    const { writers, asked } = await start(() => unknown);
    for (let id = 0; id <= 1_000; id += 50)
      await Promise.all(Array.from({ length: 50 }, (_, i) => writers.schemaOf(id + i)));
    const before = asked.length;
    await writers.schemaOf(1_000);
    expect(asked).toHaveLength(before);
    await writers.schemaOf(0);
    expect(asked.length).toBeGreaterThan(before);
  });

  it.each<{ what: string; answered: Answered }>([
    { what: "a server fault", answered: { status: 503, body: "no" } },
    { what: "a proxy's 404", answered: { status: 404, body: "<html>" } },
    { what: "a 404 that is about something else", answered: { status: 404, body: { error_code: 404 } } },
    { what: "a refusal", answered: { status: 403, body: {} } },
    { what: "a wrong password", answered: { status: 401, body: {} } },
    { what: "a page in place of an answer", answered: { status: 200, body: "<html>" } },
    { what: "a cut line", answered: "cut" },
  ])("is unavailable after $what, and there again with the registry", async ({ answered }) => {
    let answer: Answered = answered;
    const { writers } = await start(() => answer);
    expect(await writers.schemaOf(7)).toMatchObject({ kind: "unavailable" });
    answer = good;
    expect(await writers.schemaOf(7)).toMatchObject({ kind: "type" });
  });

  it("is unavailable when nothing answers within five seconds", async () => {
    const { writers, clock, asked } = await start(() => "hang");
    const answer = writers.schemaOf(7);
    await expect.poll(() => asked.length).toBe(1);
    await clock.advance(4_999);
    expect(await Promise.race([answer, settle().then(() => "waiting")])).toBe("waiting");
    await clock.advance(1);
    expect(await answer).toEqual({ kind: "unavailable", detail: "timeout" });
  });

  it.each<{ what: string; body: object }>([
    { what: "no Avro", body: { schemaType: "JSON", schema: "{}" } },
    { what: "no valid Avro", body: { schema: '{"type":"nonsense"}' } },
  ])("that is $what can't be used, and is not asked for again", async ({ body }) => {
    const { writers, asked } = await start(() => ({ status: 200, body }));
    expect(await writers.schemaOf(7)).toEqual({ kind: "unusable" });
    const before = asked.length;
    expect(await writers.schemaOf(7)).toEqual({ kind: "unusable" });
    expect(asked).toHaveLength(before);
  });

  it("is put together from the schemas that it refers to", async () => {
    const inner = { type: "record", name: "Inner", fields: [{ name: "n", type: "int" }] };
    const outer = { type: "record", name: "Outer", fields: [{ name: "inner", type: "Inner" }] };
    const { writers } = await start(({ path }) =>
      path.includes("/schemas/ids/")
        ? {
            status: 200,
            body: { schema: JSON.stringify(outer), references: [{ name: "Inner", subject: "inner", version: 2 }] },
          }
        : { status: 200, body: { schema: JSON.stringify(inner), id: 3, version: 2, subject: "inner" } },
    );
    const answer = await writers.schemaOf(7);
    expect(answer).toMatchObject({ kind: "type" });
    if (answer.kind === "type") expect(answer.type.toBuffer({ inner: { n: 1 } })).toEqual(Buffer.from([2]));
  });
});
