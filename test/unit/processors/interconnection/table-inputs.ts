// Every kind of input that decide knows, made for a user in any status, and what came of it in one line. Called by
// table.test.ts, which holds what should come of each.
import type { Command } from "../../../../src/processors/interconnection/commands.ts";
import type { Status } from "../../../../src/processors/interconnection/state.ts";
import type { DueKind } from "../../../../src/processors/messages/generated.ts";
import { session, userIn, type Step, type TestUser } from "./user.ts";

export type StatusName = "NONE" | Status;
export const statusNames: readonly StatusName[] = ["NONE", "CONNECTING", "ON_HOLD", "ACTIVE", "CLOSED", "FAILED"];

const image = { type: "image", media: { url: "https://media.example.org/1", mimeType: "image/png", caption: "Look" } };
const newSession = { ...session, route: "sealed-route-2", generation: "g2" };

function withCommand(user: TestUser, kind: Command["kind"], outcome: "done" | "refused"): Step {
  const chatId = user.state.interconnection?.chatId ?? "no-chat";
  const head = { seq: 50, chatId, giveUpAt: user.nowMs + 1000 };
  const desk = { ...head, lane: "desk" } as const;
  const channel = { ...head, lane: "channel", channel: "whatsapp" } as const;
  const extraData = {};
  const commands: Record<Command["kind"], Command> = {
    EnsureContact: {
      ...desk,
      kind: "EnsureContact",
      name: "Ana",
      email: "e",
      phoneNumber: null,
      extraData,
      channel: "whatsapp",
    },
    EnsureCase: {
      ...desk,
      kind: "EnsureCase",
      contactId: "003x",
      channel: "whatsapp",
      subject: "Help",
      description: "d",
      ownerId: null,
      notBefore: 0,
      extraData,
    },
    CloseCase: { ...desk, kind: "CloseCase", caseId: "500y" },
    OpenSession: { ...desk, kind: "OpenSession", visitorName: "Ana" },
    RequestChat: {
      ...desk,
      kind: "RequestChat",
      session,
      buttonId: "b",
      visitorName: "Ana",
      contactId: "003x",
      caseId: "500x",
    },
    SayToAgent: { ...desk, kind: "SayToAgent", session, text: "Hi", messageIds: ["m"], about: "message" },
    AttachFile: {
      ...desk,
      kind: "AttachFile",
      caseId: "500x",
      media: image.media,
      messageType: "image",
      messageId: "m",
      words: "Look",
    },
    ReportToDesk: { ...desk, kind: "ReportToDesk", session, report: { kind: "user_silent" } },
    EndChat: { ...desk, kind: "EndChat", session },
    SayToUser: { ...channel, kind: "SayToUser", messageId: "o", text: "Hi", about: "message" },
    HandBack: { ...channel, kind: "HandBack", botSlug: "bot", botState: "from-sf-success" },
  };
  const chat = user.state.interconnection;
  const known =
    chat?.status === "CONNECTING" ? { interconnection: { ...chat, contactId: "003x", caseId: "500x", session } } : {};
  user.state = { ...user.state, ...known, pending: [commands[kind]] };
  return user.result(outcome);
}

function withDue(user: TestUser, kind: DueKind): Step {
  const chatId = user.state.interconnection?.chatId ?? "no-chat";
  const due = { kind, chatId, at: user.nowMs };
  const handBack = { chatId, channel: "whatsapp", botSlug: "bot", botState: "from-sf-timeout" } as const;
  const looseCase = kind === "close_case" ? { caseId: "500y", contactId: "003x", until: user.nowMs } : null;
  user.state = { ...user.state, due: [due], looseCase, handBack: kind === "hand_back" ? handBack : null };
  return user.due(kind);
}

function withSilence(user: TestUser, kind: "idle_warning" | "idle_limit"): Step {
  const chat = user.state.interconnection;
  if (chat?.status !== "ACTIVE") return user.agentEvent({ type: "DueTime", kind, dueAt: user.nowMs });
  const idle = { limitMs: 60_000, warningMs: 30_000, since: user.nowMs, heardAt: 0, isWarned: false, isAwaited: true };
  // Words on their way to him would stop the clock.
  user.state = { ...user.state, interconnection: { ...chat, idle }, pending: [], backlog: [] };
  return user.due(kind);
}

