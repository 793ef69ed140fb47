// Conformance vectors of the parity sheet (section 12): dates and entries of the history that an agent gets.
import { expect, it } from "vitest";

import { createTimeFormat } from "../../../src/processors/interconnection/calendar.ts";
import { defaultTexts, historyText } from "../../../src/processors/interconnection/texts.ts";

it.each([
  [1630404000000, "America/Mexico_City", "31-08-2021 05:00:00"],
  [1630404000000, "America/Sao_Paulo", "31-08-2021 07:00:00"],
  [1631202337350, "America/Mexico_City", "09-09-2021 10:45:37"],
  [1631202337350, "America/Sao_Paulo", "09-09-2021 12:45:37"],
])("History dates: %i in %s is %s", (atMs, zone, expected) => {
  expect(createTimeFormat(zone)(atMs)).toBe(expected);
});

const at = 1630404000000;
const hello = { messageId: "m", at, from: "user", text: "Hello", media: null } as const;

it.each([
  ["one entry", [hello], "Contexto:\nCliente [31-08-2021 05:00:00]:Hello\n\n"],
  ["line feeds at its end", [{ ...hello, text: "Hello\n\n" }], "Contexto:\nCliente [31-08-2021 05:00:00]:Hello\n\n"],
  ["of the bot", [{ ...hello, from: "bot" as const }], "Contexto:\nBot [31-08-2021 05:00:00]:Hello\n\n"],
  ["no entries", [], "Contexto:\n"],
])("History entry: %s", (_, entries, expected) => {
  expect(historyText(defaultTexts, createTimeFormat("America/Mexico_City"), entries)).toBe(expected);
});
