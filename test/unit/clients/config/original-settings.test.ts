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

describe("a setting of the original", () => {
  it.each(originalSettings)("$name", ({ name, byDefault, sample, better }) => {
    const loaded = loadSettings({ ...good, [`${prefix}${name}`]: sample });
    expect("mistakes" in loaded ? describeMistakes(loaded.mistakes) : null).toBeNull();
    const unused = loaded.warnings.filter(({ settings }) => settings.includes(`${prefix}${name}`));
    expect(unused.map(({ hint }) => hint).filter((hint) => /not used|not known/.test(hint))).toEqual([]);
    if (better === null) {
      expect(Object.keys(settingsSchema.shape)).toContain(name);
      expect(factsOf(name).default).toBe(byDefault);
    }
  });
});