/** Every kind of input. */
export const columns = {
  connect: (user: TestUser) => user.connect("another"),
  "connect, a repeat": (user: TestUser) => user.connect("connect"),
  "connect, expired": (user: TestUser) => user.connect("another", {}, user.nowMs - 1),
  "connect, channel unknown": (user: TestUser) => user.connect("another", { channel: "unknown" }),
  "connect, name empty": (user: TestUser) => user.connect("another", { name: "" }),
  finish: (user: TestUser) => user.finish(),
  "operator: end_chat": (user: TestUser) => user.operator("end_chat"),
  "operator: rewrite": (user: TestUser) => user.operator("rewrite"),
  "operator: erase_user": (user: TestUser) => user.operator("erase_user"),
  "operator: unknown": (user: TestUser) => user.operator("unknown"),
  "user: text": (user: TestUser) => user.message("m1", "Hello"),
  "user: text seen before": (user: TestUser) => {
    user.memory = { ...user.memory, seen: new Set(["m1"]) };
    return user.message("m1", "Hello");
  },
  "user: blank text": (user: TestUser) => user.message("m1", " "),
  "user: image": (user: TestUser) => user.message("m1", null, image),
  "user: type not forwarded": (user: TestUser) => user.message("m1", null, { ...image, type: "video" }),
  "user: neither words nor file": (user: TestUser) => user.message("m1", null, { type: "sticker" }),
  "user: restart keyword": (user: TestUser) => user.message("m1", "Restart"),
  "bot: text": (user: TestUser) => user.message("m1", "Hello", { author: "bot" }),
  "unknown author: text": (user: TestUser) => user.message("m1", "Hello", { author: "unknown" }),
  "desk: queued": (user: TestUser) => user.desk("queued", { queuePosition: 2 }),
  "desk: queue_moved": (user: TestUser) => user.desk("queue_moved", { queuePosition: 1 }),
  "desk: accepted": (user: TestUser) => user.desk("accepted", { agentName: "Lee" }),
  "desk: said": (user: TestUser) => user.desk("said", { text: "Hi" }),
  "desk: typing": (user: TestUser) => user.desk("typing"),
  "desk: not_typing": (user: TestUser) => user.desk("not_typing"),
  "desk: transferred": (user: TestUser) => user.desk("transferred", { agentName: "Lee" }),
  "desk: waiting_again": (user: TestUser) => user.desk("waiting_again"),
  "desk: agent_joined": (user: TestUser) => user.desk("agent_joined"),
  "desk: agent_left": (user: TestUser) => user.desk("agent_left"),
  "desk: agent_disconnected": (user: TestUser) => user.desk("agent_disconnected"),
  "desk: custom": (user: TestUser) => user.desk("custom"),
  "desk: file_requested": (user: TestUser) => user.desk("file_requested"),
  "desk: refused": (user: TestUser) => user.desk("refused", { reason: "Unavailable" }),
  "desk: ended": (user: TestUser) => user.desk("ended", { reason: "agent" }),
  "desk: data_rules": (user: TestUser) => user.desk("data_rules", { dataRules: [] }),
  "desk: other": (user: TestUser) => user.desk("other"),
  "desk: number known": (user: TestUser) => user.desk("said", { text: "Hi", number: -1 }),
  "desk: another generation": (user: TestUser) =>
    user.agentEvent({ type: "DeskEvents", generation: "g0", position: 99, resumeToken: null, events: [] }),
  "desk: of another chat": (user: TestUser) =>
    user.agentEvent(
      { type: "DeskEvents", generation: "g1", position: 99, resumeToken: null, events: [] },
      "other-chat",
    ),
  reconnected: (user: TestUser) =>
    user.agentEvent({
      type: "DeskReconnected",
      session: newSession,
      resetsPostSequence: true,
      unconfirmedEvents: null,
      leftGeneration: null,
    }),
  lost: (user: TestUser) =>
    user.agentEvent({ type: "DeskLost", generation: "g1", reason: "session_gone", detail: "403" }),
  "lost, another generation": (user: TestUser) =>
    user.agentEvent({ type: "DeskLost", generation: "g0", reason: "session_gone", detail: "403" }),
  "EnsureContact done": (user: TestUser) => withCommand(user, "EnsureContact", "done"),
  "EnsureContact refused": (user: TestUser) => withCommand(user, "EnsureContact", "refused"),
  "EnsureCase done": (user: TestUser) => withCommand(user, "EnsureCase", "done"),
  "EnsureCase refused": (user: TestUser) => withCommand(user, "EnsureCase", "refused"),
  "CloseCase done": (user: TestUser) => withCommand(user, "CloseCase", "done"),
  "CloseCase refused": (user: TestUser) => withCommand(user, "CloseCase", "refused"),
  "OpenSession done": (user: TestUser) => withCommand(user, "OpenSession", "done"),
  "OpenSession refused": (user: TestUser) => withCommand(user, "OpenSession", "refused"),
  "RequestChat done": (user: TestUser) => withCommand(user, "RequestChat", "done"),
  "RequestChat refused": (user: TestUser) => withCommand(user, "RequestChat", "refused"),
  "SayToAgent done": (user: TestUser) => withCommand(user, "SayToAgent", "done"),
  "SayToAgent refused": (user: TestUser) => withCommand(user, "SayToAgent", "refused"),
  "AttachFile done": (user: TestUser) => withCommand(user, "AttachFile", "done"),
  "AttachFile refused": (user: TestUser) => withCommand(user, "AttachFile", "refused"),
  "ReportToDesk done": (user: TestUser) => withCommand(user, "ReportToDesk", "done"),
  "ReportToDesk refused": (user: TestUser) => withCommand(user, "ReportToDesk", "refused"),
  "EndChat done": (user: TestUser) => withCommand(user, "EndChat", "done"),
  "EndChat refused": (user: TestUser) => withCommand(user, "EndChat", "refused"),
  "SayToUser done": (user: TestUser) => withCommand(user, "SayToUser", "done"),
  "SayToUser refused": (user: TestUser) => withCommand(user, "SayToUser", "refused"),
  "HandBack done": (user: TestUser) => withCommand(user, "HandBack", "done"),
  "HandBack refused": (user: TestUser) => withCommand(user, "HandBack", "refused"),
  "result of no pending command": (user: TestUser) => {
    const body = {
      lane: "desk",
      seq: 99,
      outcome: "done",
      reason: null,
      attempts: 1,
      postSequence: 7,
      generation: null,
      data: null,
    } as const;
    return user.agentEvent({ type: "CommandResult", ...body });
  },
  "due: opening_limit": (user: TestUser) => withDue(user, "opening_limit"),
  "due: accept_limit": (user: TestUser) => withDue(user, "accept_limit"),
  "due: hand_back": (user: TestUser) => withDue(user, "hand_back"),
  "due: chat_too_old": (user: TestUser) => withDue(user, "chat_too_old"),
  "due: forget": (user: TestUser) => withDue(user, "forget"),
  "due: rewrite": (user: TestUser) => user.agentEvent({ type: "DueTime", kind: "rewrite", dueAt: user.nowMs }),
  "due: erase": (user: TestUser) => withDue(user, "erase"),
  "due: close_case": (user: TestUser) => withDue(user, "close_case"),
  "due: idle_warning": (user: TestUser) => withSilence(user, "idle_warning"),
  "due: idle_limit": (user: TestUser) => withSilence(user, "idle_limit"),
  "due: unknown": (user: TestUser) => withDue(user, "unknown"),
  "due: not waited for": (user: TestUser) => user.agentEvent({ type: "DueTime", kind: "chat_too_old", dueAt: 1 }),
} as const satisfies Record<string, (user: TestUser) => Step>;

