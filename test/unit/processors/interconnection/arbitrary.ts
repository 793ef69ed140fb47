// Random states and random conversations for properties of decide and of the record. Called by property tests.
import fc from "fast-check";

import type { Command } from "../../../../src/processors/interconnection/commands.ts";
import type {
  ContextEntry,
  Interconnection,
  Reply,
  UserState,
} from "../../../../src/processors/interconnection/state.ts";
import type { Channel, DeskSession, DueKind, Media } from "../../../../src/processors/messages/generated.ts";

const text = fc.string({ unit: "binary", maxLength: 12 });
const filled = fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 });
const orNull = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> => fc.option(value, { nil: null });
const whole = fc.integer({ min: -1, max: 2_000_000_000_000 });
const channel = fc.constantFrom<Channel>("whatsapp", "facebook", "unknown");
const lane = fc.constantFrom("desk" as const, "channel" as const);
const list = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value[]> => fc.array(value, { maxLength: 3 });

const session: fc.Arbitrary<DeskSession> = fc.record({
  id: text,
  key: text,
  route: text,
  generation: text,
  pollTimeoutMs: whole,
  numbered: fc.boolean(),
});
const media: fc.Arbitrary<Media> = fc.record({ url: text, mimeType: orNull(text), caption: orNull(text) });
const entry: fc.Arbitrary<ContextEntry> = fc.record({
  messageId: text,
  at: whole,
  from: fc.constantFrom("user" as const, "bot" as const),
  text: orNull(text),
  media: orNull(media),
});
const extraValue = fc.oneof(text, fc.boolean(), whole, fc.constant(null), fc.record({ json: fc.json() }));
const extraData = fc.dictionary(
  filled.filter((key) => key !== "__proto__"),
  extraValue,
  { noNullPrototype: true },
);

const head = {
  chatId: filled,
  requestId: text,
  channel,
  name: text,
  email: text,
  phoneNumber: orNull(filled),
  botSlug: text,
  botId: text,
  extraData,
  requestedAt: whole,
};
const atDesk = {
  ...head,
  contactId: filled,
  caseId: filled,
  session,
  position: whole,
  resumeToken: orNull(text),
  recent: text,
  repeats: orNull(fc.record({ from: whole, to: whole })),
  postSequence: whole,
  waitingSince: whole,
};
const active = {
  ...atDesk,
  status: fc.constant("ACTIVE" as const),
  acceptedAt: whole,
  agentName: orNull(text),
};
const dataRule = fc.record({ id: orNull(text), name: text, pattern: text, replacement: text });
const rulesFound = fc.array(fc.record({ id: orNull(text), name: text }));
const idle = fc.record({
  limitMs: whole,
  warningMs: orNull(whole),
  since: orNull(whole),
  heardAt: whole,
  isWarned: fc.boolean(),
  isAwaited: fc.boolean(),
});
const over = {
  ...head,
  endedAt: whole,
  lastPosition: whole,
  contactId: orNull(filled),
  caseId: orNull(filled),
  session: orNull(session),
};
const interconnection: fc.Arbitrary<Interconnection> = fc.oneof(
  fc.record({
    ...head,
    status: fc.constant("CONNECTING" as const),
    openBy: whole,
    contactId: orNull(filled),
    caseId: orNull(filled),
    session: orNull(session),
    postSequence: whole,
    context: list(entry),
    said: list(entry),
  }),
  fc.record({
    ...atDesk,
    status: fc.constant("ON_HOLD" as const),
    context: list(entry),
    said: list(entry),
    queuePosition: orNull(whole),
    waitTextGiven: fc.boolean(),
  }),
  fc.record(active),
  fc.record({ ...active, idle, dataRules: fc.array(dataRule), rulesFound }),
  fc.record({ ...over, status: fc.constant("CLOSED" as const) }),
  fc.record({ ...over, status: fc.constant("FAILED" as const) }),
  fc.record({ ...over, status: fc.constant("FAILED" as const), neverOpen: fc.boolean() }),
);

const commandHead = { seq: whole, chatId: text, giveUpAt: whole };
const deskHead = { ...commandHead, lane: fc.constant("desk" as const) };
const channelHead = { ...commandHead, lane: fc.constant("channel" as const), channel };
const about = fc.constantFrom("message" as const, "context" as const, "notice" as const);
const kind = <Kind extends string>(name: Kind): { readonly kind: fc.Arbitrary<Kind> } => ({ kind: fc.constant(name) });

