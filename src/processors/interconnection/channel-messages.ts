// What becomes of a message of a user or a bot: forwarded, kept until an agent accepts, context, or dropped. Owns what
// counts as a repeat, and that a message which was replayed from the dead letters never shows as new: it goes to the agent of
// the chat in which it was written, with its time, as long as that chat is open and has not taken it; else it is context.
import type { ChannelMessage } from "../messages/generated.ts";
import { change, type Draft, type OpenChat } from "./draft.ts";
import { endChat, failOpening } from "./ending.ts";
import { dated, tell, words } from "./facts.ts";
import { userSpoke } from "./idle-user.ts";
import { attachFile, notifyAgent, overflow, sayToAgent } from "./lanes.ts";
import { entryBytes } from "./opening.ts";
import type { Active, Connecting, ContextEntry, OnHold } from "./state.ts";
import { fill, isBlank } from "./texts.ts";

/** Decides one message. */
export function decideMessage(draft: Draft, message: ChannelMessage): void {
  if (isRepeat(draft, message.messageId)) return;
  if (message.messageId !== "") draft.see.push(message.messageId);
  const entry = entryOf(draft, message);
  const chat = isOfThePast(draft, message) ? null : draft.state.interconnection;
  switch (chat?.status) {
    case undefined:
    case "CLOSED":
    case "FAILED":
      remember(draft, message, entry);
      return;
    case "CONNECTING":
    case "ON_HOLD":
      waiting(draft, chat, message, entry);
      return;
    case "ACTIVE":
      active(draft, chat, message, entry);
  }
}

/**
 * An empty id is nobody's: it is never a repeat (defect A17). What was given up has been seen, so of a replayed message only
 * counts whether it was taken, in the first place or by a replay.
 */
function isRepeat({ state, memory, input }: Draft, messageId: string): boolean {
  const seen = input.late ? lateId(messageId) : messageId;
  return messageId !== "" && (memory.seen.has(seen) || state.taken.includes(messageId));
}

/** Under which id it is remembered that a replayed message was taken. */
function lateId(messageId: string): string {
  return `late:${messageId}`;
}

/** Replayed, and written before the present chat was asked for. */
function isOfThePast({ state, input }: Draft, { occurredAt }: ChannelMessage): boolean {
  return input.late && state.interconnection !== null && occurredAt < state.interconnection.requestedAt;
}

/** Words or a file; null when the message has neither (sticker, location and the like). */
function entryOf({ input }: Draft, message: ChannelMessage): ContextEntry | null {
  const { messageId, occurredAt, author, type, text, media } = message;
  const said = text === null || isBlank(text) ? null : text;
  if (said === null && media === null) return null;
  // Whoever produces the record tells when he got it; told from the future it would outlive all others.
  const receivedAt = Math.min(message.receivedAt, input.now);
  const from = author === "user" ? "user" : "bot";
  const entry = { messageId, at: occurredAt, receivedAt, from, text: said, media } as const;
  return media === null ? entry : { ...entry, messageType: type };
}

/**
 * What becomes context, as in the original (parity sheet 2.1 and 2.2): of Facebook the words alone, of an audio no caption. What the
 * user sends while he waits is whole in the state of the chat.
 */
function remember(draft: Draft, { channel, type }: ChannelMessage, whole: ContextEntry | null): void {
  if (whole === null || (channel === "facebook" && whole.media !== null)) return;
  const isAudio = type === "audio" && whole.media !== null;
  const entry = isAudio ? { ...whole, media: { ...whole.media, caption: null } } : whole;
  // What was given up may have become context in the first place.
  if (draft.input.late && draft.memory.history.some((known) => isSame(known, entry))) return;
  draft.remember.push(entry);
}

function isSame(a: ContextEntry, b: ContextEntry): boolean {
  return a.messageId === b.messageId && a.at === b.at && a.from === b.from && a.text === b.text;
}

function take(draft: Draft, messageId: string): void {
  if (messageId === "") return;
  if (draft.input.late) draft.see.push(lateId(messageId));
  change(draft, { taken: [...draft.state.taken, messageId].slice(-draft.settings.limits.takenIds) });
}

