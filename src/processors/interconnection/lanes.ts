// What goes into a user's lanes: numbering of commands, the window of pending ones, the backlog of texts behind it, and the
// bound of what may wait. Owns order: a text never overtakes another of its lane. What is said when is decided beside.
import { textMark } from "../desk/text-mark.ts";
import { hideInFile, hideInText, type Hidden } from "./data-rules.ts";
import { atDesk, change, changeEarlier, nextId, type AtDeskChat, type ChatRef, type Draft } from "./draft.ts";
import { tell } from "./facts.ts";
import type { Command, DeskReport, LaneName, SayToAgent } from "./commands.ts";
import type { Backlog, BacklogFile, BacklogText, Interconnection, UserFile, UserState } from "./state.ts";
import { isBlank, mediaWords, splitText } from "./texts.ts";

const textLifeMs = 600_000;
const fileLifeMs = 300_000;
const endLifeMs = 300_000;
/** What is said behind it must not wait for it long. */
const reportLifeMs = 30_000;

type BacklogItem = BacklogText | BacklogFile;
type Unnumbered<C = Command> = C extends Command ? Omit<C, "seq" | "chatId"> : never;

/** Appends one command of a chat to its lane under the next number. */
export function give(draft: Draft, chat: ChatRef, command: Unnumbered): void {
  const { state } = draft;
  const present = state.interconnection?.chatId === chat.chatId;
  const earlier = state.earlier.find(({ chatId }) => chatId === chat.chatId);
  const lastSeq = present ? state.lastSeq : (earlier?.lastSeq ?? { desk: 0, channel: 0 });
  const seq = lastSeq[command.lane] + 1;
  const counted = { ...lastSeq, [command.lane]: seq };
  if (present) change(draft, { lastSeq: counted });
  else changeEarlier(draft, chat.chatId, { lastSeq: counted });
  change(draft, { pending: [...draft.state.pending, { ...command, seq, chatId: chat.chatId }] });
}

/** Tells the desk something beside the talk, behind what is said already. */
export function reportToDesk(draft: Draft, chat: AtDeskChat, report: DeskReport): void {
  const giveUpAt = draft.input.now + reportLifeMs;
  give(draft, chat, { lane: "desk", kind: "ReportToDesk", session: chat.session, report, giveUpAt });
}

/** Ends the chat at the desk, behind all that is to be said there. Numbers what is left, for the chat's state will not any more. */
export function giveEndChat(draft: Draft, chat: ChatRef, session: AtDeskChat["session"], isUserIdle = false): void {
  const { interconnection } = draft.state;
  let posts =
    interconnection?.chatId === chat.chatId && "postSequence" in interconnection ? interconnection.postSequence : 0;
  const pending = draft.state.pending.map((command): Command => {
    // Also those that are given up by now: one may have been posted, and a number too high is told by the desk.
    if (command.chatId !== chat.chatId) return command;
    if (command.kind !== "SayToAgent" && command.kind !== "ReportToDesk" && command.kind !== "RequestChat")
      return command;
    posts += 1;
    return command.kind === "RequestChat" ? command : { ...command, postsBefore: posts - 1 };
  });
  change(draft, { pending });
  const giveUpAt = draft.input.now + endLifeMs;
  // Moved, and nothing was read there yet: nobody polls it from now on.
  const open = atDesk(draft, chat.chatId);
  const isUnsynced = open !== null && open.position < 0 && open.resumeToken !== null;
  const why = { ...(isUserIdle ? { isUserIdle } : {}), ...(isUnsynced ? { isUnsynced } : {}) };
  give(draft, chat, { lane: "desk", kind: "EndChat", session, ...why, postsBefore: posts, giveUpAt });
}

/**
 * Says something to the agent: split where it is too long, behind what waits already. Returns false when it is a message
 * and more waits than may: then it is a dead letter, and its sender is told once.
 */
