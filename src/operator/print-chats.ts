// How chats look in a terminal and as JSON. Pure: text out. Users are shown by their keyed hash, as in the log, and in no other way: what is
// printed here is pasted into tickets. Called by run-chats.ts.
import type { Chat, PendingCommand } from "./chats.ts";
import { jsonLines, table } from "./table.ts";

/** How and when it is shown. */
export interface Showing {
  readonly json: boolean;
  /** Epoch milliseconds. */
  readonly now: number;
  /** CLIENT. */
  readonly client: string;
  /** Keyed hash, as in the field `user` of the log. */
  userHash(userId: string): string;
}

/** One line each, under a head. */
export function printChats(chats: readonly Chat[], showing: Showing): string {
  if (showing.json) return jsonLines(chats.map((chat) => described(chat, showing)));
  const head = ["CHAT", "STATUS", "SINCE", "USER", "CHANNEL", "INDEX", "LAST MESSAGE", "PENDING", "HAND-BACK"];
  const rows = chats.map((chat) => [
    chat.chatId,
    chat.status,
    timeOf(chat.since),
    showing.userHash(chat.userId),
    chat.channel,
    String(chat.partition),
    ageOf(chat.lastMessageAt, showing.now),
    pendingText(chat),
    handBackText(chat),
  ]);
  return table([head, ...rows]);
}

/** Everything that is told of one. */
export function printChat(chat: Chat, showing: Showing): string {
  if (showing.json) return printChats([chat], showing);
  const past = (at: number | null): string => (at === null ? "-" : `${timeOf(at)} (${ageOf(at, showing.now)} ago)`);
  const lines: [string, string][] = [
    ["chat", chat.chatId],
    ["status", chat.status],
    ["since", past(chat.since)],
    ["user", showing.userHash(chat.userId)],
    ["client", showing.client],
    ["channel", chat.channel],
    ["index", String(chat.partition)],
    ["instance", chat.instance ?? "-"],
    ["request", chat.requestId],
    ["requested", past(chat.requestedAt)],
    ["case", chat.caseId ?? "-"],
    ["last message", past(chat.lastMessageAt)],
    ["desk events", chat.deskPosition === null ? "-" : `up to number ${String(chat.deskPosition)}`],
    ["backlog", String(chat.backlog)],
    ["hand-back", handBackText(chat)],
    ...chat.due.map(({ kind, at }): [string, string] => ["due", `${kind} at ${timeOf(at)}`]),
    ...chat.pending.map((command): [string, string] => ["pending", commandText(command, chat)]),
  ];
  return table(lines);
}

function described(chat: Chat, showing: Showing): object {
  const { userId, since, requestedAt, lastMessageAt, handBack, due, pending, ...rest } = chat;
  return {
    ...rest,
    user: showing.userHash(userId),
    client: showing.client,
    since: timeOf(since),
    requestedAt: timeOf(requestedAt),
    lastMessageAt: timeOrNull(lastMessageAt),
    handBack: handBack && { botState: handBack.botState, dueAt: timeOrNull(handBack.dueAt) },
    due: due.map(({ kind, at }) => ({ kind, at: timeOf(at) })),
    pending: pending.map(({ giveUpAt, ...command }) => ({ ...command, giveUpAt: timeOf(giveUpAt) })),
  };
}

/** The first of each lane, and how many stand behind. */
function pendingText({ pending }: Chat): string {
  const lanes = (["desk", "channel"] as const).flatMap((lane) => {
    const [first, ...behind] = pending.filter((command) => command.lane === lane);
    if (first === undefined) return [];
    return [`${first.kind} ${first.mark}${behind.length === 0 ? "" : ` +${String(behind.length)}`}`];
  });
  return lanes.join(", ") || "-";
}

function commandText({ lane, seq, kind, mark, giveUpAt, chatId }: PendingCommand, chat: Chat): string {
  const of = chatId === chat.chatId ? "" : `, of chat ${chatId}`;
  return `${lane} ${String(seq)} ${kind}, ${mark}, given up at ${timeOf(giveUpAt)}${of}`;
}

function handBackText({ handBack }: Chat): string {
  if (handBack === null) return "-";
  return handBack.dueAt === null ? "waits" : `at ${timeOf(handBack.dueAt)}`;
}

/** A record may hold any number, and a Date only some. */
function timeOf(ms: number): string {
  return timeOrNull(ms) ?? String(ms);
}

function timeOrNull(ms: number | null): string | null {
  return ms === null || Number.isNaN(new Date(ms).getTime()) ? null : new Date(ms).toISOString();
}

const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
] as const;

/** Its two largest units, such as 2h5m. */
function ageOf(at: number | null, now: number): string {
  if (at === null) return "-";
  let left = Math.max(0, now - at);
  const parts: string[] = [];
  for (const [unit, ms] of units) {
    const count = Math.floor(left / ms);
    left -= count * ms;
    if (count > 0 || parts.length > 0) parts.push(`${String(count)}${unit}`);
  }
  return parts.slice(0, 2).join("") || "0s";
}
