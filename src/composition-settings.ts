// From the settings as operators know them to the options that each part asks for. Reads the file of Kafka's authorities, and nothing else.
import { readFileSync } from "node:fs";

import type { KafkaConnection } from "./clients/kafka/client.ts";
import type { Settings } from "./clients/config/settings-shape.ts";
import { recordTypeKey } from "./clients/salesforce/data-api/accounts.ts";
import { recordMapping, type RecordMapping } from "./clients/salesforce/data-api/mapping.ts";
import type { ExtraDataRule } from "./ingress/extra-data.ts";
import { createTimeFormat, rfc3339 } from "./processors/interconnection/calendar.ts";
import { defaultLimits, type DecideSettings, type SourceFlow } from "./processors/interconnection/settings.ts";

/** What a chat may take from connect to the desk's queue: the caller's wait, less what the answer takes to reach it. */
const replyMarginMs = 2_000;
/** A chat that is open longer than this is ended: nobody has looked after it. */
const chatMaxAgeMs = 7 * 86_400_000;

/** How long opening a chat may take, milliseconds. */
function openBudgetMs(settings: Settings): number {
  return Math.max(1_000, settings.http.replyTimeoutMs - replyMarginMs);
}

/** Settings of decide, as far as settings tell them. */
export function decideSettings(settings: Settings): Omit<DecideSettings, "applyRules"> {
  const { chat, client } = settings;
  return {
    client,
    texts: chat.texts,
    formatTime: createTimeFormat(chat.timeZone),
    botStates: chat.states,
    hasBotPlatform: settings.botPlatform !== null && settings.botPlatform.url !== "",
    handBackDelayMs: chat.handBackDelayMs,
    openBudgetMs: openBudgetMs(settings),
    acceptTimeoutMs: chat.acceptTimeoutMs,
    chatMaxAgeMs,
    queueUpdates: chat.queueUpdates,
    forwardedTypes: new Set(chat.forwardedTypes),
    fileNameInNotice: chat.fileNameInNotice,
    restartKeywords: new Set(settings.production ? [] : chat.restartKeywords.map((word) => word.toLowerCase())),
    sourceFlows: Object.fromEntries(Object.entries(chat.sourceFlows).map(([name, flow]) => [name, sourceFlow(flow)])),
    sourceFlowField: chat.sourceFlowField,
    phonePrefixes: chat.phonePrefixes,
    eventsWithText: chat.eventsWithText,
    limits: defaultLimits,
  };
}

function sourceFlow(flow: Settings["chat"]["sourceFlows"][string]): SourceFlow {
  const providers = Object.entries(flow.providers).map(
    ([channel, { buttonId, ownerId }]) => [channel, { buttonId, ownerId: ownerId ?? "" }] as const,
  );
  return { subject: flow.subject, providers: Object.fromEntries(providers) };
}

/** How users and chats become records of the org; `startedAt` is the moment of the start, epoch milliseconds. */
export function deskMapping({ salesforce, chat }: Settings, startedAt: number): RecordMapping {
  const { records } = salesforce;
  return recordMapping({
    firstName: chat.texts.firstNameContact,
    contactFields: records.contactFields,
    search: { fields: records.searchFields, blockedField: records.blockedField, phonePrefixes: chat.phonePrefixes },
    account: {
      recordTypeId: records.accountRecordTypeId,
      birthDate: records.birthDate ?? rfc3339(startedAt).slice(0, 10),
      fields: records.accountFields,
    },
    case: {
      recordTypeId: records.caseRecordTypeId,
      closedStatus: records.closedCaseStatus,
      fields: records.caseFields,
    },
  });
}

/**
 * Which keys of a connect's extraData the service reads itself, and what they must be (parity sheet 3.4 to 3.6): the edge refuses what
 * would fail later, when a contact or a case may be there already.
 */
export function extraDataRules({
  chat,
  salesforce,
}: {
  readonly chat: Pick<Settings["chat"], "sourceFlowField">;
  readonly salesforce: { readonly records: Settings["salesforce"]["records"] };
}): readonly ExtraDataRule[] {
  const { accountFields, accountRecordTypeId, caseFields } = salesforce.records;
  const onlyWith = accountRecordTypeId === null ? recordTypeKey : null;
  const always = { field: null, onlyWith: null } as const;
  const ofAccounts = Object.entries(accountFields).map(([key, field]) => ({ key, field, mayBeEmpty: true, onlyWith }));
  // No case is without them; what else a case has may be of any type.
  const ofCases = Object.entries(caseFields)
    .filter(([, field]) => /^(?:status|priority)$/i.test(field))
    .map(([key, field]) => ({ key, field, mayBeEmpty: false, onlyWith: null }));
  return [
    { ...always, key: chat.sourceFlowField, mayBeEmpty: true },
    { ...always, key: "description", mayBeEmpty: false },
    { ...always, key: recordTypeKey, mayBeEmpty: false },
    ...ofAccounts,
    ...ofCases,
  ];
}

/** How to reach the cluster. Reads the CA file; throws when it can't be read. */
export function kafkaConnection(settings: Pick<Settings, "kafka">, clientId: string): KafkaConnection {
  const { kafka } = settings;
  return {
    brokers: kafka.brokers,
    clientId,
    securityProtocol: kafka.securityProtocol,
    saslMechanism: kafka.sasl?.mechanism ?? "PLAIN",
    username: kafka.sasl?.user ?? "",
    password: kafka.sasl?.password ?? "",
    ca: kafka.caFile === null ? null : readFileSync(kafka.caFile, "utf8"),
  };
}