export type InputName = keyof typeof columns;

/**
 * What comes of one input in one status: status after, facts with their reason, commands, answer, dead letters, what is
 * remembered. `nothing` when the state is the very same object and nothing came out.
 */
export function cell(status: StatusName, name: InputName): string {
  const user = userIn(status);
  let before = user.state;
  const step = columns[name](withTrap(user, (state) => (before = state)));
  return summary(before === step.state, step);
}

/** Tells the state that stood right before the input was decided; some inputs are put into the state first. */
function withTrap(user: TestUser, seen: (state: TestUser["state"]) => void): TestUser {
  let { state } = user;
  Object.defineProperty(user, "state", {
    get: () => state,
    set: (next: TestUser["state"]) => {
      seen(state);
      state = next;
    },
  });
  return user;
}

function summary(same: boolean, step: Step): string {
  const { interconnection, handBack } = step.state;
  const parts = [
    ...step.facts.map(({ kind, reason }) => (reason === "none" ? `+${kind}` : `+${kind}(${reason})`)),
    ...step.gave.map(({ kind }) => `>${kind}`),
    ...(step.state.due.some(({ kind }) => kind === "hand_back") && handBack !== null ? [`..${handBack.botState}`] : []),
    ...step.replies.map(({ reply }) => `=${reply.reason}`),
    ...step.deadLetters.map(({ reason }) => `!${reason}`),
    ...step.remember.map(() => "~context"),
  ];
  if (same && parts.length === 0) return "nothing";
  return [interconnection?.status ?? "NONE", ...parts].join(" ");
}
