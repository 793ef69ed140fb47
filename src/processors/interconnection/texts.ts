// The words that user and agent read, and how they are made: history, welcome, notices, splitting of what is too long.
// Owns their form, not when they are said. Pure. Called by the decide files.
import type { Media } from "../messages/generated.ts";
import type { ContextEntry } from "./state.ts";

/** Texts of setting MESSAGES, merged with the defaults. An empty text is not said. */
export interface Texts {
  /** To the user, once in the queue. */
  readonly waitAgent: string;
  /** To the agent on accept; every `%s` becomes the visitor's name. */
  readonly welcomeTemplate: string;
  /** First line of the history. */
  readonly context: string;
  /** First half of a case's description. */
  readonly descriptionCase: string;
  /** Label of the user in the history. */
  readonly clientLabel: string;
  /** Label of everybody else in the history. */
  readonly botLabel: string;
  /** To the agent: the user's file is at the case. By what it is: image, audio or voice, all else. */
  readonly uploadImageSuccess: string;
  readonly uploadAudioSuccess: string;
  readonly uploadFileSuccess: string;
  /** To the user: his file did not reach the agent. */
  readonly uploadImageError: string;
  readonly uploadAudioError: string;
  readonly uploadFileError: string;
  /** To the agent: the user has sent a file that is not at the case; `%s` is the message's type. */
  readonly fileNotAttached: string;
  /** To the agent: the user has sent a message of a type that is not forwarded, `%s`. */
  readonly messageIgnored: string;
  /** To the waiting user, before his place in the queue. */
  readonly queuePosition: string;
  /** To the waiting user, before the time that the desk expects. */
  readonly waitTime: string;
  /** To the user: no agent has accepted in ACCEPT_TIMEOUT. */
  readonly acceptTimeout: string;
  /** To the user: he has not answered the agent, and the chat will end. */
  readonly idleWarning: string;
  /** To the user: the chat has ended because he did not answer. */
  readonly idleEnd: string;
  /** To the user: a message of his did not reach the agent. */
  readonly notToldToAgent: string;
  /** To the agent: a message of his did not reach the user. */
  readonly notToldToUser: string;
  /** To the user: more messages than may wait. */
  readonly tooManyFromUser: string;
  /** To the agent: more messages than may wait. */
  readonly tooManyFromAgent: string;
}

/** The original's defaults (parity sheet 4.6), and ours for what it never said. */
export const defaultTexts: Texts = {
  waitAgent: "Esperando un agente",
  welcomeTemplate: "Hola soy %s y necesito ayuda",
  context: "Contexto",
  descriptionCase: "Caso levantado por el Bot",
  clientLabel: "Cliente",
  botLabel: "Bot",
  uploadImageSuccess: "**El usuario adjunto una imagen al caso**",
  uploadAudioSuccess: "**El usuario adjunto un audio al caso**",
  uploadFileSuccess: "**El usuario adjunto un archivo al caso**",
  uploadImageError: "Imagen no enviada",
  uploadAudioError: "Audio no enviado",
  uploadFileError: "Archivo no enviado",
  fileNotAttached: "**El usuario envió un archivo (%s) que no se pudo adjuntar al caso**",
  messageIgnored: "",
  queuePosition: "Posición en la cola",
  waitTime: "Tiempo de espera",
  acceptTimeout: "Por ahora no hay agentes disponibles",
  idleWarning: "",
  idleEnd: "",
  notToldToAgent: "Tu mensaje no se pudo entregar al agente",
  notToldToUser: "**Un mensaje no se pudo entregar al usuario**",
  tooManyFromUser: "Recibimos demasiados mensajes a la vez; los últimos no se entregaron al agente",
  tooManyFromAgent: "**Demasiados mensajes a la vez: los últimos no se entregaron al usuario**",
};

/** Puts `value` for every `%s`; nothing else of the template or the value has a meaning (defect H11). */
export function fill(template: string, value: string): string {
  return template.replaceAll("%s", () => value);
}

