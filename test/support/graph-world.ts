// The graph in memory with a desk, a phone and a bot around it, and short words for what people do there. For tests of the
// topology and the simulation.
import { loadTopicTypes } from "../../src/clients/schema-registry/topic-types.ts";
import { createSealer } from "../../src/clients/sealer.ts";
import { createDecide } from "../../src/processors/interconnection/decide.ts";
import type { Decide } from "../../src/processors/interconnection/decision.ts";
import { createTimeFormat } from "../../src/processors/interconnection/calendar.ts";
import { defaultLimits, type DecideSettings } from "../../src/processors/interconnection/settings.ts";
import { defaultTexts } from "../../src/processors/interconnection/texts.ts";
import type {
  ChannelMessage,
  ChatEvent,
  ChatRequest,
  Connect,
  DeadLetter,
} from "../../src/processors/messages/generated.ts";
import type { Reply } from "../../src/processors/interconnection/state.ts";
import { createTopologyDriver, type DriverOptions, type TopologyDriver } from "../../src/topology/in-memory/driver.ts";
import { createFakeChannel, type FakeChannel } from "./fake-channel.ts";
import { createFakeMedia } from "./fake-media.ts";
import { createFakeDesk } from "./fake-desk.ts";
import type { DeskChat, FakeDesk, FakeDeskOptions } from "./fake-desk-types.ts";
import { quietRuleApplier } from "./rule-applier.ts";

/** CLIENT of every test of the graph. */
export const client = "test";

/** Settings of decide that a test changes what it needs of. */
const decideSettings: DecideSettings = {
  client,
  texts: defaultTexts,
  formatTime: createTimeFormat("America/Mexico_City"),
  botStates: {
    success: { whatsapp: "from-sf-success", facebook: "from-sf-success-fb" },
    timeout: { whatsapp: "from-sf-timeout", facebook: "from-sf-timeout-fb" },
    blocked: { whatsapp: "from-sf-blocked", facebook: "from-sf-blocked-fb" },
  },
  hasBotPlatform: true,
  handBackDelayMs: 4_000,
  openBudgetMs: 8_000,
  acceptTimeoutMs: null,
  chatMaxAgeMs: 86_400_000,
  queueUpdates: false,
  forwardedTypes: new Set(["text", "image", "document", "audio", "voice"]),
  fileNameInNotice: false,
  restartKeywords: new Set(),
  sourceFlows: {
    default: {
      subject: "Help",
      providers: { whatsapp: { buttonId: "573x", ownerId: "" }, facebook: { buttonId: "573f", ownerId: "" } },
    },
  },
  sourceFlowField: "source_flow_bot",
  phonePrefixes: [],
  eventsWithText: false,
  limits: defaultLimits,
  applyRules: quietRuleApplier(),
};

/** What a test may change. */
export interface GraphWorldOptions extends Partial<
  Pick<
    DriverOptions,
    | "partitions"
    | "seed"
    | "callsPerSecond"
    | "maxRecordBytes"
    | "delayMs"
    | "batchRecords"
    | "log"
    | "metrics"
    | "sessionTimeoutMs"
    | "watch"
    | "openProducer"
    | "noticed"
    | "chance"
  >
> {
  readonly decide?: Partial<DecideSettings>;
  /** Puts something before decide, such as a defect. */
  readonly wrapDecide?: (decide: Decide) => Decide;
  readonly desk?: FakeDeskOptions;
}

/** Driver, outside world, and people. */
export interface GraphWorld extends TopologyDriver {
  readonly desk: FakeDesk;
  readonly phone: FakeChannel;
  /** A connect request; answers its id. */
  connect(userId: string, over?: Partial<Connect>, requestId?: string): Promise<string>;
  finish(userId: string, requestId?: string): Promise<string>;
  /** A message of the user, or of the bot; answers its id. */
  say(userId: string, text: string, over?: Partial<ChannelMessage>): Promise<string>;
  /** A file of the user with these words; `where` stands in its address (fake-media.ts). Answers the message's id. */
  sendFile(userId: string, caption: string, where?: string): Promise<string>;
  /** The reply to a request; null while there is none. */
  reply(requestId: string): Promise<Reply | null>;
  /** The user's last chat at the desk. Throws when there is none. */
  chat(userId: string): DeskChat;
  /** Texts on the user's phone. */
  shown(userId: string): readonly string[];
  facts(userId: string): readonly ChatEvent[];
  deadLetters(): readonly DeadLetter[];
  /** Connects the user, has an agent accept, and waits until both may write. */
  openChat(userId: string): Promise<DeskChat>;
}

