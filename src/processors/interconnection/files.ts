// What becomes of a file of the user when its command has ended: who is told what, in its place among the texts. Owns that the
// words that came with a file reach the agent whatever becomes of the file (defect A19). Called by command-results.ts and
// ending.ts.
import type { AttachFile } from "./commands.ts";
import type { AtDeskChat, ChatRef, Draft } from "./draft.ts";
import type { CommandResult, FileAttached } from "../messages/generated.ts";
import { reasonOfFailure, tell } from "./facts.ts";
import { fileAsText, notifyUser, sayToAgentFirst, wordsOfFiles } from "./lanes.ts";
import { fileTexts, fill, isBlank } from "./texts.ts";

/** Decides the result of a file's command. */
export function fileDone(draft: Draft, chat: ChatRef, command: AttachFile, result: CommandResult): void {
  const { outcome, data } = result;
  if (outcome === "done" && data?.type === "FileAttached") attached(draft, chat, command, data);
  else notAttached(draft, chat, command, { ...result, outcome: outcome === "done" ? "broken" : outcome });
}

function attached(
  draft: Draft,
  chat: ChatRef,
  command: AttachFile,
  { title, mimeType, sizeBytes }: FileAttached,
): void {
  const { messageType } = command;
  const detail = `${mimeType ?? "type not looked at"}, ${String(sizeBytes)} bytes`;
  tell(draft, chat, "file", { messageId: idOf(command), messageType, detail });
  const { success } = fileTexts(draft.settings.texts, messageType);
  // Without a separator, and of WhatsApp alone, as in the original: whoever wants one writes it into the text.
  const isNamed = draft.settings.fileNameInNotice && chat.channel === "whatsapp" && !isBlank(success);
  tellAgent(draft, command, isNamed ? `${success}${title}` : success);
}

function notAttached(
  draft: Draft,
  chat: ChatRef,
  command: AttachFile,
  { outcome, reason, attempts }: { outcome: Parameters<typeof reasonOfFailure>[0] } & Omit<CommandResult, "outcome">,
): void {
  const { messageType } = command;
  tell(draft, chat, "file", {
    messageId: idOf(command),
    messageType,
    reason: reasonOfFailure(outcome),
    detail: reason,
  });
  draft.deadLetters.push({
    reason: "undeliverable",
    detail: `${command.kind} ${outcome}: ${reason ?? "no reason given"}`,
    chatId: command.chatId,
    text: fileAsText(command).text,
    attempts,
  });
  const { texts } = draft.settings;
  tellAgent(draft, command, fill(texts.fileNotAttached, messageType));
  const present = draft.state.interconnection;
  if (present !== null) notifyUser(draft, present, fileTexts(texts, messageType).error);
}

/** The notice, then the words that came with the file: before all that the user wrote since, which has waited for it. */
function tellAgent(draft: Draft, { chatId, messageId, words }: AttachFile, notice: string): void {
  const chat = draft.state.interconnection;
  if (chat?.chatId !== chatId || chat.status !== "ACTIVE") return;
  if (!isBlank(notice)) sayToAgentFirst(draft, chat, { text: notice, messageIds: [], about: "notice" });
  const messageIds = messageId === "" ? [] : [messageId];
  if (words !== null) sayToAgentFirst(draft, chat, { text: words, messageIds, about: "message" });
}

function idOf({ messageId }: AttachFile): string | null {
  return messageId === "" ? null : messageId;
}

/**
 * The chat ends while the agent still hears: what was said with files comes now, for there will be no agent to tell when they
 * are at the case.
 */
export function sayWordsOfFiles(draft: Draft, chat: AtDeskChat): void {
  for (const words of wordsOfFiles(draft, chat.chatId)) sayToAgentFirst(draft, chat, words);
}
