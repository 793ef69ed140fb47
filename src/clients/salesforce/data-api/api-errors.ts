// Reads the errors of Salesforce's data API: a list of {errorCode, message, fields}, once an object. Pure. The messages quote
// what was sent, so they are told only where they certainly don't. Used by the other files of this folder.
import { listOf, objectOf, textOf } from "../../../processors/json.ts";

/**
 * The errors as `CODE (Field, Field): message; …`, null when the body holds none. A message that quotes one of the
 * `personal` values, or looks as if it held an address, a number or an id, is left out.
 */
export function apiErrorText(body: unknown, personal: readonly string[]): string | null {
  const errors = Array.isArray(body) ? body.slice(0, 3) : [body];
  const texts = errors.map((error) => oneError(objectOf(error), personal)).filter((text) => text !== null);
  return texts.length === 0 ? null : texts.join("; ");
}

function oneError(error: Readonly<Record<string, unknown>>, personal: readonly string[]): string | null {
  const code = textOf(error.errorCode);
  if (code === null || !/^[A-Z][A-Z0-9_]{2,80}$/.test(code)) return null;
  const fields = listOf(error.fields).filter((field) => typeof field === "string" && /^[\w.]{1,80}$/.test(field));
  const message = textOf(error.message) ?? "";
  const about = fields.length === 0 ? code : `${code} (${fields.join(", ")})`;
  return isImpersonal(message, personal) ? `${about}: ${message}` : about;
}

function isImpersonal(message: string, personal: readonly string[]): boolean {
  if (message === "" || message.length > 200 || /[@\r\n]|\d{4}/.test(message)) return false;
  const lower = message.toLowerCase();
  return !personal.some((value) => value !== "" && lower.includes(value.toLowerCase()));
}
