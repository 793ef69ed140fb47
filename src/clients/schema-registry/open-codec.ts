// Puts the codec together at start: schemas from files, ids from the registry. Called by main, which repeats it while the
// registry does not answer.
import type { Clock, Codec } from "../../topology/ports.ts";
import type { TopicSuffix } from "../../topology/topics.ts";
import { createCodec } from "./codec.ts";
import { registerSchemas } from "./registration.ts";
import { type RegistrySettings, createRegistryApi } from "./registry-api.ts";
import { loadTopicTypes } from "./topic-types.ts";
import { createWriterSchemas } from "./writer-schemas.ts";

/** What main knows from the settings. */
export interface CodecSettings {
  /** SCHEMA_REGISTRY_URL, _USER, _PASSWORD. */
  readonly registry: RegistrySettings;
  /** KAFKA_TOPIC. */
  readonly topicPrefix: string;
  /** SCHEMA_AUTO_REGISTER. */
  readonly autoRegister: boolean;
}

/** The codec, or why there is none; see Registration. */
export type OpenedCodec =
  | { readonly kind: "open"; readonly codec: Codec; readonly warnings: readonly string[] }
  | { readonly kind: "refused"; readonly mistakes: readonly string[] }
  | { readonly kind: "unavailable"; readonly detail: string };

/** One try. Never rejects because of the registry; safe to repeat. Throws when a schema file is not valid. */
export async function openCodec(settings: CodecSettings, clock: Clock): Promise<OpenedCodec> {
  const types = loadTopicTypes();
  const api = createRegistryApi(settings.registry);
  const registration = await registerSchemas(api, types, settings);
  if (registration.kind !== "registered") return registration;
  const writers = createWriterSchemas(settings.registry, api, clock);
  return { kind: "open", codec: createCodec(types, registration.ids, writers), warnings: registration.warnings };
}

/** Reads what others have registered, and registers nothing: for the operator's command line. Throws when a schema file is not valid. */
export function openDecoder(registry: RegistrySettings, clock: Clock): Pick<Codec, "decode"> {
  const writers = createWriterSchemas(registry, createRegistryApi(registry), clock);
  const codec = createCodec(loadTopicTypes(), noIds, writers);
  return { decode: (topic, bytes) => codec.decode(topic, bytes) };
}

/** Ids that no registry gives. */
const noIds: Readonly<Record<TopicSuffix, number>> = {
  "chat-requests": -1,
  "channel-messages": -1,
  "agent-events": -1,
  "chat-events": -1,
  interconnections: -1,
  "dead-letters": -1,
};
