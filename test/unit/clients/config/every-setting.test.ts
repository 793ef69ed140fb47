// Every setting with every wrong value: nothing throws, a mistake names its setting, gives an example that is right, and never repeats
// what was given; the other settings are read all the same. The settings come from the schema that reads them.
import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { expect, it } from "vitest";

import { factsOf, settingsSchema } from "../../../../src/clients/config/schema.ts";
import { describeMistakes, loadSettings } from "../../../../src/clients/config/settings.ts";
import { longText, prototypeNames, unicodeText } from "../../../support/wrong-values.ts";

const prefix = "SALESFORCE_INTEGRATION_";
const good = parseEnv(readFileSync("configs/example.env", "utf8"));

/** What an environment can hold: texts alone. */
const values = [
  undefined,
  "",
  " ",
  "null",
  "true",
  "-1",
  "1e400",
  "9007199254740993",
  "[]",
  "{}",
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  "canary-value-that-fits-nothing-5d1c",
  unicodeText.replaceAll("\0", ""),
  longText,
  "__proto__",
  "constructor",
];

it.each(Object.keys(settingsSchema.shape))("%s", (name) => {
  const before = prototypeNames();
  const other = name === "LOG_LEVEL" ? "PORT" : "LOG_LEVEL";
  const { example, presence } = factsOf(name);
  for (const value of values) {
    const loaded = loadSettings({ ...good, [`${prefix}${name}`]: value });
    if (!("mistakes" in loaded)) {
      // A mistake beside it is found all the same, so it was read with the others.
      const both = loadSettings({ ...good, [`${prefix}${name}`]: value, [`${prefix}${other}`]: "canary" });
      expect("mistakes" in both && both.mistakes.map((one) => one.name)).toContain(other);
      continue;
    }
    const told = describeMistakes(loaded.mistakes);
    expect(
      loaded.mistakes.some((mistake) => mistake.name === name || mistake.problem.includes(name)),
      told,
    ).toBe(true);
    for (const mistake of loaded.mistakes) expect(mistake.example, told).not.toBe("");
    for (const canary of ["canary-value", unicodeText.slice(0, 8), longText.slice(0, 64)])
      expect(told).not.toContain(canary);
  }
  if (presence === "required")
    expect("mistakes" in loadSettings({ ...good, [`${prefix}${name}`]: undefined })).toBe(true);
  expect(example).not.toBe("");
  expect(prototypeNames()).toEqual(before);
  expect({}).not.toHaveProperty("polluted");
});
