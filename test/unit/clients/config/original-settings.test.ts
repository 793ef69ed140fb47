// Each setting of the Go service: its name is known, a value in the original's form is read without a complaint, and its default is the
// original's, or what docs/parity.md says is better.
import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { describe, expect, it } from "vitest";

import { factsOf, settingsSchema } from "../../../../src/clients/config/schema.ts";
import { describeMistakes, loadSettings } from "../../../../src/clients/config/settings.ts";
import { originalSettings } from "../../../parity/settings.ts";

const prefix = "SALESFORCE-INTEGRATION_";
const good = parseEnv(readFileSync("configs/example.env", "utf8"));

/** Defaults that are better than the original's, or not there because something else decides. */
const defaultsHere = new Map<string, string | null>([
  ["SENTRY_DSN", null],
  ["ENVIRONMENT", null],
  ["MAX_RETRIES", null],
]);

describe("a setting of the original", () => {
  it.each(originalSettings)("$name", ({ name, byDefault, sample }) => {
    const loaded = loadSettings({ ...good, [`${prefix}${name}`]: sample });
    expect("mistakes" in loaded ? describeMistakes(loaded.mistakes) : null).toBeNull();
    expect(Object.keys(settingsSchema.shape)).toContain(name);
    const hints = loaded.warnings.filter(({ settings }) => settings.includes(`${prefix}${name}`));
    expect(hints.map(({ hint }) => hint)).not.toContain("no setting of this service has this name");
    expect(factsOf(name).default).toBe(defaultsHere.has(name) ? defaultsHere.get(name) : byDefault);
  });

  it("has a default of its own only where it is told as better", () => {
    const better = originalSettings.filter((one) => one.better !== null).map(({ name }) => name);
    expect(better).toEqual(expect.arrayContaining([...defaultsHere.keys()]));
  });

  it("of no known name is told by the words that the test above looks for", () => {
    const { warnings } = loadSettings({ ...good, [`${prefix}NOBODYS`]: "x" });
    expect(warnings.map(({ hint }) => hint)).toContain("no setting of this service has this name");
  });
});
