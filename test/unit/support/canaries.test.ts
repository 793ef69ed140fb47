// The scan itself: it finds a value in every form, wherever it stands, and nothing in a text that has none.
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";

import { findCanaries, formsOf, settingCanaries } from "../../support/canaries.ts";

const secret = 'pass "word" + ñandú/4f9ad1c27be0';
const around = (text: string): string => `{"severity":"warn","detail":"${text}","n":1}`;
const sha = (name: string, encoding: "hex" | "base64"): string => createHash(name).update(secret).digest(encoding);

describe("a canary", () => {
  it.each([
    ["as it is", secret],
    ["in capitals", secret.toUpperCase()],
    ["in JSON", JSON.stringify(secret)],
    ["URL-encoded", `?token=${encodeURIComponent(secret)}`],
    ["form-encoded", new URLSearchParams({ password: secret }).toString()],
    ["in hex", Buffer.from(secret).toString("hex")],
    ["in hex, capitals", Buffer.from(secret).toString("hex").toUpperCase()],
    ["as SHA-1", sha("sha1", "hex")],
    ["as SHA-256", sha("sha256", "hex")],
    ["as SHA-256 in base64", sha("sha256", "base64")],
    ...[0, 1, 2, 3].map((n) => [
      `in base64 behind ${String(n)} other bytes`,
      Buffer.from(`${"x".repeat(n)}${secret} and more`).toString("base64"),
    ]),
  ])("is found %s", (_form, written = "") => {
    expect(findCanaries(around(written), [secret]).map(({ canary }) => canary)).toContain(secret);
  });

  it("is not found where it is not", () => {
    expect(findCanaries(around("a harmless line"), Object.values(settingCanaries))).toEqual([]);
  });

  it("has no form so short that chance would find it", () => {
    for (const canary of Object.values(settingCanaries))
      for (const [form, written] of formsOf(canary)) expect(written.length, form).toBeGreaterThanOrEqual(12);
  });
});
