/**
 * The bot: greets, makes small talk, calls for an agent when the user asks, is silent while an agent has the user, and
 * says in which state it got the user back. What users type reaches the service through it, whatever the bot thinks of it.
 * Called by the control API (users typing) and by Botrunner and the Integrations API (states, delivered texts).
 */
import type { GivenState } from "./botrunner.ts";
import type { Clock } from "./clock.ts";
import type { Ids } from "./ids.ts";
import type { People } from "./people.ts";
import type { PhoneLine, Phones } from "./phone.ts";
import type { ConnectResult, ServiceClient } from "./service-client.ts";
import { facebookWebhook, whatsappWebhook } from "./webhook-forms.ts";
import type { SentFile } from "./webhook-forms.ts";
import type { Delivery, Outgoing, Webhooks } from "./webhooks.ts";

/** Who has the user. */
export type Holder = "bot" | "connecting" | "agent";

/** How the bot is set up. */
export interface BotSettings {
  readonly botSlug: string;
  /** The bot's own phone number. */
  readonly botId: string;
  /** The bot's page on Facebook. */
  readonly pageId: string;
  /** Whether it answers at all; it still calls for an agent when not. */
  readonly talks: boolean;
}

/** The bot. */
export interface Bot {
  /** The user types a text. Resolves when the service has taken it, or for good has not. */
  typed(userId: string, text: string, id?: string): Promise<Delivery>;
  /** The same, without a thought of the bot: neither an answer nor a call for an agent. */
  sent(userId: string, text: string, id?: string): Promise<Delivery>;
  /** The user sends a file that lies somewhere; the bot thinks nothing of it. */
  sentFile(userId: string, file: SentFile, id?: string): Promise<Delivery>;
  holder(userId: string): Holder;
  /** The user's words that the service has kept for the bot; undefined when it could not be asked. `at`: when they were sent. */
  context(userId: string): Promise<readonly { readonly text: string; readonly at: number }[] | undefined>;
  /** What became of the last call for an agent. */
  lastConnect(userId: string): ConnectResult | undefined;
  onState(given: Pick<GivenState, "userId" | "state">): void;
  onDelivered(line: PhoneLine): void;
  clear(): void;
}

/** What the bot works with. */
export interface BotParts {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly people: People;
  readonly phones: Phones;
  readonly webhooks: Webhooks;
  readonly service: ServiceClient;
  readonly settings: BotSettings;
  readonly echoes: () => boolean;
}

interface Memory {
  readonly holders: Map<string, Holder>;
  readonly connects: Map<string, ConnectResult>;
  readonly talks: Map<string, number>;
  /** Newest webhook timestamp per user. */
  readonly stamps: Map<string, number>;
}

const SMALL_TALK = [
  "Hola, soy el bot. Escribe *Ayuda* si quieres hablar con una persona.",
  "Te escucho. Cuéntame más.",
  "Entiendo. ¿Algo más?",
  "Puedo decirte el estado de tu pedido o nuestros horarios.",
];