export function sayToAgent(draft: Draft, chat: AtDeskChat, given: BacklogText): boolean {
  const { words: text, applied } = hideInText(draft, chat, given.text);
  return sayHidden(draft, chat, { words: { ...given, text }, applied });
}

/** Says to the agent what the rules of the desk have been applied to. */
export function sayHidden(draft: Draft, chat: AtDeskChat, { words: said, applied }: Hidden<BacklogText>): boolean {
  const pieces = splitText(said.text, draft.settings.limits.agentTextChars);
  const parts = pieces.map((text) => ({ ...said, text }));
  const isTaken = say(draft, chat, { lane: "desk", said, parts });
  if (isTaken) reportRules(draft, applied);
  return isTaken;
}

/** Rules have found something in what has been said, of which the desk is to hear: behind it, as soon as nothing waits. */
function reportRules(draft: Draft, applied: Hidden<unknown>["applied"]): void {
  const chat = atDesk(draft);
  if (chat === null || applied.size === 0) return;
  const before = chat.rulesFound ?? [];
  const fresh = [...applied].filter((rule) => !before.some(({ id, name }) => id === rule.id && name === rule.name));
  const rulesFound = [...before, ...fresh.map(({ id, name }) => ({ id, name }))];
  change(draft, { interconnection: { ...chat, rulesFound } });
  reportWhenQuiet(draft);
}

/** One report of rules at a time: what is found while it is under way, or while texts wait, is told together. */
function reportWhenQuiet(draft: Draft): void {
  const { pending, interconnection } = draft.state;
  const isUnderWay = pending.some(
    (each) =>
      each.kind === "ReportToDesk" && each.report.kind === "rules_applied" && each.chatId === interconnection?.chatId,
  );
  if (!isUnderWay && backlogOf(draft.state, "desk").length === 0 && windowOpen(draft, "desk")) giveRulesFound(draft);
}

/** Tells the desk of the rules that it has not heard of; nothing where there are none. */
export function giveRulesFound(draft: Draft): void {
  const chat = atDesk(draft);
  if (chat?.rulesFound === undefined) return;
  const { rulesFound: rules, ...rest } = chat;
  change(draft, { interconnection: rest });
  reportToDesk(draft, rest, { kind: "rules_applied", rules });
}

/** Says something to the user; ids derive from the input. Returns false like sayToAgent, else the id of the first piece. */
export function sayToUser(
  draft: Draft,
  chat: Interconnection,
  text: string,
  about: "message" | "notice",
): string | false {
  const pieces = splitText(text, draft.settings.limits.userTextChars[chat.channel]);
  const messageIds = pieces.map(() => nextId(draft, "message"));
  const [pieceOf] = messageIds;
  const whole = pieces.length > 1 && pieceOf !== undefined ? { pieceOf } : {};
  const parts = pieces.map((piece, i) => ({ text: piece, messageIds: messageIds.slice(i, i + 1), about, ...whole }));
  return say(draft, chat, { lane: "channel", said: { text, messageIds, about }, parts }) && (pieceOf ?? false);
}

/**
 * Takes a file of the user to the case. What the agent is to hear after it waits behind it, so that the notice about the file
 * comes in its place. Returns false like sayToAgent.
 */
export function attachFile(draft: Draft, chat: AtDeskChat, given: UserFile): boolean {
  const { words: file, applied } = hideInFile(draft, chat, given);
  if (!hasRoom(draft)) {
    overflow(draft, chat, "desk", fileAsText(file));
    return false;
  }
  append(draft, chat, "desk", { file });
  // Words of a file from before the agent came stand in the history.
  if (file.words !== null) reportRules(draft, applied);
  return true;
}

/** What stands for a file where it is given up. */
export function fileAsText({ media, messageId }: Pick<UserFile, "media" | "messageId">): BacklogText {
  return { text: mediaWords(media), messageIds: messageId === "" ? [] : [messageId], about: "message" };
}

/**
 * Says something to the agent before all that waits. The caller knows that nothing is on its way there. The rules of the desk were
 * applied to the words of a file when it was taken.
 */
