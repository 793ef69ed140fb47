// The shape that a stored record must have before it is taken for a state. Owns which field must be what; record.ts owns the
// layout. A fault names field and rule, never a value.
import type { Command } from "./commands.ts";
import type { Status } from "./state.ts";

/** Tells what is wrong with a value under its path; null when nothing is. */
export type Shape = (value: unknown, path: string) => string | null;

const text: Shape = (value, path) => (typeof value === "string" ? null : `${path} must be text`);
const whole: Shape = (value, path) => (Number.isSafeInteger(value) ? null : `${path} must be a whole number`);
const bool: Shape = (value, path) => (typeof value === "boolean" ? null : `${path} must be true or false`);
const anything: Shape = (value, path) => (value === undefined ? `${path} is missing` : null);

function orNull(shape: Shape): Shape {
  return (value, path) => (value === null ? null : shape(value, path));
}

/** For what records of before do not have. */
function orMissing(shape: Shape): Shape {
  return (value, path) => (value === undefined ? null : shape(value, path));
}

function among(words: readonly string[]): Shape {
  return (value, path) =>
    typeof value === "string" && words.includes(value) ? null : `${path} must be one of ${words.join(", ")}`;
}

function list(shape: Shape): Shape {
  return (value, path) => {
    if (!Array.isArray(value)) return `${path} must be a list`;
    return firstFault(value.map((item, i) => shape(item, `${path}[${String(i)}]`)));
  };
}

function object(fields: Readonly<Record<string, Shape>>): Shape {
  return (value, path) => {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return `${path || "record"} must be an object`;
    const given = new Map<string, unknown>(Object.entries(value));
    return firstFault(
      Object.entries(fields).map(([name, shape]) => shape(given.get(name), path === "" ? name : `${path}.${name}`)),
    );
  };
}

/** Another shape for each value of one field. A kind without its shape does not compile: its records could not be read again. */
function variants<Kind extends string>(field: string, shapes: Readonly<Record<Kind, Shape>>): Shape {
  const byName: Readonly<Record<string, Shape>> = shapes;
  const names = among(Object.keys(shapes));
  return (value, path) => {
    const fault = object({ [field]: names })(value, path);
    if (fault !== null) return fault;
    const name = String(new Map<string, unknown>(Object.entries(value as object)).get(field));
    return byName[name]?.(value, path) ?? null;
  };
}

function firstFault(faults: readonly (string | null)[]): string | null {
  return faults.find((fault) => fault !== null) ?? null;
}

const textsGiven = object({ count: whole, last: text });
const channel = among(["unknown", "whatsapp", "facebook"]);
const lane = among(["desk", "channel"]);
const session = object({ id: text, key: text, route: text, generation: text, pollTimeoutMs: whole, numbered: bool });
const media = object({ url: text, mimeType: orNull(text), caption: orNull(text) });
/** What a stored entry of the context must be. */
export const entryShape: Shape = object({
  messageId: text,
  at: whole,
  receivedAt: orMissing(whole),
  from: among(["user", "bot"]),
  text: orNull(text),
  media: orNull(media),
  messageType: orMissing(text),
});
const entries = list(entryShape);

const head = {
  chatId: text,
  requestId: text,
  channel,
  name: text,
  email: text,
  phoneNumber: orNull(text),
  botSlug: text,
  botId: text,
  extraData: object({}),
  requestedAt: whole,
};
const repeats = orNull(object({ from: whole, to: whole }));
const atDesk = {
  ...head,
  contactId: text,
  caseId: text,
  session,
  position: whole,
  resumeToken: orNull(text),
  recent: text,
  repeats,
  dataRules: orMissing(list(object({ id: orNull(text), name: text, pattern: text, replacement: text }))),
  rulesFound: orMissing(list(object({ id: orNull(text), name: text }))),
  postSequence: whole,
  waitingSince: whole,
  noisyAt: orMissing(object({ typing: orMissing(whole), custom: orMissing(whole) })),
};
const over = {
  ...head,
  endedAt: whole,
  lastPosition: whole,
  contactId: orNull(text),
  caseId: orNull(text),
  session: orNull(session),
  recent: orMissing(text),
  repeats: orMissing(repeats),
};

const interconnection = variants<Status>("status", {
  CONNECTING: object({
    ...head,
    openBy: whole,
    contactId: orNull(text),
    caseId: orNull(text),
    session: orNull(session),
    postSequence: whole,
    context: entries,
    said: entries,
    isMoved: orMissing(bool),
    waitTextGiven: orMissing(bool),
  }),
  ON_HOLD: object({
    ...atDesk,
    context: entries,
    said: entries,
    queuePosition: orNull(whole),
    waitTextGiven: bool,
    isMoved: orMissing(bool),
  }),
  ACTIVE: object({
    ...atDesk,
    acceptedAt: whole,
    agentName: orNull(text),
    idle: orMissing(
      object({
        ...{ limitMs: whole, warningMs: orNull(whole), since: orNull(whole), heardAt: whole },
        ...{ isWarned: bool, isAwaited: bool },
      }),
    ),
  }),
  CLOSED: object(over),
  FAILED: object({ ...over, neverOpen: orMissing(bool) }),
});

