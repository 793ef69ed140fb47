// Schemas at start: registered or looked up, and every way in which a registry can say no.
import { afterEach, describe, expect, it } from "vitest";

import { registerSchemas } from "../../../../src/clients/schema-registry/registration.ts";
import { createRegistryApi } from "../../../../src/clients/schema-registry/registry-api.ts";
import { loadTopicTypes } from "../../../../src/clients/schema-registry/topic-types.ts";
import { topics } from "../../../../src/topology/topics.ts";
import { type Answered, type Asked, type FakeRegistry, fakeRegistry } from "./fake-registry.ts";

const types = loadTopicTypes();
const subjects = topics.map(({ suffix }) => `T.${suffix}-value`);
const noSubject = { status: 404, body: { error_code: 40401, message: "Subject not found" } };
const noSchema = { status: 404, body: { error_code: 40403, message: "Schema not found" } };

const running: FakeRegistry[] = [];
afterEach(() => {
  for (const registry of running.splice(0)) registry.close();
});

async function start(answer: (asked: Asked) => Answered, autoRegister = true) {
  const registry = await fakeRegistry(answer);
  running.push(registry);
  const api = createRegistryApi({ url: registry.url, user: "me", password: "p:w" });
  const result = await registerSchemas(api, types, { topicPrefix: "T", autoRegister });
  return { result, asked: registry.asked };
}

const isLookUp = ({ path }: Asked): boolean => /^\/base\/subjects\/[^/]+$/.test(path);
const isRegistration = ({ path }: Asked): boolean => path.endsWith("/versions");
const idFor = ({ path }: Asked): number => 10 + subjects.findIndex((subject) => path.includes(subject));

describe("registration", () => {
  it("only looks up what is there, under the names of the topics, as the registry's user", async () => {
    const { result, asked } = await start((call) => ({ status: 200, body: { id: idFor(call) } }));
    expect(result).toMatchObject({
      kind: "registered",
      warnings: [],
      ids: { "chat-requests": 10, "channel-messages": 11, "dead-letters": 15 },
    });
    expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual(
      subjects.map((s) => `POST /base/subjects/${s}`),
    );
    expect(asked.map(({ body }) => body)).toEqual(topics.map(({ suffix }) => ({ schema: types[suffix].schemaText })));
    expect(new Set(asked.map(({ authorization }) => authorization))).toEqual(
      new Set([`Basic ${Buffer.from("me:p:w").toString("base64")}`]),
    );
  });

  it("registers what is missing, and sets the compatibility of subjects that it creates", async () => {
    const { result, asked } = await start((call) =>
      isLookUp(call) ? noSubject : { status: 200, body: { id: idFor(call) } },
    );
    expect(result).toMatchObject({ kind: "registered", warnings: [], ids: { "agent-events": 12 } });
    const set = asked.filter(({ method }) => method === "PUT");
    expect(set.map(({ path }) => path)).toEqual(subjects.map((subject) => `/base/config/${subject}`));
    expect(set.map(({ body }) => body)).toEqual(subjects.map(() => ({ compatibility: "BACKWARD_TRANSITIVE" })));
  });

  it("leaves the compatibility of a subject that was there to its owner", async () => {
    const { result, asked } = await start((call) => (isLookUp(call) ? noSchema : { status: 200, body: { id: 7 } }));
    expect(result).toMatchObject({ kind: "registered", warnings: [] });
    expect(asked.filter(isRegistration)).toHaveLength(subjects.length);
    expect(asked.filter(({ method }) => method === "PUT")).toEqual([]);
  });

  it("starts also when the compatibility can't be set, and says so", async () => {
    const { result } = await start((call) => {
      if (isLookUp(call)) return noSubject;
      return isRegistration(call) ? { status: 200, body: { id: 7 } } : { status: 403, body: {} };
    });
    expect(result).toMatchObject({
      kind: "registered",
      warnings: subjects.map((subject) => expect.stringContaining(subject) as string),
    });
  });

  it("names every subject that is missing or different when it may not register", async () => {
    const { result, asked } = await start((call) => {
      if (call.path.includes("chat-requests")) return noSubject;
      return call.path.includes("agent-events") ? noSchema : { status: 200, body: { id: 7 } };
    }, false);
    expect(result).toEqual({
      kind: "refused",
      mistakes: [
        "Subject T.chat-requests-value does not exist: register it, or set SCHEMA_AUTO_REGISTER=true.",
        "Subject T.agent-events-value holds other schemas than the one of this version: register it, or set SCHEMA_AUTO_REGISTER=true.",
      ],
    });
    expect(asked.filter(isRegistration)).toEqual([]);
  });

  it.each([
    { what: "wrong password", at: isLookUp, status: 401, sentence: "SCHEMA_REGISTRY_PASSWORD" },
    { what: "no right to read", at: isLookUp, status: 403, sentence: "may not do this" },
    { what: "no registry behind the address", at: isLookUp, status: 404, sentence: "SCHEMA_REGISTRY_URL" },
    { what: "no right to write", at: isRegistration, status: 403, sentence: "SCHEMA_AUTO_REGISTER=false" },
    { what: "an incompatible schema", at: isRegistration, status: 409, sentence: "not compatible" },
    { what: "an invalid schema", at: isRegistration, status: 422, sentence: "status 422" },
  ])("refuses to start with a sentence per subject: $what", async ({ at, status, sentence }) => {
    const { result } = await start((call) => (at(call) ? { status, body: "<html>" } : noSubject));
    expect(result).toEqual({
      kind: "refused",
      mistakes: subjects.map((subject) => expect.stringMatching(`${subject}.*${sentence}`) as string),
    });
  });

  it.each<{ what: string; answered: Answered; detail: string }>([
    { what: "a server fault", answered: { status: 503 }, detail: "status 503" },
    { what: "too many requests", answered: { status: 429 }, detail: "status 429" },
    { what: "a cut line", answered: "cut", detail: "ECONNRESET" },
  ])("may be tried again after $what", async ({ answered, detail }) => {
    const { result, asked } = await start((call) => (isLookUp(call) ? noSubject : answered));
    expect(result).toEqual({ kind: "unavailable", detail });
    expect(asked).toHaveLength(2);
  });

  it("may be tried again while nobody listens", async () => {
    const api = createRegistryApi({ url: "http://127.0.0.1:1", user: null, password: null });
    const result = await registerSchemas(api, types, { topicPrefix: "T", autoRegister: true });
    expect(result).toMatchObject({ kind: "unavailable" });
  });
});
