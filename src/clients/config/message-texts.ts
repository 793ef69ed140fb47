// The form of MESSAGES: a JSON object of texts, merged with the defaults. Owns the default texts (those of the original's
// env package, and the audio texts that it lacks); where each is said is up to the processors.
import { form, parseJson, type Form } from "./forms.ts";

/** The texts that the service says, by the original's keys. An empty text is not said. */
export interface MessageTexts {
  /** To the user, when the chat is in the desk's queue. */
  readonly waitAgent: string;
  /** To the agent on accept; `%s` is the visitor's name. */
  readonly welcomeTemplate: string;
  /** First line of the history. */
  readonly context: string;
  /** Description of a case, before its subject. */
  readonly descriptionCase: string;
  /** To the user: an image could not be passed on. */
  readonly uploadImageError: string;
  /** To the agent: an image is at the case. */
  readonly uploadImageSuccess: string;
  readonly uploadFileError: string;
  readonly uploadFileSuccess: string;
  readonly uploadAudioError: string;
  readonly uploadAudioSuccess: string;
  /** First name of contacts that are created. */
  readonly firstNameContact: string;
  /** Label of the user in the history. */
  readonly clientLabel: string;
  /** Label of the bot in the history. */
  readonly botLabel: string;
  /** Read and not said, as in the original. */
  readonly queuePosition: string;
  /** Read and not said, as in the original. */
  readonly waitTime: string;
}

/** The texts where MESSAGES says nothing else. */
export const defaultTexts: MessageTexts = {
  waitAgent: "Esperando un agente",
  welcomeTemplate: "Hola soy %s y necesito ayuda",
  context: "Contexto",
  descriptionCase: "Caso levantado por el Bot",
  uploadImageError: "Imagen no enviada",
  uploadImageSuccess: "**El usuario adjunto una imagen al caso**",
  uploadFileError: "Archivo no enviado",
  uploadFileSuccess: "**El usuario adjunto un archivo al caso**",
  uploadAudioError: "Audio no enviado",
  uploadAudioSuccess: "**El usuario adjunto un audio al caso**",
  firstNameContact: "Contacto Bot - ",
  clientLabel: "Cliente",
  botLabel: "Bot",
  queuePosition: "Posición en la cola",
  waitTime: "Tiempo de espera",
};

/** Keys in any case; a key that is left out keeps its default, an unknown one (the original's has two) is passed over. */
export const messageTexts: Form<MessageTexts> = form("a JSON object whose values are texts", (raw) => {
  const given = parseJson(raw);
  if (typeof given !== "object" || given === null || given instanceof Array) return undefined;
  const texts = Object.entries(given).map(([key, value]: [string, unknown]) => [key.toLowerCase(), value] as const);
  if (texts.some(([, value]) => typeof value !== "string")) return undefined;
  const chosen = new Map(texts);
  const merged = Object.entries(defaultTexts).map(([key, text]) => [
    key,
    chosen.get(key.toLowerCase()) ?? (text as unknown),
  ]);
  return Object.fromEntries(merged) as MessageTexts;
});