const command = { lane, seq: whole, chatId: text, giveUpAt: whole };
const extraData = object({});
const file = { media, messageType: text, messageId: text, words: orNull(text) };
const commands = list(
  variants<Command["kind"]>("kind", {
    EnsureContact: object({ ...command, name: text, email: text, phoneNumber: orNull(text), extraData, channel }),
    EnsureCase: object({
      ...command,
      contactId: text,
      channel,
      subject: text,
      description: text,
      ownerId: orNull(text),
      notBefore: whole,
      mayExist: orMissing(bool),
      otherSubjects: orMissing(list(text)),
      kept: orMissing(text),
      extraData,
    }),
    CloseCase: object({ ...command, caseId: text }),
    OpenSession: object({ ...command, visitorName: text }),
    RequestChat: object({ ...command, session, buttonId: text, visitorName: text, contactId: text, caseId: text }),
    SayToAgent: object({
      ...command,
      session,
      text,
      messageIds: list(text),
      about: among(["message", "context", "notice"]),
      hasUserWords: orMissing(bool),
      behind: orMissing(textsGiven),
      postsBefore: orMissing(whole),
    }),
    AttachFile: object({ ...command, caseId: text, ...file }),
    ReportToDesk: object({
      ...command,
      session,
      report: object({
        kind: among(["user_silent", "user_back", "rules_applied"]),
        rules: orMissing(list(object({ id: orNull(text), name: text }))),
      }),
      postsBefore: orMissing(whole),
    }),
    EndChat: object({
      ...command,
      session,
      isUserIdle: orMissing(bool),
      isUnsynced: orMissing(bool),
      postsBefore: orMissing(whole),
    }),
    SayToUser: object({
      ...command,
      channel,
      messageId: text,
      text,
      about: among(["message", "notice"]),
      pieceOf: orMissing(text),
    }),
    HandBack: object({ ...command, channel, botSlug: text, botState: text }),
  }),
);

const bySeq = object({ desk: whole, channel: whole });
const backlogText = object({
  text,
  messageIds: list(text),
  about: among(["message", "context", "notice"]),
  hasUserWords: orMissing(bool),
  pieceOf: orMissing(text),
});
const backlogFile = object({ file: object(file) });
const waiting: Shape = (value, path) =>
  (typeof value === "object" && value !== null && "file" in value ? backlogFile : backlogText)(value, path);
const reply = object({ outcome: among(["done", "refused"]), reason: text, chatId: orNull(text), detail: orNull(text) });

/** Shape of the JSON, as far as the state can't tell. */
export const recordShape: Shape = object({
  client: text,
  userID: text,
  sessionID: text,
  sessionKey: text,
  affinityToken: text,
  status: text,
  timestamp: anything,
  provider: text,
  botSlug: text,
  botID: text,
  name: text,
  email: text,
  phoneNumber: text,
  caseID: text,
  extraData: object({}),
  bridge: object({
    version: whole,
    chat: orNull(object({ session: orNull(object({})) })),
    textsGiven: orMissing(object({ chatId: text, deskSeq: whole })),
    pending: list(object({})),
    reports: orMissing(list(object({ at: whole, command: object({}) }))),
  }),
});

/** Shape of the state that is made of it. */
export const stateShape: Shape = object({
  interconnection: orNull(interconnection),
  pending: commands,
  backlog: list(object({ lane, texts: list(waiting) })),
  due: list(
    object({
      kind: among([
        "unknown",
        "opening_limit",
        "accept_limit",
        "hand_back",
        "chat_too_old",
        "forget",
        "rewrite",
        "close_case",
        "erase",
      ]),
      chatId: text,
      at: whole,
    }),
  ),
  handBack: orNull(object({ chatId: text, channel, botSlug: text, botState: text })),
  lastSeq: bySeq,
  textsGiven: orMissing(textsGiven),
  lastFact: whole,
  taken: list(text),
  outcomes: list(object({ requestId: text, reply })),
  looseCase: orNull(object({ caseId: text, contactId: text, until: whole })),
  doubtfulCase: orMissing(
    orNull(
      object({
        contactId: text,
        channel,
        subject: text,
        otherSubjects: orMissing(list(text)),
        notBefore: whole,
        until: whole,
      }),
    ),
  ),
  earlier: list(
    object({
      chatId: text,
      requestId: text,
      channel,
      contactId: orNull(text),
      caseId: orNull(text),
      lastSeq: bySeq,
      lastFact: whole,
    }),
  ),
  overflowTold: list(lane),
  failureTold: orMissing(object({ desk: orMissing(text), channel: orMissing(text) })),
});
