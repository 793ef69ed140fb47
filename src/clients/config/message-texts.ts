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

const keysOfTexts = new Map(Object.keys(defaultTexts).map((key) => [key.toLowerCase(), key]));

/**
 * Keys in any case; a key that is left out keeps its default, null is an empty text as in the original, and an unknown key (the
 * original's has two) is passed over, whatever its value.
 */
export const messageTexts: Form<MessageTexts> = form("a JSON object whose values are texts", (raw) => {
  const given = parseJson(raw);
  if (typeof given !== "object" || given instanceof Array) return undefined;
  const merged = new Map<string, unknown>(Object.entries(defaultTexts));
  for (const [written, value] of Object.entries(given ?? {}) as [string, unknown][]) {
    const key = keysOfTexts.get(written.toLowerCase());
    if (key === undefined) continue;
    if (value !== null && typeof value !== "string") return undefined;
    merged.set(key, value ?? "");
  }
  return Object.fromEntries(merged) as unknown as MessageTexts;
});