export function sayToAgentFirst(draft: Draft, chat: AtDeskChat, said: BacklogText): void {
  const { words, applied } =
    said.about === "notice" ? hideInText(draft, chat, said.text) : { words: said.text, applied: new Set<never>() };
  for (const text of splitText(words, draft.settings.limits.agentTextChars))
    giveText(draft, chat, "desk", { ...said, text });
  reportRules(draft, applied);
}

interface Saying {
  readonly lane: LaneName;
  readonly said: BacklogText;
  /** The same, as long as may be sent at once. */
  readonly parts: readonly BacklogText[];
}

function say(draft: Draft, chat: Interconnection, { lane, said, parts }: Saying): boolean {
  if (said.about === "message" && !hasRoom(draft)) {
    overflow(draft, chat, lane, said);
    return false;
  }
  for (const part of parts) append(draft, chat, lane, part);
  return true;
}

function append(draft: Draft, chat: Interconnection, lane: LaneName, item: BacklogItem): void {
  const waiting = backlogOf(draft.state, lane);
  if (waiting.length === 0 && windowOpen(draft, lane)) {
    giveItem(draft, chat, lane, item);
    return;
  }
  const { agentTextChars, userTextChars, laneWindow } = draft.settings.limits;
  const last = waiting.at(-1);
  // What waits only for a file stays as many messages as the lane would take.
  const isMuch = waiting.length >= laneWindow || pendingIn(draft, lane) >= laneWindow;
  const limit = lane === "desk" ? agentTextChars : userTextChars[chat.channel];
  const joined = last && isMuch ? join(last, item, limit) : null;
  setBacklog(draft, lane, joined ? [...waiting.slice(0, -1), joined] : [...waiting, item]);
}

/** Two messages as one, a line each; null when they are no messages or too long together. */
function join(a: BacklogItem, b: BacklogItem, limit: number): BacklogText | null {
  if ("file" in a || "file" in b) return null;
  const text = `${a.text}\n${b.text}`;
  if (a.about !== "message" || b.about !== "message" || text.length > limit) return null;
  return { text, messageIds: [...a.messageIds, ...b.messageIds], about: "message" };
}

function giveItem(draft: Draft, chat: Interconnection, lane: LaneName, item: BacklogItem): void {
  if ("file" in item) giveFile(draft, chat, item.file);
  else giveText(draft, chat, lane, item);
}

/** Callers take files only from a chat that is at the desk; its case is known then. */
export function giveFile(draft: Draft, chat: Interconnection, file: UserFile): void {
  if (chat.caseId === null) return;
  const giveUpAt = draft.input.now + fileLifeMs;
  give(draft, chat, { lane: "desk", kind: "AttachFile", caseId: chat.caseId, ...file, giveUpAt });
}

function giveText(draft: Draft, chat: Interconnection, lane: LaneName, said: BacklogText): void {
  const giveUpAt = draft.input.now + textLifeMs;
  if (lane === "desk") {
    // Callers say to the agent only while the chat is at the desk, and its backlog ends with it.
    if (chat.status !== "ON_HOLD" && chat.status !== "ACTIVE") return;
    const { session } = chat;
    give(draft, chat, { lane, kind: "SayToAgent", session, ...said, ...counted(draft, said.text), giveUpAt });
    return;
  }
  const { messageIds, about: kind, ...words } = said;
  const messageId = messageIds[0] ?? nextId(draft, "message");
  const about = kind === "message" ? kind : "notice";
  give(draft, chat, { lane, kind: "SayToUser", channel: chat.channel, messageId, about, ...words, giveUpAt });
}

/** Counts one more text to the agent, where they were counted from the first on. */
function counted(draft: Draft, text: string): Pick<SayToAgent, "behind"> {
  const { textsGiven: behind } = draft.state;
  if (behind === undefined) return {};
  change(draft, { textsGiven: { count: behind.count + 1, last: textMark(text) } });
  return { behind };
}

