// Carries out one command about chats. Owns the exit code and the closing line, and how a chat is ended: by a request on the topic, as
// everybody asks, so that its owner decides; never by a write to Redis. Called by src/operator.ts, and by tests.
import { randomUUID } from "node:crypto";

import type { Onlooker } from "../clients/redis/onlooker.ts";
import type { Reply } from "../processors/interconnection/state.ts";
import type { ChatRequest } from "../processors/messages/generated.ts";
import { chooseChats, isOpenStatus, readChats, type Chat, type Chats } from "./chats.ts";
import type { ChatsCommand } from "./command-line.ts";
import { printChat, printChats, type Showing } from "./print-chats.ts";

/** What a command about chats works with. */
export interface ChatTools {
  readonly onlooker: Onlooker;
  /** Waits for the outcome of a request, from before it is produced. Null when it has not come in time. */
  ask(request: ChatRequest): Promise<Reply | null>;
  /** CLIENT. */
  readonly client: string;
  now(): number;
  /** Keyed hash of a user id. */
  userHash(userId: string): string;
  /** False where every run names users otherwise, as no LOG_ID_KEY is set. */
  readonly hashIsKept: boolean;
  /** Writes what was asked for. */
  out(text: string): void;
  /** Writes what a person should know beside it. */
  tell(text: string): void;
}

/** Exit code: 0, or 1 when what was asked for could not be done. Rejects when Redis, broker or registry do not answer. */
export async function runChats(command: ChatsCommand, tools: ChatTools): Promise<0 | 1> {
  const read = await readChats(tools.onlooker);
  if (read.indexes === 0) {
    tools.tell(
      "Redis holds nothing of this deployment: no instance has owned anything with this CLIENT and KAFKA_TOPIC, or Redis has lost its data and is not rebuilt yet.",
    );
    return 1;
  }
  const { unreadable } = read;
  if (unreadable.length > 0)
    tools.tell(
      `Not readable by this version: ${unreadable.map(({ userId, detail }) => `${tools.userHash(userId)} (${detail})`).join(", ")}.`,
    );
  if (command.verb === "list") return list(command, read, tools);
  const chat = read.chats.find(({ chatId }) => chatId === command.chatId);
  if (chat === undefined) {
    tools.tell("There is no such chat: it never was, ended more than 24 h ago, or its user has had another since.");
    return 1;
  }
  if (command.verb === "end") return end(chat, command.by, tools);
  tools.out(printChat(chat, showing(command.json, tools)));
  return 0;
}

function list(command: Extract<ChatsCommand, { verb: "list" }>, { chats }: Chats, tools: ChatTools): 0 {
  const chosen = chooseChats(chats, command.selection, { now: tools.now(), userHash: (id) => tools.userHash(id) });
  tools.out(printChats(chosen, showing(command.json, tools)));
  const open = chats.filter(({ status }) => isOpenStatus(status)).length;
  tools.tell(`${String(chosen.length)} shown; ${String(open)} open of ${String(chats.length)} that Redis holds.`);
  if (!tools.hashIsKept && chosen.length > 0)
    tools.tell("Without LOG_ID_KEY users are named otherwise in every run and log.");
  return 0;
}

function showing(json: boolean, tools: ChatTools): Showing {
  return { json, now: tools.now(), client: tools.client, userHash: (userId) => tools.userHash(userId) };
}

async function end(chat: Chat, by: string | null, tools: ChatTools): Promise<0 | 1> {
  const { chatId, userId, status } = chat;
  if (!isOpenStatus(status)) {
    tools.tell(`The chat has ended already: it is ${status}. Nothing was done.`);
    return 1;
  }
  const requestId = randomUUID();
  const reply = await tools.ask({
    ...{ requestId, client: tools.client, userId, occurredAt: tools.now(), expiresAt: null },
    body: { type: "OperatorRequest", action: "end_chat", requestedBy: by },
  });
  if (reply === null) {
    tools.tell(
      `The request ${requestId} is on its topic and has had no outcome in time: no instance owns partition index ${String(chat.partition)}, or it waits for Redis or Kafka. It will be carried out when the index goes on; look again with chats show.`,
    );
    return 1;
  }
  if (reply.outcome === "refused") {
    tools.tell(`Refused (${reply.reason}): ${whyRefused(reply, requestId)}`);
    return 1;
  }
  if (reply.chatId !== chatId) {
    tools.tell(
      `Chat ${chatId} had ended when the service came to the request ${requestId}; what it has ended is the user's next one, ${reply.chatId ?? "unknown"}.`,
    );
    return 1;
  }
  tools.out(`Chat ${chatId} has ended (request ${requestId}).\n`);
  tools.tell("The desk is told, and its user goes back to the bot; chats show tells what of it is still to be done.");
  return 0;
}

function whyRefused({ reason, detail }: Reply, requestId: string): string {
  if (reason === "no_chat" || reason === "never_connected")
    return `the chat had ended when the service came to the request ${requestId}.`;
  const told = detail === null ? "" : ` (${detail})`;
  return reason === "service_failed"
    ? `the service has failed at the request ${requestId}${told}. The chat is as it was; the log and the dead letters say more.`
    : `the service does not take the request ${requestId}${told}. The chat is as it was.`;
}
