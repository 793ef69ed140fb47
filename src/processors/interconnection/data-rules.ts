// What the agent must not be told of what users say: the desk tells rules, and its client has to apply them before anything is posted.
// Owns what they are applied to: each text of users and of ours as a whole, before it is cut or joined; each entry of the history by
// itself; the words of files, from which names of files are made. Addresses of files stay: they would lead nowhere. Pure.
import type { DataRule } from "../messages/generated.ts";
import { atDesk, change, type AtDeskChat, type Draft } from "./draft.ts";
import type { ContextEntry, UserFile } from "./state.ts";

/** Words as the agent may be told them, and the rules that have changed them. */
export interface Hidden<Words> {
  readonly words: Words;
  readonly applied: ReadonlySet<DataRule>;
}

/** Takes over rules that the desk has told; an empty list takes away those of before. */
export function takeRules(draft: Draft, chatId: string, told: readonly DataRule[]): void {
  const chat = atDesk(draft, chatId);
  if (chat === null) return;
  const { dataRules: _before, ...rest } = chat;
  change(draft, { interconnection: told.length === 0 ? rest : { ...rest, dataRules: told } });
}

/** One text. */
export function hideInText(draft: Draft, chat: AtDeskChat, text: string): Hidden<string> {
  const { hide, applied } = hider(draft, chat, [text]);
  return { words: hide(text), applied };
}

/** What was said before the agent came. */
export function hideInHistory(
  draft: Draft,
  chat: AtDeskChat,
  entries: readonly ContextEntry[],
): Hidden<readonly ContextEntry[]> {
  const { hide, applied } = hider(
    draft,
    chat,
    entries.flatMap(({ text, media }) => [text, media?.caption ?? null]),
  );
  const words = entries.map((entry) => {
    const { text, media } = entry;
    return { ...entry, text: hide(text), media: media && { ...media, caption: hide(media.caption) } };
  });
  return { words, applied };
}

/** The words that came with a file. */
export function hideInFile(draft: Draft, chat: AtDeskChat, file: UserFile): Hidden<UserFile> {
  const { media, words } = file;
  const { hide, applied } = hider(draft, chat, [media.caption, words]);
  return { words: { ...file, media: { ...media, caption: hide(media.caption) }, words: hide(words) }, applied };
}

/** Reads all texts at once: what bounds the time of rules bounds it for one reading. */
function hider(
  { settings }: Draft,
  { dataRules = [] }: AtDeskChat,
  texts: readonly (string | null)[],
): { readonly hide: <T extends string | null>(text: T) => T | string; readonly applied: ReadonlySet<DataRule> } {
  const given = [...new Set(texts.filter((text) => text !== null))];
  if (dataRules.length === 0 || given.length === 0) return { hide: (text) => text, applied: new Set() };
  const found = settings.applyRules(dataRules, given);
  const hidden = new Map(given.map((text, at) => [text, found.texts[at] ?? ""]));
  return { hide: (text) => (text === null ? text : (hidden.get(text) ?? text)), applied: new Set(found.applied) };
}