/** Last texts are tried for so long together: what comes behind them, end or hand-back, must not wait longer. */
export const lastTextsMs = 60_000;

/** Bounds the time for which those pending commands are tried. */
export function hurry(draft: Draft, which: (command: Command) => boolean, withinMs: number): void {
  const by = draft.input.now + withinMs;
  const isLong = (command: Command): boolean => command.giveUpAt > by && which(command);
  if (!draft.state.pending.some(isLong)) return;
  const pending = draft.state.pending.map((each) => (isLong(each) ? { ...each, giveUpAt: by } : each));
  change(draft, { pending });
}

/** Moves texts from the backlog into the window, after results have made room in it; then the report of rules. */
export function refill(draft: Draft): void {
  const { interconnection } = draft.state;
  if (interconnection === null) return;
  for (const lane of ["desk", "channel"] as const) {
    while (backlogOf(draft.state, lane).length > 0 && windowOpen(draft, lane)) shift(draft, interconnection, lane);
    // What overflowed while waiting for an agent is told once until one accepts: it does not drain before.
    const drains = lane === "channel" || interconnection.status === "ACTIVE";
    if (drains && draft.state.overflowTold.includes(lane) && windowOpen(draft, lane)) {
      change(draft, { overflowTold: draft.state.overflowTold.filter((told) => told !== lane) });
    }
  }
  reportWhenQuiet(draft);
}

/** Makes commands of a lane's whole backlog: something that must come after every text is to follow. */
export function flush(draft: Draft, chat: Interconnection, lane: LaneName): void {
  while (backlogOf(draft.state, lane).length > 0) shift(draft, chat, lane);
}

/** Empties a lane's backlog and returns what was in it. */
export function takeBacklog(draft: Draft, lane: LaneName): readonly BacklogItem[] {
  const texts = backlogOf(draft.state, lane);
  if (texts.length > 0) setBacklog(draft, lane, []);
  return texts;
}

/**
 * Takes the words away from the files of a chat that is ending: those of a file that is under way are answered, those of a
 * file that waits come to stand behind it.
 */
export function wordsOfFiles(draft: Draft, chatId: string): readonly BacklogText[] {
  const words: BacklogText[] = [];
  const pending = draft.state.pending.map((command) => {
    if (command.kind !== "AttachFile" || command.chatId !== chatId || command.words === null) return command;
    words.push(wordsOf(command, command.words));
    return { ...command, words: null };
  });
  if (words.length > 0) change(draft, { pending });
  const waiting = backlogOf(draft.state, "desk").flatMap((item): BacklogItem[] => {
    if (!("file" in item) || item.file.words === null) return [item];
    return [{ file: { ...item.file, words: null } }, wordsOf(item.file, item.file.words)];
  });
  setBacklog(draft, "desk", waiting);
  return words;
}

function wordsOf({ messageId }: UserFile, text: string): BacklogText {
  return { text, messageIds: messageId === "" ? [] : [messageId], about: "message" };
}

function shift(draft: Draft, chat: Interconnection, lane: LaneName): void {
  const [first, ...rest] = backlogOf(draft.state, lane);
  setBacklog(draft, lane, rest);
  if (first !== undefined) giveItem(draft, chat, lane, first);
}

function backlogOf(state: UserState, lane: LaneName): readonly BacklogItem[] {
  return state.backlog.find((backlog) => backlog.lane === lane)?.texts ?? [];
}

function setBacklog(draft: Draft, lane: LaneName, texts: readonly BacklogItem[]): void {
  const others = draft.state.backlog.filter((backlog) => backlog.lane !== lane);
  const own: readonly Backlog[] = texts.length === 0 ? [] : [{ lane, texts }];
  change(draft, { backlog: [...others, ...own] });
}

