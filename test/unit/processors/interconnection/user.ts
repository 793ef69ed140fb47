// One user under test: makes inputs, has them decided one after the other, and keeps what came out. Time moves 100 ms per
// input, or as told. Called by the tests of decide.
import { createTimeFormat } from "../../../../src/processors/interconnection/calendar.ts";
import { createDecide } from "../../../../src/processors/interconnection/decide.ts";
import type { Decision, Fact, Input } from "../../../../src/processors/interconnection/decision.ts";
import type { Command } from "../../../../src/processors/interconnection/commands.ts";
import { blankDeskEvent } from "../../../support/blank-desk-event.ts";
import { quietRuleApplier } from "../../../support/rule-applier.ts";
import { momentsOf } from "../../../../src/processors/interconnection/due-times.ts";
import { defaultLimits, type DecideSettings } from "../../../../src/processors/interconnection/settings.ts";
import { nobody, type UserMemory, type UserState } from "../../../../src/processors/interconnection/state.ts";
import { defaultTexts } from "../../../../src/processors/interconnection/texts.ts";
import type {
  AgentEvent,
  ChannelMessage,
  ChatRequest,
  CommandResult,
  Connect,
  DeskEvent,
  DeskEventKind,
  DeskSession,
  DueKind,
} from "../../../../src/processors/messages/generated.ts";

export const startMs = 1_700_000_000_000;

export const settings: DecideSettings = {
  client: "test",
  texts: defaultTexts,
  formatTime: createTimeFormat("America/Mexico_City"),
  botStates: {
    success: { whatsapp: "from-sf-success" },
    timeout: { whatsapp: "from-sf-timeout" },
    blocked: { whatsapp: "from-sf-blocked" },
  },
  hasBotPlatform: true,
  handBackDelayMs: 4_000,
  openBudgetMs: 8_000,
  acceptTimeoutMs: 60_000,
  chatMaxAgeMs: 3_600_000,
  queueUpdates: false,
  forwardedTypes: new Set(["text", "image", "document", "audio", "voice"]),
  fileNameInNotice: false,
  restartKeywords: new Set(["restart"]),
  sourceFlows: { default: { subject: "Help", providers: { whatsapp: { buttonId: "573x", ownerId: "00Gx" } } } },
  sourceFlowField: "source_flow_bot",
  phonePrefixes: ["521", "52"],
  eventsWithText: false,
  limits: defaultLimits,
  applyRules: quietRuleApplier(),
};

export const session: DeskSession = {
  id: "session-1",
  key: "sealed-key",
  route: "sealed-route",
  generation: "g1",
  pollTimeoutMs: 40_000,
  numbered: true,
};

const connectBody: Connect = {
  name: "Ana",
  channel: "whatsapp",
  botSlug: "bot",
  botId: "5215500000000",
  email: "ana@example.org",
  phoneNumber: "5211245124510",
  extraData: {},
};

/** What one input brought, with the commands that are new in pending. */
export type Step = Decision & { readonly gave: readonly Command[] };

export interface TestUser {
  state: UserState;
  memory: UserMemory & { readonly seen: ReadonlySet<string> };
  nowMs: number;
  /** Inputs are of records that an operator has replayed. */
  late: boolean;
  readonly facts: Fact[];
  /** Every input that was decided, in order. */
  readonly inputs: Input[];
  connect(requestId?: string, body?: Partial<Connect>, expiresAt?: number | null, rest?: Partial<ChatRequest>): Step;
  finish(requestId?: string, rest?: Partial<ChatRequest>): Step;
  operator(action: "end_chat" | "rewrite" | "erase_user" | "unknown", requestId?: string): Step;
  message(messageId: string, text: string | null, rest?: Partial<ChannelMessage>): Step;
  /** Next event of the desk, numbered on. */
  desk(kind: DeskEventKind, rest?: Partial<DeskEvent>): Step;
  agentEvent(body: AgentEvent["body"], chatId?: string): Step;
  /** Result of a command, of the first pending one unless given. */
  result(outcome?: CommandResult["outcome"], data?: CommandResult["data"], command?: Command): Step;
  /** Succeeds every pending command with what its kind brings, until none is left. */
  settle(): void;
  /** The moment of that kind comes. */
  due(kind: DueKind): Step;
}

/** What a gateway brings for a command that worked. */
function bringsOf(command: Command): CommandResult["data"] {
  switch (command.kind) {
    case "EnsureContact":
      return { type: "ContactReady", contactId: "003x", created: true, blocked: false };
    case "EnsureCase":
      return { type: "CaseReady", caseId: "500x", created: true };
    case "CloseCase":
      return { type: "CaseClosed", closed: true };
    case "AttachFile":
      return { type: "FileAttached", title: "photo.png", mimeType: "image/png", sizeBytes: 68 };
    case "OpenSession":
      return { type: "SessionOpened", session };
    case "RequestChat":
    case "SayToAgent":
    case "ReportToDesk":
    case "EndChat":
    case "SayToUser":
    case "HandBack":
      return null;
  }
}

const idOf = ({ chatId, lane, seq }: Command): string => `${chatId}/${lane}/${String(seq)}`;