/** A bot that knows nobody yet. */
export function bot(parts: BotParts): Bot {
  const memory: Memory = { holders: new Map(), connects: new Map(), talks: new Map(), stamps: new Map() };
  const send = (userId: string, text: string, given?: string, file?: SentFile): Promise<Delivery> => {
    const { channel } = parts.people.get(userId);
    const id = given ?? `${channel === "whatsapp" ? "wamid." : "m_"}${parts.ids.hex(24)}`;
    const attached = file === undefined ? {} : { file };
    const shown = text === "" ? (file?.url ?? "") : text;
    parts.phones.add({ userId, channel, from: "user", id, text: shown, ...attached }, false);
    const words = { userId, id, text, author: "user" as const, ...attached };
    return parts.webhooks.deliver(webhookOf(parts, memory, words));
  };
  const sent: Bot["sent"] = (userId, text, id) => send(userId, text, id);
  return {
    sent,
    sentFile: (userId, file, id) => send(userId, file.caption ?? "", id, file),
    typed(userId, text, id) {
      const delivery = sent(userId, text, id);
      think(parts, memory, userId, text);
      return delivery;
    },
    holder: (userId) => memory.holders.get(userId) ?? "bot",
    lastConnect: (userId) => memory.connects.get(userId),
    async context(userId) {
      const entries = await parts.service.context(userId);
      return entries
        ?.filter(({ from }) => from === "user")
        .map(({ text, timestamp }) => ({ text: typeof text === "string" ? text : "", at: Number(timestamp) }));
    },
    onState({ userId, state }) {
      memory.holders.set(userId, "bot");
      say(parts, memory, userId, `Estás de vuelta con el bot, en el estado ${state}.`);
    },
    onDelivered(line) {
      if (parts.echoes()) {
        const { userId, text } = line;
        void parts.webhooks.deliver(webhookOf(parts, memory, { userId, id: `echo.${line.id}`, text, author: "bot" }));
      }
    },
    clear() {
      memory.holders.clear();
      memory.connects.clear();
      memory.talks.clear();
      memory.stamps.clear();
    },
  };
}

function think(parts: BotParts, memory: Memory, userId: string, text: string): void {
  if ((memory.holders.get(userId) ?? "bot") !== "bot") {
    return;
  }
  if (text.trim().toLowerCase() === "ayuda") {
    memory.holders.set(userId, "connecting");
    void callForAgent(parts, memory, userId);
    return;
  }
  const turn = memory.talks.get(userId) ?? 0;
  memory.talks.set(userId, turn + 1);
  if (parts.settings.talks) {
    say(parts, memory, userId, SMALL_TALK[turn === 0 ? 0 : 1 + ((turn - 1) % (SMALL_TALK.length - 1))] ?? "");
  }
}

async function callForAgent(parts: BotParts, memory: Memory, userId: string): Promise<void> {
  const { botSlug, botId, pageId } = parts.settings;
  const person = parts.people.get(userId);
  const result = await parts.service.connect(person, botSlug, person.channel === "whatsapp" ? botId : pageId);
  memory.connects.set(userId, result);
  // a state given meanwhile has taken the user back already
  const isMine = memory.holders.get(userId) === "connecting";
  const hasAgent =
    result.kind === "connected" || (result.kind === "refused" && result.reason.includes("session exists"));
  if (hasAgent) {
    if (isMine) {
      memory.holders.set(userId, "agent");
    }
    return;
  }
  memory.holders.set(userId, "bot");
  const why = result.kind === "refused" ? ` (${result.status}: ${result.reason})` : "";
  say(parts, memory, userId, `No se pudo contactar a un agente${why}.`);
}

/** The bot's own words go to the phone, and as a webhook of its own to the service. */
function say(parts: BotParts, memory: Memory, userId: string, text: string): void {
  const id = `bot.${parts.ids.hex(24)}`;
  const { channel } = parts.people.get(userId);
  parts.phones.add({ userId, channel, from: "bot", id, text }, false);
  void parts.webhooks.deliver(webhookOf(parts, memory, { userId, id, text, author: "bot" }));
}

/** A text as the user's channel sends it. */
function webhookOf(
  parts: BotParts,
  memory: Memory,
  { file, ...words }: Pick<Outgoing, "userId" | "id" | "text" | "author"> & { readonly file?: SentFile },
): Outgoing {
  const { channel } = parts.people.get(words.userId);
  // two texts of one moment would have no order in the history
  const timestamp = Math.max(parts.clock.nowMs(), (memory.stamps.get(words.userId) ?? 0) + 1);
  memory.stamps.set(words.userId, timestamp);
  const said = { ...words, timestamp, ...(file === undefined ? {} : { file }) };
  const { pageId } = parts.settings;
  const body = channel === "whatsapp" ? whatsappWebhook(said) : facebookWebhook(said, pageId);
  return { ...words, channel, body };
}
