// Brings the schemas of this version to the registry at start, or makes sure that they are there, and learns their ids. All
// that is wrong is told at once. Subjects are `<topic>-value` (TopicNameStrategy).
import { type TopicSuffix, topicName, topics } from "../../topology/topics.ts";
import { type RegistryAnswer, type RegistryApi, schemaNotFound, subjectNotFound } from "./registry-api.ts";
import type { TopicTypes } from "./topic-types.ts";

/** Ids by topic, or why the service can't start with this registry. */
export type Registration =
  | {
      readonly kind: "registered";
      readonly ids: Readonly<Record<TopicSuffix, number>>;
      /** What an operator should know; one sentence each. */
      readonly warnings: readonly string[];
    }
  /** A person must do something: one sentence for each subject. */
  | { readonly kind: "refused"; readonly mistakes: readonly string[] }
  /** The registry does not answer: another try may succeed. */
  | { readonly kind: "unavailable"; readonly detail: string };

type SubjectResult =
  | { readonly kind: "id"; readonly id: number; readonly warning: string | null }
  | { readonly kind: "mistake"; readonly sentence: string }
  | { readonly kind: "unavailable"; readonly detail: string };

/**
 * Looks every schema up, and with `autoRegister` registers what is missing. A subject that this call creates gets the
 * compatibility BACKWARD_TRANSITIVE; one that was there keeps what its owner has chosen. Safe to repeat and to run at
 * several instances at once.
 */
export async function registerSchemas(
  api: RegistryApi,
  types: TopicTypes,
  options: { readonly topicPrefix: string; readonly autoRegister: boolean },
): Promise<Registration> {
  const ids = new Map<TopicSuffix, number>();
  const warnings: string[] = [];
  const mistakes: string[] = [];
  for (const { suffix } of topics) {
    const subject = `${topicName(options.topicPrefix, suffix)}-value`;
    const result = await idOf(api, subject, types[suffix].schemaText, options.autoRegister);
    if (result.kind === "unavailable") return result;
    if (result.kind === "mistake") mistakes.push(result.sentence);
    else {
      ids.set(suffix, result.id);
      if (result.warning !== null) warnings.push(result.warning);
    }
  }
  if (mistakes.length > 0) return { kind: "refused", mistakes };
  const of = (suffix: TopicSuffix): number => ids.get(suffix) ?? -1;
  return {
    kind: "registered",
    ids: {
      "chat-requests": of("chat-requests"),
      "channel-messages": of("channel-messages"),
      "agent-events": of("agent-events"),
      "chat-events": of("chat-events"),
      interconnections: of("interconnections"),
      "dead-letters": of("dead-letters"),
    },
    warnings,
  };
}

async function idOf(
  api: RegistryApi,
  subject: string,
  schemaText: string,
  autoRegister: boolean,
): Promise<SubjectResult> {
  const found = await api.lookUp(subject, schemaText);
  if (found.kind === "id") return { ...found, warning: null };
  if (found.kind === "unavailable") return found;
  const isNew = found.code === subjectNotFound;
  if (!isNew && found.code !== schemaNotFound) return mistake(subject, found);
  if (!autoRegister) {
    const what = isNew ? "does not exist" : "holds other schemas than the one of this version";
    return {
      kind: "mistake",
      sentence: `Subject ${subject} ${what}: register it, or set SCHEMA_AUTO_REGISTER=true.`,
    };
  }
  const registered = await api.register(subject, schemaText);
  if (registered.kind === "unavailable") return registered;
  if (registered.kind === "refused") return mistake(subject, registered);
  if (!isNew) return { ...registered, warning: null };
  const level = await api.setCompatibility(subject, "BACKWARD_TRANSITIVE");
  const warning = `Subject ${subject} is registered, but its compatibility could not be set to BACKWARD_TRANSITIVE: the registry's default holds.`;
  return { ...registered, warning: level.kind === "id" ? null : warning };
}

function mistake(subject: string, answer: Extract<RegistryAnswer, { readonly kind: "refused" }>): SubjectResult {
  const { status, code } = answer;
  const why = (): string => {
    if (status === 401) return "the registry does not accept SCHEMA_REGISTRY_USER and SCHEMA_REGISTRY_PASSWORD";
    if (status === 403)
      return "the registry's user may not do this; register the schema beforehand and set SCHEMA_AUTO_REGISTER=false, or give it the right";
    if (status === 409) return "the schema of this version is not compatible with those that stand there";
    if (status === 404) return "there is no registry at SCHEMA_REGISTRY_URL (wrong path?)";
    return `the registry refuses the schema with status ${String(status)}${code === null ? "" : `, code ${String(code)}`}`;
  };
  return { kind: "mistake", sentence: `Subject ${subject}: ${why()}.` };
}