/** Resolves when all promise callbacks have run. */
export const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const formats = loadTopicTypes();

/** A world without an instance of the service. */
export function createGraphWorld(options: GraphWorldOptions = {}): GraphWorld {
  const { decide, desk: deskOptions, wrapDecide = (made: Decide): Decide => made, ...rest } = options;
  const phone = createFakeChannel();
  let desk: FakeDesk | null = null;
  const driver = createTopologyDriver({
    ...rest,
    client,
    formats,
    settle,
    sealer: createSealer([]),
    decide: wrapDecide(createDecide({ ...decideSettings, ...decide })),
    outside(clock) {
      desk = createFakeDesk(clock, deskOptions);
      return { desk: desk.desk, channel: phone.channel, bot: phone.bot, media: createFakeMedia(clock) };
    },
  });
  const deskOf = (): FakeDesk => {
    if (desk === null) throw new Error("the driver made no outside world");
    return desk;
  };
  const fakeDesk = deskOf();
  let requests = 0;
  let messages = 0;

  async function request(userId: string, body: ChatRequest["body"], requestId?: string): Promise<string> {
    requests += 1;
    const id = requestId ?? `request-${String(requests)}`;
    const occurredAt = driver.clock.now();
    const record: ChatRequest = { requestId: id, client, userId, occurredAt, expiresAt: null, body };
    await driver.send("chat-requests", record);
    return id;
  }

  const world: GraphWorld = {
    ...driver,
    desk: fakeDesk,
    phone,
    connect: (userId, over, requestId) =>
      request(
        userId,
        {
          type: "Connect",
          ...{ name: userId, channel: "whatsapp", botSlug: "bot", botId: "5215500000000" },
          ...{ email: `${userId}@example.org`, phoneNumber: null, extraData: {}, ...over },
        },
        requestId,
      ),
    finish: (userId, requestId) => request(userId, { type: "Finish", requestedBy: null }, requestId),
    async say(userId, text, over) {
      messages += 1;
      const at = driver.clock.now();
      const record: ChannelMessage = {
        ...{ messageId: `message-${String(messages)}`, client, userId, channel: "whatsapp", author: "user" },
        ...{ occurredAt: at, receivedAt: at, type: "text", text, media: null, ...over },
      };
      await driver.send("channel-messages", record);
      return record.messageId;
    },
    sendFile(userId, caption, where = "plain") {
      const url = `https://media.example.org/${where}/${String(messages + 1)}`;
      return world.say(userId, "", { type: "image", text: null, media: { url, mimeType: null, caption } });
    },
    async reply(requestId) {
      const json = await driver.store.reply(requestId);
      return json === null ? null : (JSON.parse(json) as Reply);
    },
    chat(userId) {
      const chat = fakeDesk.chats.findLast(({ visitorName }) => visitorName === userId);
      if (chat === undefined) throw new Error("the user has no chat at the desk");
      return chat;
    },
    shown: (userId) => phone.shown.filter((sent) => sent.userId === userId).map(({ text }) => text),
    facts: (userId) =>
      driver
        .read("chat-events")
        .map(({ value }) => value as ChatEvent)
        .filter((fact) => fact.userId === userId),
    // Without value stand the marks of the operator's replays.
    deadLetters: () =>
      driver.read("dead-letters").flatMap(({ value }) => (value === null ? [] : [value as DeadLetter])),
    async openChat(userId) {
      await world.connect(userId);
      const asked = (): boolean => fakeDesk.chats.some(({ visitorName }) => visitorName === userId);
      if (!(await driver.until(asked))) throw new Error("no chat was requested");
      world.chat(userId).accept();
      const active = (): boolean => driver.state(userId).interconnection?.status === "ACTIVE";
      if (!(await driver.until(active))) throw new Error("the chat did not become active");
      return world.chat(userId);
    },
  };
  return world;
}
