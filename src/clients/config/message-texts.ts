// The form of MESSAGES: a JSON object of texts, merged with the defaults. Where each is said is up to the processors, whose texts most
// of them are.
import { defaultTexts as saidTexts, type Texts } from "../../processors/interconnection/texts.ts";
import { form, parseJson, type Form } from "./forms.ts";

/** The texts of a deployment, by the original's keys and ours. An empty text is not said. */
export interface MessageTexts extends Texts {
  /** First name of contacts that are created. */
  readonly firstNameContact: string;
}

/** The texts where MESSAGES says nothing else. */
export const defaultTexts: MessageTexts = { ...saidTexts, firstNameContact: "Contacto Bot - " };

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
