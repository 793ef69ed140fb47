// What the agent must not be told of what users say: the desk tells rules, and its client has to apply them before anything is posted.
// Owns what they are applied to: each text of users and of ours as a whole, before it is cut or joined; each entry of the history by
// itself; the words of files, from which names of files are made. Addresses of files stay: they would lead nowhere. Pure.
import type { DataRule } from "../messages/generated.ts";
import { change, type AtDeskChat, type Draft } from "./draft.ts";
import type { ContextEntry, UserFile } from "./state.ts";

/** Words as the agent may be told them, and the rules that have changed them. */
export interface Hidden<Words> {
  readonly words: Words;
  readonly applied: ReadonlySet<DataRule>;
}

/** Takes over rules that the desk has told; an empty list takes away those of before. */
export function takeRules(draft: Draft, chatId: string, told: readonly DataRule[]): void {
  const chat = draft.state.interconnection;
  if (chat?.chatId !== chatId || (chat.status !== "ON_HOLD" && chat.status !== "ACTIVE")) return;
  const { dataRules: _before, ...rest } = chat;
  change(draft, { interconnection: told.length === 0 ? rest : { ...rest, dataRules: told } });
}

/** One text. */
export function hideInText(draft: Draft, chat: AtDeskChat, text: string): Hidden<string> {
  const applied = new Set<DataRule>();
  return { words: hider(draft, chat, applied)(text), applied };
}

/** What was said before the agent came. */
export function hideInHistory(
  draft: Draft,
  chat: AtDeskChat,
  entries: readonly ContextEntry[],
): Hidden<readonly ContextEntry[]> {
  const applied = new Set<DataRule>();
  const hide = hider(draft, chat, applied);
  const words = entries.map((entry) => {
    const { text, media } = entry;
    return {
      ...entry,
      text: text === null ? null : hide(text),
      media: media === null ? null : { ...media, caption: media.caption === null ? null : hide(media.caption) },
    };
  });
  return { words, applied };
}

/** The words that came with a file. */
export function hideInFile(draft: Draft, chat: AtDeskChat, file: UserFile): Hidden<UserFile> {
  const applied = new Set<DataRule>();
  const hide = hider(draft, chat, applied);
  const { media, words } = file;
  const caption = media.caption === null ? null : hide(media.caption);
  return { words: { ...file, media: { ...media, caption }, words: words === null ? null : hide(words) }, applied };
}

function hider(draft: Draft, { dataRules = [] }: AtDeskChat, applied: Set<DataRule>): (text: string) => string {
  return (text) => {
    if (dataRules.length === 0 || text === "") return text;
    const found = draft.settings.applyRules(dataRules, text);
    for (const rule of found.applied) applied.add(rule);
    return found.text;
  };
}
