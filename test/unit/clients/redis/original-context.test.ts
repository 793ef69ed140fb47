// The Go service's context sets: what of a member counts, what is known already, and members as it writes them.
import { describe, expect, it } from "vitest";

import { entriesOfOriginal, memberOfOriginal } from "../../../../src/clients/redis/original-context.ts";
import type { ContextEntry } from "../../../../src/processors/interconnection/state.ts";

const now = Date.UTC(2026, 10, 22, 12);
const dayMs = 86_400_000;
const member = (more: object): string =>
  JSON.stringify({
    userId: "u",
    client: "c",
    timestamp: now - 1_000,
    text: "t",
    from: "user",
    ttl: new Date(now + 1_000).toISOString(),
    ...more,
  });
const read = (members: readonly string[], known: readonly string[] = []): readonly ContextEntry[] =>
  entriesOfOriginal(members, known, now).map((json) => JSON.parse(json) as ContextEntry);

describe("members of the Go service's context set", () => {
  it("come oldest first, with words or a file, by user or bot", () => {
    const image = {
      text: undefined,
      url: "https://m/1",
      mimeType: "image/png",
      caption: "c",
      from: "bot",
      timestamp: 5,
    };
    expect(read([member({}), member(image)])).toMatchObject([
      { at: 5, from: "bot", text: null, media: { url: "https://m/1", mimeType: "image/png", caption: "c" } },
      { at: now - 1_000, from: "user", text: "t", media: null },
    ]);
  });

  it.each<[string, string]>([
    ["past its ttl", member({ ttl: new Date(now).toISOString() })],
    ["without a ttl", member({ ttl: undefined })],
    ["without words and file", member({ text: "" })],
    ["no JSON", "{"],
    ["a number", "7"],
  ])("that are %s do not count", (_name, one) => {
    expect(read([one])).toEqual([]);
  });

  it("that this service remembers as well are shown once", () => {
    const ours = { messageId: "wamid", at: now - 1_000, from: "user", text: "t", media: null };
    expect(read([member({})], [JSON.stringify(ours)])).toEqual([]);
  });

  it("have the same id whenever they are read, and another than each other", () => {
    const ids = [...read([member({}), member({ text: "other" })]), ...read([member({})])].map(
      ({ messageId }) => messageId,
    );
    expect(new Set(ids).size).toBe(2);
  });

  it("count from when they were saved, not from when they were written, both ways", () => {
    const [entry] = read([member({ timestamp: 1_630_404_000, ttl: new Date(now + 3_600_000).toISOString() })]);
    expect(entry).toMatchObject({ at: 1_630_404_000, receivedAt: now + 3_600_000 - dayMs });
    const back = memberOfOriginal({ ...(entry as ContextEntry) }, "u", "c");
    expect(back).toContain('"timestamp":1630404000,');
    expect(back).toContain('"ttl":"2026-11-22T13:00:00Z"');
  });

  it("are written byte for byte as it does", () => {
    const at = Date.UTC(2026, 10, 22, 12, 0, 0, 120);
    const entry: ContextEntry = { messageId: "x", at, from: "bot", text: "a<b> & c", media: null };
    expect(memberOfOriginal(entry, "u", "c")).toBe(
      `{"userId":"u","client":"c","timestamp":${String(at)},"text":"a\\u003cb\\u003e \\u0026 c","from":"bot","ttl":"2026-11-23T12:00:00.12Z"}`,
    );
    const whole = memberOfOriginal({ ...entry, at: now, text: "t" }, "u", "c");
    expect(whole).toContain('"ttl":"2026-11-23T12:00:00Z"');
    expect(entriesOfOriginal([whole], [], now + dayMs - 1)).toHaveLength(1);
  });
});
