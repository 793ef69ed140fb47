// Schemas of other writers by id, through the registry client (which also follows references). Asks once per id: a schema
// never changes under its id. Tells a schema that does not exist from a registry that does not answer: the first makes a dead
// letter, the second makes the record wait. The client can't tell them (it reports a cut line as status 400, and any 404 as
// any other), so after its failure the registry is asked once more by hand.
import type { Agent } from "node:http";

import { SchemaRegistry } from "@kafkajs/confluent-schema-registry";
import avro from "avsc";

import type { Clock } from "../../topology/ports.ts";
import { createAgents } from "../http/connections.ts";
import type { RegistryApi, RegistrySettings } from "./registry-api.ts";

/** What is known of a schema id. */
export type WriterSchema =
  | { readonly kind: "type"; readonly type: avro.Type }
  /** The registry has answered that there is none. */
  | { readonly kind: "unknown" }
  /** It exists, but is no Avro schema or not a valid one. */
  | { readonly kind: "unusable" }
  | { readonly kind: "unavailable"; readonly detail: string };

/** Schemas by id. */
export interface WriterSchemas {
  /** Never rejects. Callers that ask for the same id at the same time share one request. */
  schemaOf(id: number): Promise<WriterSchema>;
}

const deadlineMs = 5_000;
/** A schema that was not there may be registered a moment later: then it is asked for again. */
const unknownForMs = 30_000;
/** Of so many is it remembered that they were not there: an id is any four bytes that somebody writes. */
const mostUnknown = 1_000;

type Middleware = NonNullable<ConstructorParameters<typeof SchemaRegistry>[0]["middlewares"]>[number];

/** Asks the registry at `settings`, which is also the one of `api`. */
export function createWriterSchemas(settings: RegistrySettings, api: RegistryApi, clock: Clock): WriterSchemas {
  const { user, password } = settings;
  const registry = new SchemaRegistry({
    host: settings.url.replace(/\/+$/, ""),
    ...(user === null ? {} : { auth: { username: user, password: password ?? "" } }),
    // Who waits for the record asks again; the client's own tries would only use up the deadline.
    retry: { retries: 0 },
    middlewares: [withTimeout],
    ...agentFor(settings),
  });
  const known = new Map<number, WriterSchema>();
  const unknownUntil = new Map<number, number>();
  const asked = new Map<number, Promise<WriterSchema>>();

  async function ask(id: number): Promise<WriterSchema> {
    const answer = await withDeadline(load(registry, api, id), clock);
    if (answer.kind === "type" || answer.kind === "unusable") known.set(id, answer);
    unknownUntil.delete(id);
    if (answer.kind !== "unknown") return answer;
    unknownUntil.set(id, clock.monotonicMs() + unknownForMs);
    const [oldest] = unknownUntil.keys();
    if (unknownUntil.size > mostUnknown && oldest !== undefined) unknownUntil.delete(oldest);
    return answer;
  }

  return {
    async schemaOf(id) {
      const there = known.get(id);
      if (there !== undefined) return there;
      if (clock.monotonicMs() < (unknownUntil.get(id) ?? -Infinity)) return { kind: "unknown" };
      const running = asked.get(id);
      if (running !== undefined) return running;
      const asking = ask(id).finally(() => asked.delete(id));
      asked.set(id, asking);
      return asking;
    },
  };
}

/** The client has an agent of its own for a registry that is reached by a proxy. */
function agentFor({ url, proxyFor }: RegistrySettings): { readonly agent?: Agent } {
  if (proxyFor === undefined) return {};
  const { http, https } = createAgents({ maxConnections: 10, proxyFor }).of(url);
  return { agent: url.startsWith("https:") ? https : http };
}

async function load(registry: SchemaRegistry, api: RegistryApi, id: number): Promise<WriterSchema> {
  try {
    const schema = await registry.getSchema(id);
    return avro.Type.isType(schema) ? { kind: "type", type: schema as avro.Type } : { kind: "unusable" };
  } catch (error) {
    const probe = await api.findSchema(id);
    if (probe.kind !== "there") return probe;
    const isOurs = error instanceof Error && error.name.startsWith("ConfluentSchemaRegistry");
    return isOurs ? { kind: "unusable" } : { kind: "unavailable", detail: "the registry client failed" };
  }
}

/** The client itself knows no deadline: its socket would stay for ever. */
const withTimeout: Middleware = () => ({
  prepareRequest: async (next) => (await next()).enhance({ timeout: deadlineMs }),
});

async function withDeadline(answer: Promise<WriterSchema>, clock: Clock): Promise<WriterSchema> {
  const late = Promise.withResolvers<WriterSchema>();
  const cancel = clock.after(deadlineMs, () => late.resolve({ kind: "unavailable", detail: "timeout" }));
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    cancel();
  }
}