/** No agent yet: what the user says is kept for the agent, and shown as context as well. */
function waiting(draft: Draft, chat: Connecting | OnHold, message: ChannelMessage, entry: ContextEntry | null): void {
  if (message.author === "user") {
    if (restarts(draft, chat, message)) return;
    if (isIgnored(draft, message, entry)) {
      ignored(draft, chat, message, entry);
      return;
    }
  }
  remember(draft, message, entry);
  if (entry === null) return;
  // What the bot wrote before the connect but whose record came later belongs to the context; what it writes since does not.
  if (message.author !== "user" && message.occurredAt > chat.requestedAt) return;
  if (message.author === "user" && !hasRoom(draft, chat)) {
    overflow(draft, chat, "desk", { text: message.text ?? "", messageIds: [message.messageId], about: "message" });
    return;
  }
  take(draft, message.messageId);
  change(draft, { interconnection: { ...chat, said: [...chat.said, entry] } });
}

/** As in the lanes: by what waits already. */
function hasRoom({ settings }: Draft, { said }: Connecting | OnHold): boolean {
  const bytes = said.reduce((sum, each) => sum + entryBytes(each), 0);
  return said.length < settings.limits.waitingMessages && bytes < settings.limits.waitingBytes;
}

function active(draft: Draft, chat: Active, message: ChannelMessage, entry: ContextEntry | null): void {
  // Bot texts and echoes of the agent's own texts: context once, never to the agent.
  if (message.author !== "user") {
    remember(draft, message, entry);
    return;
  }
  if (restarts(draft, chat, message)) return;
  if (!draft.input.late) userSpoke(draft, chat, message.receivedAt);
  if (entry === null || isIgnored(draft, message, entry)) {
    ignored(draft, chat, message, entry);
    return;
  }
  if (!passOn(draft, chat, message, entry)) return;
  take(draft, message.messageId);
  const text = [entry.text ?? "", entry.media?.caption ?? ""].filter((part) => part !== "").join("\n");
  const messageId = message.messageId === "" ? null : message.messageId;
  tell(draft, chat, "message_in", { messageId, messageType: message.type, ...words(draft, text) });
}

/** What is not for an agent: it says nothing, or is of a type that is not forwarded. */
function isIgnored({ settings }: Draft, { type }: ChannelMessage, entry: ContextEntry | null): boolean {
  return entry === null || !settings.forwardedTypes.has(type);
}

/**
 * A sticker, a location and the like go nowhere, as in the original; but somebody can see that they came (defect A8), and the agent
 * is told of them where MESSAGES has words for it. A text without words is nothing.
 */
function ignored(
  draft: Draft,
  chat: OpenChat,
  { messageId, type: messageType }: ChannelMessage,
  entry: ContextEntry | null,
): void {
  if (messageType === "text" && entry === null) return;
  tell(draft, chat, "message_ignored", { messageId: messageId === "" ? null : messageId, messageType });
  notifyAgent(draft, fill(draft.settings.texts.messageIgnored, messageType));
}

/** Words to the agent, a file to the case; false when one of them was given up because too much waits. */
function passOn(draft: Draft, chat: Active, message: ChannelMessage, { text, media, at }: ContextEntry): boolean {
  const { messageId, type: messageType } = message;
  const messageIds = messageId === "" ? [] : [messageId];
  if (text !== null && !sayToAgent(draft, chat, { text: dated(draft, text, at), messageIds, about: "message" }))
    return false;
  if (media === null) return true;
  const caption = media.caption === null || isBlank(media.caption) ? null : dated(draft, media.caption, at);
  return attachFile(draft, chat, { media, messageType, messageId, words: caption });
}

/** A restart keyword ends the chat like a finish (defect D5); none is configured in production. Exact, in any case. */
function restarts(draft: Draft, chat: OpenChat, message: ChannelMessage): boolean {
  if (draft.input.late) return false;
  if (message.text === null || !draft.settings.restartKeywords.has(message.text.toLowerCase())) return false;
  take(draft, message.messageId);
  if (chat.status === "CONNECTING") {
    const why = { reply: "chat_request_failed", reason: "user", detail: "ended before it was open" } as const;
    failOpening(draft, chat, why, "success");
  } else endChat(draft, chat, { status: "CLOSED", reason: "user", detail: null, desk: "open", handBack: "success" });
  return true;
}
