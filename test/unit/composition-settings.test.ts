// From the settings to what each part is told: where the two differ, because the deployment or another setting says so.
import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";

import { expect, it } from "vitest";

import { describeMistakes, loadSettings } from "../../src/clients/config/settings.ts";
import { decideSettings } from "../../src/composition-settings.ts";
import type { DecideSettings } from "../../src/processors/interconnection/settings.ts";

const example = parseEnv(readFileSync("configs/example.env", "utf8"));
const key = Buffer.alloc(32, 7).toString("base64");

/** What decide is told with these settings. */
function toldWith(settings: Readonly<Record<string, string>>): DecideSettings {
  const given = Object.entries(settings).map(([name, value]) => [`SALESFORCE_INTEGRATION_${name}`, value] as const);
  const loaded = loadSettings({ ...example, ...Object.fromEntries(given) });
  if ("mistakes" in loaded) throw new Error(describeMistakes(loaded.mistakes));
  return decideSettings(loaded.settings);
}

it.each(["production", "PROD", "", "preview"])(
  "restart keywords do not hold where ENVIRONMENT is %j",
  (environment) => {
    const words = { KEYWORDS_RESTART: "Menu,regresar", STATE_ENCRYPTION_KEY: key };
    expect([...toldWith({ ...words, ENVIRONMENT: environment }).restartKeywords]).toEqual([]);
    expect([...toldWith({ ...words, ENVIRONMENT: "staging" }).restartKeywords]).toEqual(["menu", "regresar"]);
  },
);
