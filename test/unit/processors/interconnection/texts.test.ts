// The words and their form: history, splitting, merging. Vectors of dates and history stand in test/unit/conformance.
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { createTimeFormat, readRfc3339, rfc3339 } from "../../../../src/processors/interconnection/calendar.ts";
import type { ContextEntry } from "../../../../src/processors/interconnection/state.ts";
import {
  caseDescription,
  defaultTexts,
  fill,
  historyText,
  mergedByTime,
  splitText,
} from "../../../../src/processors/interconnection/texts.ts";

const entry = (messageId: string, at: number, text: string | null = messageId): ContextEntry => ({
  messageId,
  at,
  from: "user",
  text,
  media: null,
});

describe("times", () => {
  it.each([[1700006400000, "UTC", "15-11-2023 00:00:00"]])("%i in %s is %s", (atMs, zone, expected) => {
    expect(createTimeFormat(zone)(atMs)).toBe(expected);
  });

  it("knows a wrong time zone at once, and never throws later", () => {
    expect(() => createTimeFormat("Nowhere/Here")).toThrow(RangeError);
    expect(createTimeFormat("UTC")(Number.MAX_SAFE_INTEGER)).toBe(String(Number.MAX_SAFE_INTEGER));
  });

  it("are written as RFC 3339 like the platform writes them", () => {
    const within = { min: -62_135_596_800_000, max: 253_402_300_799_999 };
    fc.assert(
      fc.property(fc.integer(within), (ms) => rfc3339(ms) === new Date(ms).toISOString()),
      { numRuns: 2000 },
    );
    expect(rfc3339(Number.MAX_SAFE_INTEGER)).toBe("9999-12-31T23:59:59.999Z");
    expect(rfc3339(Number.NaN)).toBe("1970-01-01T00:00:00.000Z");
  });
});

describe("history", () => {
  const format = createTimeFormat("America/Mexico_City");

  it("has the original's form, and names files with their link", () => {
    const media = { url: "https://m.example.org/1", mimeType: null, caption: null };
    const text = historyText(defaultTexts, format, [
      entry("m", 1630404000000, "Hello"),
      { messageId: "f", at: 1630404000000, from: "bot", text: null, media },
    ]);
    expect(text).toBe(
      "Contexto:\nCliente [31-08-2021 05:00:00]:Hello\n\nBot [31-08-2021 05:00:00]:[-] https://m.example.org/1\n\n",
    );
    expect(historyText(defaultTexts, format, [])).toBe("Contexto:\n");
  });

  it("merges by time, each id once, equal times in the order given, entries without an id all", () => {
    const merged = mergedByTime([entry("b", 2), entry("a", 1)], [entry("a", 1), entry("", 2, "x"), entry("", 2, "y")]);
    expect(merged.map(({ text }) => text)).toEqual(["a", "b", "x", "y"]);
  });
});

it("describes a case", () => {
  expect(caseDescription({ ...defaultTexts, descriptionCase: "Caso creado por yalo" }, "subject")).toBe(
    "Caso creado por yalo : subject",
  );
});

it("fills a template with nothing but the value", () => {
  expect(fill("%s %d 100% $1", "$&")).toBe("$& %d 100% $1");
  expect(fill("Hola, necesito ayuda", "Ana")).toBe("Hola, necesito ayuda");
});

describe("splitting", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", " ", "\n", "é", "😀", "ñ"), maxLength: 200 });

  it("loses nothing, keeps to the limit and cuts no character in two", () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 20 }), (whole, limit) => {
        const pieces = splitText(whole, limit);
        const words = (part: string): string => part.replaceAll(/\s/gu, "");
        expect(words(pieces.join(""))).toBe(words(whole));
        for (const piece of pieces) {
          expect(piece.length).toBeLessThanOrEqual(limit);
          expect(piece.isWellFormed()).toBe(true);
          expect(piece.trim()).not.toBe("");
        }
      }),
      { numRuns: 500 },
    );
  });

  it("breaks between words where there are any", () => {
    expect(splitText("one two three", 8)).toEqual(["one two ", "three"]);
    expect(splitText("abcdefghij", 4)).toEqual(["abcd", "efgh", "ij"]);
    expect(splitText("short", 10)).toEqual(["short"]);
    expect(splitText("   ", 10)).toEqual([]);
  });
});

describe("times of the service before this one", () => {
  it("are read as every clock reads them", () => {
    fc.assert(
      fc.property(fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }), (ms) => {
        expect(readRfc3339(rfc3339(ms))).toBe(ms);
        expect(readRfc3339(new Date(ms).toISOString())).toBe(ms);
      }),
    );
  });

  it.each<[string, number | null]>([
    ["2023-01-16T06:00:00.123456789-06:00", Date.UTC(2023, 0, 16, 12, 0, 0, 123)],
    ["2024-02-29T23:59:59+05:30", Date.UTC(2024, 1, 29, 18, 29, 59)],
    ["2023-01-16T06:00:00.5Z", Date.UTC(2023, 0, 16, 6, 0, 0, 500)],
    ["0001-01-01T00:00:00Z", -62_135_596_800_000],
    ["", null],
    ["2023-01-16", null],
  ])("%s", (text, ms) => {
    expect(readRfc3339(text)).toBe(ms);
  });
});