/** `{descriptionCase} : {subject}`, parity sheet 3.6. */
export function caseDescription(texts: Texts, subject: string): string {
  return `${texts.descriptionCase} : ${subject}`;
}

/** The user's place in the queue, and the wait in whole minutes where it is known; a line whose words are empty is left out. */
export function queueText(texts: Texts, queuePosition: number, estimatedWaitSeconds: number | null): string {
  const lines = isBlank(texts.queuePosition) ? [] : [`${texts.queuePosition}: ${String(queuePosition)}`];
  const minutes = Math.ceil((estimatedWaitSeconds ?? 0) / 60);
  if (minutes > 0 && !isBlank(texts.waitTime)) lines.push(`${texts.waitTime}: ${String(minutes)} min`);
  return lines.join("\n");
}

/** The words of a file: its caption and where it is, each on a line of its own. */
export function mediaWords(media: Media): string {
  const caption = media.caption === null || media.caption === "" ? [] : [media.caption];
  return [...caption, media.url].join("\n");
}

/** The texts about a file of that type: to the agent when it is at the case, to the user when it is not. */
export function fileTexts(texts: Texts, messageType: string): { readonly success: string; readonly error: string } {
  switch (messageType) {
    case "image":
      return { success: texts.uploadImageSuccess, error: texts.uploadImageError };
    case "audio":
    case "voice":
      return { success: texts.uploadAudioSuccess, error: texts.uploadAudioError };
    default:
      return { success: texts.uploadFileSuccess, error: texts.uploadFileError };
  }
}

/**
 * The history of parity sheet 4.6: first line, then each entry as `{label} [{time}]:{text}` and an empty line. A file is
 * named with its caption and link (defect A12). Entries come in the order given.
 */
export function historyText(
  texts: Texts,
  formatTime: (atMs: number) => string,
  entries: readonly ContextEntry[],
): string {
  const lines = entries.map((entry) => {
    const label = entry.from === "user" ? texts.clientLabel : texts.botLabel;
    return `${label} [${formatTime(entry.at)}]:${entryWords(entry)}\n\n`;
  });
  return `${texts.context}:\n${lines.join("")}`;
}

function entryWords({ text, media }: ContextEntry): string {
  const words = (text ?? "").replace(/\n+$/u, "");
  if (media === null) return words;
  const file = `[${media.mimeType ?? "-"}] ${mediaWords(media)}`;
  return words === "" ? file : `${words}\n${file}`;
}

/** Context and what was said since, oldest first, each message id once; entries without an id are all kept. */
export function mergedByTime(context: readonly ContextEntry[], said: readonly ContextEntry[]): ContextEntry[] {
  const seen = new Set<string>();
  const once = [...context, ...said].filter(({ messageId }) => {
    if (messageId === "") return true;
    if (seen.has(messageId)) return false;
    seen.add(messageId);
    return true;
  });
  return once.sort((a, b) => a.at - b.at);
}

/**
 * Cuts a text into pieces of at most `limit` UTF-16 units, after white space where there is any, else between characters.
 * The pieces joined are the text, less pieces of nothing but white space: no side takes those.
 */
export function splitText(text: string, limit: number): string[] {
  const pieces: string[] = [];
  let rest = text;
  while (rest.length > limit) {
    const end = breakBefore(rest, limit);
    pieces.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  pieces.push(rest);
  return pieces.filter((piece) => !isBlank(piece));
}

function breakBefore(text: string, limit: number): number {
  for (let i = limit; i > 0; i--) if (/\s/u.test(text.charAt(i - 1))) return i;
  // A low surrogate at the break belongs to the character before it.
  const code = text.charCodeAt(limit);
  return limit > 1 && code >= 0xdc00 && code <= 0xdfff ? limit - 1 : limit;
}

/** True when nothing of the text can be read. */
export function isBlank(text: string): boolean {
  return text.trim() === "";
}
