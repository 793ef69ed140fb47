// The chats of this deployment as Redis has them, read beside the running service. Owns what is told of a chat, since when it is what it
// is, and choosing among chats. Pure but for the onlooker it is given; shows and changes nothing. Called by run-chats.ts.
import type { Onlooker, SeenIndex, SeenUser } from "../clients/redis/onlooker.ts";
import type { Command } from "../processors/interconnection/commands.ts";
import { parseRecord } from "../processors/interconnection/record.ts";
import type { Due, Status, UserState } from "../processors/interconnection/state.ts";

/** Which chats are meant: those that meet every condition; null is none. */
export interface ChatSelection {
  /** Null: open ones, and ended ones that still wait for something. */
  readonly status: Status | null;
  /** In their status for at least so many milliseconds. */
  readonly olderThanMs: number | null;
  /** A user id, or its keyed hash as in the log. */
  readonly user: string | null;
  /** The oldest so many. */
  readonly limit: number | null;
}

/** A command without a result. Tries are counted in the owner's memory alone: what stands in Redis is whether one has begun. */
export type PendingCommand = Pick<Command, "chatId" | "lane" | "kind" | "seq" | "giveUpAt"> & {
  /** done: the outside call has succeeded, and its result is on its way. */
  readonly mark: "waiting" | "begun" | "done";
};

/** What is told of one chat. Without texts, tokens, keys of sessions, names and addresses. Times are epoch milliseconds. */
export interface Chat {
  readonly userId: string;
  readonly partition: number;
  readonly instance: string | null;
  readonly chatId: string;
  readonly status: Status;
  /** Since when it has this status. */
  readonly since: number;
  readonly channel: string;
  readonly requestId: string;
  readonly requestedAt: number;
  readonly caseId: string | null;
  /** Number of the last event of the desk that was applied; null while none can come. */
  readonly deskPosition: number | null;
  readonly lastMessageAt: number | null;
  /** In order of their seq; those of earlier chats of the user too. */
  readonly pending: readonly PendingCommand[];
  /** Texts and files that wait behind the lane's window. */
  readonly backlog: number;
  /** A hand-back that waits for its delay; null when none does. */
  readonly handBack: { readonly botState: string; readonly dueAt: number | null } | null;
  readonly due: readonly Pick<Due, "kind" | "at">[];
}

/** What Redis holds. */
export interface Chats {
  /** Longest in their status first. */
  readonly chats: readonly Chat[];
  /** Records that this version can't read: index, and field and rule. */
  readonly unreadable: readonly { readonly partition: number; readonly userId: string; readonly detail: string }[];
  /** How many indexes there are; 0 where Redis holds nothing of this deployment. */
  readonly indexes: number;
}

/** Every user's last chat. Rejects with StoreUnavailable when Redis does not answer. */
export async function readChats(onlooker: Onlooker): Promise<Chats> {
  const indexes = await onlooker.indexes();
  const chats: Chat[] = [];
  const unreadable: Chats["unreadable"][number][] = [];
  for (const index of indexes)
    for (const user of await onlooker.users(index.users)) {
      // Ended between the two looks.
      if (user.state === null) continue;
      const parsed = parseRecord(user.state);
      if (parsed.kind === "bad")
        unreadable.push({ partition: index.partition, userId: user.userId, detail: parsed.detail });
      else {
        const chat = chatOf(parsed.state, user, index);
        if (chat !== null) chats.push(chat);
      }
    }
  return { chats: chats.sort((a, b) => a.since - b.since), unreadable, indexes: indexes.length };
}

function chatOf(state: UserState, user: SeenUser, { partition, instance }: SeenIndex): Chat | null {
  const { interconnection: chat, handBack, due } = state;
  if (chat === null) return null;
  const { chatId, status, channel, requestId, requestedAt, caseId } = chat;
  const handBackDue = due.find(({ kind }) => kind === "hand_back");
  return {
    ...{ userId: user.userId, partition, instance, lastMessageAt: user.lastMessageAt },
    ...{ chatId, status, channel, requestId, requestedAt, caseId },
    since: sinceOf(chat),
    deskPosition: "position" in chat ? chat.position : null,
    pending: state.pending.map((command) => pendingOf(command, user.marks)),
    backlog: state.backlog.reduce((sum, { texts }) => sum + texts.length, 0),
    handBack: handBack && { botState: handBack.botState, dueAt: handBackDue?.at ?? null },
    due: due.map(({ kind, at }) => ({ kind, at })),
  };
}

function sinceOf(chat: NonNullable<UserState["interconnection"]>): number {
  switch (chat.status) {
    case "CONNECTING":
      return chat.requestedAt;
    case "ON_HOLD":
      return chat.waitingSince;
    case "ACTIVE":
      return chat.acceptedAt;
    case "CLOSED":
    case "FAILED":
      return chat.endedAt;
  }
}

function pendingOf({ chatId, lane, kind, seq, giveUpAt }: Command, marks: SeenUser["marks"]): PendingCommand {
  const [at, step] = (marks[`${chatId}:${lane}`] ?? "").split(":");
  // A mark of a later command means that this one is done.
  const isReached = at !== undefined && at !== "" && Number(at) >= seq;
  const mark = !isReached ? "waiting" : Number(at) > seq || step === "done" ? "done" : "begun";
  return { chatId, lane, kind, seq, giveUpAt, mark };
}

/** Those that are meant, longest in their status first. `userHash` as in the log. */
export function chooseChats(
  chats: readonly Chat[],
  selection: ChatSelection,
  tools: { readonly now: number; readonly userHash: (userId: string) => string },
): readonly Chat[] {
  const { status, olderThanMs, user, limit } = selection;
  const meets = (chat: Chat): boolean =>
    (status === null ? isUnsettled(chat) : chat.status === status) &&
    (olderThanMs === null || tools.now - chat.since >= olderThanMs) &&
    (user === null || chat.userId === user || tools.userHash(chat.userId) === user);
  return chats.filter(meets).slice(0, limit ?? undefined);
}

/** True while the chat is open, or something that follows from it has not been done. */
function isUnsettled({ status, pending, backlog, handBack }: Chat): boolean {
  return isOpenStatus(status) || pending.length > 0 || backlog > 0 || handBack !== null;
}

const openStatuses: Readonly<Record<Status, boolean>> = {
  CONNECTING: true,
  ON_HOLD: true,
  ACTIVE: true,
  CLOSED: false,
  FAILED: false,
};

/** All words that a status may be. */
export const statuses = Object.keys(openStatuses) as readonly Status[];

/** True for a chat that can be ended. */
export function isOpenStatus(status: Status): boolean {
  return openStatuses[status];
}