const textsGiven = fc.record({ count: whole, last: text });
const file = { media, messageType: text, messageId: text, words: orNull(text) };

const report = fc.oneof(
  fc.record({ kind: fc.constantFrom("user_silent" as const, "user_back" as const) }),
  fc.record({
    kind: fc.constant("rules_applied" as const),
    rules: rulesFound,
  }),
);
/** Those of other chats are dropped by who reads the record. */
const reportOf = ({ chatId }: Interconnection) => ({
  ...{ ...deskHead, ...kind("ReportToDesk"), chatId: fc.constant(chatId), report },
});

const command = (chat: Interconnection | null): fc.Arbitrary<Command> => {
  // What stands in the chat stands in its commands nearly always: that is what the record leaves out.
  const anySession = chat?.session ? fc.oneof(fc.constant(chat.session), session) : session;
  const anyExtra = chat === null ? extraData : fc.oneof(fc.constant(chat.extraData), extraData);
  return fc.oneof(
    fc.record({
      ...deskHead,
      ...kind("EnsureContact"),
      name: text,
      email: text,
      phoneNumber: orNull(text),
      extraData: anyExtra,
      channel,
    }),
    fc.record({
      ...deskHead,
      ...kind("EnsureCase"),
      contactId: text,
      channel,
      subject: text,
      description: text,
      ownerId: orNull(text),
      notBefore: whole,
      mayExist: fc.boolean(),
      extraData: anyExtra,
    }),
    fc.record({ ...deskHead, ...kind("CloseCase"), caseId: text }),
    fc.record({ ...deskHead, ...kind("AttachFile"), caseId: text, ...file }),
    fc.record({ ...deskHead, ...kind("OpenSession"), visitorName: text }),
    fc.record({
      ...deskHead,
      ...kind("RequestChat"),
      session: anySession,
      buttonId: text,
      visitorName: text,
      contactId: text,
      caseId: text,
    }),
    fc.record({
      ...{ ...deskHead, ...kind("SayToAgent"), session: anySession, text },
      ...{ messageIds: list(text), about, behind: textsGiven },
    }),
    ...(chat === null ? [] : [fc.record({ ...reportOf(chat), session: anySession })]),
    fc.record({ ...deskHead, ...kind("EndChat"), session: anySession }),
    fc.record({
      ...channelHead,
      ...kind("SayToUser"),
      messageId: text,
      text,
      about: fc.constantFrom("message" as const, "notice" as const),
    }),
    fc.record({ ...channelHead, ...kind("HandBack"), botSlug: text, botState: text }),
  );
};

const backlogItem = fc.oneof(fc.record({ text, messageIds: list(text), about }), fc.record({ file: fc.record(file) }));

const reply: fc.Arbitrary<Reply> = fc.record({
  outcome: fc.constantFrom("done" as const, "refused" as const),
  reason: fc.constantFrom("chat_created" as const, "chat_open" as const, "opening_timeout" as const),
  chatId: orNull(text),
  detail: orNull(text),
});
const lastSeq = fc.record({ desk: whole, channel: whole });
const dueKind = fc.constantFrom<DueKind>(
  "opening_limit",
  "accept_limit",
  "hand_back",
  "chat_too_old",
  "forget",
  "close_case",
);

/** Any state that its type allows, whether or not decide would make it. */
export const anyState: fc.Arbitrary<UserState> = orNull(interconnection).chain((chat) =>
  fc.record({
    interconnection: fc.constant(chat),
    pending: list(command(chat)),
    backlog: list(fc.record({ lane, texts: list(backlogItem) })),
    due: list(fc.record({ kind: dueKind, chatId: text, at: whole })),
    handBack: orNull(fc.record({ chatId: text, channel, botSlug: text, botState: text })),
    lastSeq,
    textsGiven,
    lastFact: whole,
    taken: list(text),
    outcomes: list(fc.record({ requestId: text, reply })),
    looseCase: orNull(fc.record({ caseId: text, contactId: text, until: whole })),
    doubtfulCase: orNull(
      fc.record(
        { contactId: text, channel, subject: text, otherSubjects: fc.array(text), notBefore: whole, until: whole },
        { requiredKeys: ["contactId", "channel", "subject", "notBefore", "until"] },
      ),
    ),
    earlier: list(
      fc.record({
        chatId: text,
        requestId: text,
        channel,
        contactId: orNull(text),
        caseId: orNull(text),
        lastSeq,
        lastFact: whole,
      }),
    ),
    overflowTold: list(lane),
  }),
);
