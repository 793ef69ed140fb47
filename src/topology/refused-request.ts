// The outcome of a request that never came to decide: its record breaks a rule of the topic, makes more than a record can hold, or
// met a defect of ours. Refused under its id like any other, so that its sender hears of it; nothing else is done for the user,
// whose state may belong to another partition. Called by turn.ts.
import type { Fact } from "../processors/interconnection/decision.ts";
import type { Reply } from "../processors/interconnection/state.ts";
import type { DeadLetterReason, OutboxRecord, ReplyRecord } from "../processors/messages/generated.ts";
import { refusalId } from "../processors/messages/ids.ts";
import { factRecord, type RecordRules } from "./turn-records.ts";

/** Why a record is not decided, and whose request it was as far as that could be read. */
export interface Undecided {
  readonly reason: DeadLetterReason;
  readonly detail: string | null;
  readonly userId: string | null;
  readonly requestId: string | null;
}

/** Fact and answer; null for what is no request or whose id could not be read. The fact is null where its ids fit into no record. */
export function outcomeOfUndecided(
  { reason, detail, userId, requestId }: Undecided,
  now: number,
  rules: RecordRules,
): { readonly fact: OutboxRecord | null; readonly reply: ReplyRecord } | null {
  if (requestId === null) return null;
  const why = reason === "decide_failed" ? "service_failed" : "invalid_request";
  const said = reason === "too_large" ? "the request is too large" : detail;
  const reply: Reply = { outcome: "refused", reason: why, chatId: null, detail: said };
  const fact: Fact = {
    ...nothing,
    eventId: refusalId(rules.client, requestId),
    userId: userId ?? "",
    requestId,
    occurredAt: now,
    reason: why,
    detail: said,
  };
  return {
    fact: factRecord(fact, userId ?? "", now, rules),
    reply: { requestId, reply: JSON.stringify(reply) },
  };
}

const nothing = {
  kind: "refused",
  chatId: null,
  sequence: 0,
  channel: "unknown",
  contactId: null,
  caseId: null,
  agentName: null,
  queuePosition: null,
  estimatedWaitSeconds: null,
  messageId: null,
  messageType: null,
  textChars: null,
  text: null,
  botState: null,
} as const;
