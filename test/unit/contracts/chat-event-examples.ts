// One real fact of every kind that is told, as it stands on chat-events: decided, encoded and decoded again. Deterministic, so that
// docs/contracts.md can hold them. Called by the tests of the contracts.
import avro from "avsc";

import type { SchemaJson } from "../../../src/clients/schema-registry/schemas.ts";
import { loadTopicSchemas } from "../../../src/clients/schema-registry/schemas.ts";
import type { ChatEvent, ChatEventKind } from "../../../src/processors/messages/generated.ts";
import { createUser, type Step, type TestUser } from "../processors/interconnection/user.ts";

/** Kinds in the schema that nothing tells yet: their examples come with them. */
export const notToldYet: readonly ChatEventKind[] = ["unknown"];

/** The facts of four chats that together show everything, in the order in which they are told. */
function factsOfAllChats(): readonly ChatEvent[] {
  const told: ChatEvent[] = [];
  const note = (user: TestUser, step: Step): Step => {
    for (const fact of step.facts) told.push({ ...fact, client: "acme", producedAt: user.nowMs + 3 });
    return step;
  };
  wholeChat(note);
  finishedChat(note);
  refusedChat(note);
  unusedCase(note);
  return told;
}

type Note = (user: TestUser, step: Step) => Step;

/** Every command of the user is answered, one after the other. */
function settle(user: TestUser, note: Note): void {
  while (user.state.pending.length > 0) note(user, user.result());
}

function wholeChat(note: Note): void {
  const user = createUser();
  note(user, user.connect("order-service-7f3a"));
  settle(user, note);
  note(user, user.desk("queued", { queuePosition: 2, estimatedWaitSeconds: 90 }));
  settle(user, note);
  note(user, user.desk("accepted", { agentName: "Ana Torres" }));
  settle(user, note);
  note(user, user.message("wamid.1", "Mi pedido no llega"));
  note(user, user.result("given_up"));
  settle(user, note);
  const media = { url: "https://media.example.org/foto.jpg", mimeType: "image/jpeg", caption: null };
  note(user, user.message("wamid.2", null, { type: "image", media }));
  note(user, user.desk("said", { text: "Lo reviso" }));
  settle(user, note);
  note(user, user.desk("transferred", { agentName: "Bruno Díaz" }));
  note(user, user.desk("agent_joined", { agentName: "Carla Ruiz" }));
  note(user, user.desk("agent_left", { agentName: "Carla Ruiz" }));
  note(user, user.desk("custom", { detail: "SurveyOffered" }));
  note(user, user.desk("typing", { agentName: "Bruno Díaz" }));
  note(user, user.message("wamid.3", null, { type: "location" }));
  note(user, user.desk("agent_disconnected"));
  note(user, user.desk("ended", { reason: "agent" }));
  settle(user, note);
}

function finishedChat(note: Note): void {
  const user = createUser();
  user.nowMs += 3_600_000;
  note(user, user.connect("order-service-81c0"));
  note(user, user.result("done", { type: "ContactReady", contactId: "003x", created: false, blocked: false }));
  settle(user, note);
  note(user, user.finish("order-service-81c1"));
  const handBack = user.state.pending.find(({ kind }) => kind === "HandBack");
  if (handBack === undefined) throw new Error("a finished chat gives no hand-back");
  note(user, user.result("given_up", null, handBack));
  note(user, user.operator("rewrite", "operator-11"));
}

function refusedChat(note: Note): void {
  const user = createUser();
  user.nowMs += 7_200_000;
  note(user, user.connect("order-service-9d20", {}, user.nowMs - 3_000_000));
}

function unusedCase(note: Note): void {
  const user = createUser();
  user.nowMs += 10_800_000;
  note(user, user.connect("order-service-a411"));
  note(user, user.result());
  note(user, user.result());
  note(user, user.result("refused"));
  note(user, user.due("close_case"));
  settle(user, note);
}

/** The first fact of each kind, in the order of the schema. */
export function chatEventExamples(): ReadonlyMap<ChatEventKind, ChatEvent> {
  const type = avro.Type.forSchema(loadTopicSchemas()["chat-events"] as avro.schema.AvroSchema);
  const told = factsOfAllChats();
  const kinds = symbolsOf(type.schema() as SchemaJson, "kind");
  const found = kinds.flatMap((kind) => told.find((fact) => fact.kind === kind) ?? []);
  return new Map(found.map((fact) => [fact.kind, { ...(type.fromBuffer(type.toBuffer(fact)) as ChatEvent) }]));
}

/** Symbols of the enum that a field of ChatEvent has. */
export function symbolsOf(schema: SchemaJson, field: string): readonly string[] {
  const { fields } = schema as { readonly fields: readonly { readonly name: string; readonly type: unknown }[] };
  const { symbols } = fields.find(({ name }) => name === field)?.type as { readonly symbols: readonly string[] };
  return symbols;
}