/** Closed by a file of the chat, too: the notice about it is not known yet. */
function windowOpen(draft: Draft, lane: LaneName): boolean {
  const { pending, interconnection } = draft.state;
  const isBehindFile = lane === "desk" && pending.some((each) => isFileOf(each, interconnection?.chatId));
  return !isBehindFile && pendingIn(draft, lane) < draft.settings.limits.laneWindow;
}

function isFileOf(command: Command, chatId: string | undefined): boolean {
  return command.kind === "AttachFile" && command.chatId === chatId;
}

/** To the phone whatever is pending comes first; at the desk chats do not wait for each other. */
function pendingIn({ state: { pending, interconnection } }: Draft, lane: LaneName): number {
  let count = 0;
  for (const each of pending)
    if (each.lane === lane && (lane === "channel" || each.chatId === interconnection?.chatId)) count += 1;
  return count;
}

/**
 * Whether one more message may wait: by what waits already, so that one which is longer than all that may wait is taken too, and
 * split. History and welcome are bounded by themselves.
 */
function hasRoom({ state, settings }: Draft): boolean {
  let messages = 0;
  let bytes = 0;
  const count = (item: BacklogItem): void => {
    const { text, messageIds, about } = "file" in item ? fileAsText(item.file) : item;
    if (about === "context") return;
    messages += Math.max(1, messageIds.length);
    bytes += Buffer.byteLength(text);
  };
  for (const command of state.pending) {
    if (command.kind === "AttachFile") count({ file: command });
    if (command.kind === "SayToAgent" || command.kind === "SayToUser")
      count({ text: command.text, messageIds: [], about: command.about });
  }
  for (const { texts } of state.backlog) texts.forEach(count);
  return messages < settings.limits.waitingMessages && bytes < settings.limits.waitingBytes;
}

/** Gives a message up because more waits than may: dead letter, fact, and one notice to its sender until the lane moves. */
export function overflow(draft: Draft, chat: Interconnection, lane: LaneName, said: BacklogText): void {
  const { input, state, settings } = draft;
  draft.deadLetters.push({
    reason: "lane_overflow",
    detail: lane,
    chatId: chat.chatId,
    text: input.topic === "channel-messages" ? null : said.text,
    attempts: 0,
  });
  const messageId = said.messageIds[0] ?? null;
  tell(draft, chat, "message_failed", { reason: "lane_overflow", messageId, textChars: said.text.length });
  if (state.overflowTold.includes(lane)) return;
  change(draft, { overflowTold: [...draft.state.overflowTold, lane] });
  const { tooManyFromUser, tooManyFromAgent } = settings.texts;
  if (lane === "desk") notifyUser(draft, chat, tooManyFromUser);
  else notifyAgent(draft, tooManyFromAgent);
}

/** Tells the user something of ours, unless the last thing waiting for him is the same. */
export function notifyUser(draft: Draft, chat: Interconnection, text: string): void {
  if (!isBlank(text) && lastWaiting(draft.state, chat.chatId, "channel") !== text)
    sayToUser(draft, chat, text, "notice");
}

/** Tells the agent something of ours while an agent has the user, unless the last thing waiting for him is the same. */
export function notifyAgent(draft: Draft, text: string): void {
  const chat = draft.state.interconnection;
  if (chat?.status !== "ACTIVE" || isBlank(text)) return;
  const { words, applied } = hideInText(draft, chat, text);
  if (lastWaiting(draft.state, chat.chatId, "desk") === words) return;
  sayHidden(draft, chat, { words: { text: words, messageIds: [], about: "notice" }, applied });
}

function lastWaiting(state: UserState, chatId: string, lane: LaneName): string | null {
  const waiting = backlogOf(state, lane).at(-1);
  if (waiting !== undefined) return "file" in waiting ? null : waiting.text;
  // A report is nothing that anybody reads.
  const last = state.pending.findLast(
    (command) => command.lane === lane && command.chatId === chatId && command.kind !== "ReportToDesk",
  );
  return last?.kind === "SayToAgent" || last?.kind === "SayToUser" ? last.text : null;
}