/** A user of whom nothing is known yet. */
export function createUser(overrides: Partial<DecideSettings> = {}): TestUser {
  const decide = createDecide({ ...settings, ...overrides });
  let offset = 0;
  let requests = 0;

  function step(user: TestUser, make: (now: number) => Pick<Input, "topic" | "record">): Step {
    user.nowMs += 100;
    const { topic, record } = make(user.nowMs);
    const coordinates = { topic, partition: 0, offset: offset++, timestamp: user.nowMs };
    const input = { topic, record, coordinates, now: user.nowMs, late: user.late } as Input;
    const known = new Set(user.state.pending.map(idOf));
    const decision = decide({ state: user.state, memory: user.memory }, input);
    user.inputs.push(input);
    user.state = decision.state;
    user.memory = {
      history: [...user.memory.history, ...decision.remember],
      seen: new Set([...user.memory.seen, ...decision.see]),
    };
    user.facts.push(...decision.facts);
    return { ...decision, gave: decision.state.pending.filter((command) => !known.has(idOf(command))) };
  }

  const common = { client: "test", userId: "5215512345678" };
  const request = (
    user: TestUser,
    requestId: string | undefined,
    body: ChatRequest["body"],
    rest: Partial<ChatRequest> = {},
  ): Step =>
    step(user, (occurredAt) => {
      const id = requestId ?? `request-${String(++requests)}`;
      const record = { ...common, requestId: id, occurredAt, expiresAt: null, body, ...rest };
      return { topic: "chat-requests", record };
    });

  const user: TestUser = {
    state: nobody,
    memory: { history: [], seen: new Set() },
    nowMs: startMs,
    late: false,
    facts: [],
    inputs: [],
    connect: (requestId, body = {}, expiresAt = null, rest = {}) =>
      request(user, requestId, { type: "Connect", ...connectBody, ...body }, { expiresAt, ...rest }),
    finish: (requestId, rest) => request(user, requestId, { type: "Finish", requestedBy: null }, rest),
    operator: (action, requestId) => request(user, requestId, { type: "OperatorRequest", action, requestedBy: null }),
    message: (messageId, text, rest = {}) =>
      step(user, (now) => {
        const head = { ...common, messageId, channel: "whatsapp", author: "user" } as const;
        const record: ChannelMessage = {
          ...head,
          occurredAt: now,
          receivedAt: now,
          type: "text",
          text,
          media: null,
          ...rest,
        };
        return { topic: "channel-messages", record };
      }),
    desk: (kind, rest = {}) => {
      const chat = user.state.interconnection;
      const position =
        chat === null ? -1 : "position" in chat ? chat.position : "endedAt" in chat ? chat.lastPosition : -1;
      const number = rest.number ?? position + 1;
      const event: DeskEvent = { ...blankDeskEvent, ...rest, number, kind };
      const { generation } = chat?.session ?? session;
      return user.agentEvent({ type: "DeskEvents", generation, position: number, resumeToken: null, events: [event] });
    },
    agentEvent: (body, chatId) =>
      step(user, (occurredAt) => ({
        topic: "agent-events",
        record: { ...common, chatId: chatId ?? user.state.interconnection?.chatId ?? "no-chat", occurredAt, body },
      })),
    result: (outcome = "done", data, command = user.state.pending[0]) => {
      if (command === undefined) throw new Error("no command is pending");
      const brought = outcome !== "done" ? null : data === undefined ? bringsOf(command) : data;
      const reason = outcome === "done" ? null : "503";
      const { lane, seq } = command;
      const body = { lane, seq, outcome, reason, attempts: 1, postSequence: null, generation: null, data: brought };
      return user.agentEvent({ type: "CommandResult", ...body }, command.chatId);
    },
    settle: () => {
      while (user.state.pending.length > 0) user.result();
    },
    due: (kind) => {
      const found = momentsOf(user.state).find((each) => each.kind === kind);
      if (found === undefined) throw new Error(`nothing waits for ${kind}`);
      user.nowMs = Math.max(user.nowMs, found.at);
      return user.agentEvent({ type: "DueTime", kind, dueAt: found.at }, found.chatId);
    },
  };
  return user;
}

/** A user in a status, with nothing pending. */
export function userIn(
  status: "NONE" | "CONNECTING" | "ON_HOLD" | "ACTIVE" | "CLOSED" | "FAILED",
  overrides: Partial<DecideSettings> = {},
): TestUser {
  const user = createUser(overrides);
  if (status === "NONE") return user;
  user.connect("connect");
  if (status === "CONNECTING") return user;
  if (status === "FAILED") user.result("refused");
  else user.settle();
  if (status === "ACTIVE" || status === "CLOSED") user.desk("accepted", { agentName: "Kim" });
  if (status === "CLOSED") user.desk("ended", { reason: "agent" });
  user.settle();
  if (status === "FAILED") user.due("hand_back");
  user.settle();
  return user;
}

/** Texts of the commands of a kind, in order. */
export function textsOf(commands: readonly Command[], kind: "SayToAgent" | "SayToUser"): string[] {
  return commands.flatMap((command) => (command.kind === kind ? [command.text] : []));
}
