// docs/settings-examples.md: every block there is taken by the service as it stands, and means what the page says.
import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";

import { describe, expect, it } from "vitest";

import { loadSettings } from "../../../../src/clients/config/settings.ts";
import type { Settings } from "../../../../src/clients/config/settings-shape.ts";
import { decideSettings, deskMapping } from "../../../../src/composition-settings.ts";
import { fill } from "../../../../src/processors/interconnection/texts.ts";

const page = readFileSync("docs/settings-examples.md", "utf8");
const example = parseEnv(readFileSync("configs/example.env", "utf8"));

/** The block under a heading, on top of the example environment. */
function settingsOf(heading: string): Settings {
  const block = new RegExp(`## ${heading}\\n[^]*?\`\`\`env\\n([^]*?)\`\`\``).exec(page)?.[1];
  if (block === undefined) throw new Error(`no block under ${heading}`);
  const loaded = loadSettings({ ...example, ...parseEnv(block) });
  if ("mistakes" in loaded) throw new Error(JSON.stringify(loaded.mistakes));
  return loaded.settings;
}

describe("worked examples", () => {
  it("source flows", () => {
    const { sourceFlows, sourceFlowField } = decideSettings(settingsOf("Source flows"));
    expect(sourceFlowField).toBe("source_flow_bot");
    expect(sourceFlows["returns"]).toEqual({
      subject: "Devolución; motivo=talla",
      providers: { whatsapp: { buttonId: "573000000000003", ownerId: "00G000000000001" } },
    });
    expect(sourceFlows["default"]?.providers["facebook"]).toEqual({ buttonId: "573000000000002", ownerId: "" });
  });

  it("custom fields", () => {
    const mapping = deskMapping(settingsOf("Custom fields"), 0);
    expect(mapping.case.fields).toEqual({
      address: "CP_Address__c",
      order_traking_id: "CP_OrderTrackingId__c",
      urgency: "Priority",
    });
    expect(mapping.contact).toMatchObject({
      fields: { city: "City__c" },
      account: { fields: { tax_id: "TaxId__pc" } },
      search: { fields: { customer: "Account.Customer__c" } },
    });
  });

  it("states", () => {
    expect(decideSettings(settingsOf("States")).botStates).toEqual({
      success: { whatsapp: "from-sf-success", facebook: "from-sf-success" },
      timeout: { whatsapp: "from-sf-timeout", facebook: "from-sf-timeout-fb" },
      blocked: { whatsapp: "from-sf-blocked", facebook: "from-sf-blocked" },
    });
  });

  it("MESSAGES", () => {
    const { texts } = decideSettings(settingsOf("MESSAGES"));
    expect(texts).toMatchObject({ waitAgent: "Un momento, por favor", uploadAudioError: "", context: "Contexto" });
    expect(fill(texts.welcomeTemplate, "Ana")).toBe("Soy Ana");
  });
});

describe("empty values", () => {
  const withEmpty = (name: string): Settings => {
    const loaded = loadSettings({ ...example, [`SALESFORCE_INTEGRATION_${name}`]: "" });
    if ("mistakes" in loaded) throw new Error(JSON.stringify(loaded.mistakes));
    return loaded.settings;
  };

  it("HOST is every address and TIMEZONE is UTC, as Go takes them", () => {
    expect(withEmpty("HOST").http.host).toBe("");
    expect(withEmpty("TIMEZONE").chat.timeZone).toBe("UTC");
  });
});

describe("a JWT key", () => {
  it("that is no RSA key is a mistake with its name, before anything starts", () => {
    const ec =
      "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg\n-----END PRIVATE KEY-----";
    const loaded = loadSettings({
      ...example,
      SALESFORCE_INTEGRATION_SFC_GRANT: "jwt_bearer",
      SALESFORCE_INTEGRATION_SFC_JWT_KEY: ec,
    });
    expect("mistakes" in loaded && loaded.mistakes).toMatchObject([
      { name: "SFC_JWT_KEY", problem: "must be an RSA key" },
    ]);
  });
});

describe("settings of the Go service that mean something else here", () => {
  it.each([
    ["USE_PROFILE", "true"],
    ["SENTRY_DSN", "{{dsn}}"],
    ["STATE_COMPAT", "original"],
  ])("%s=%s is told", (name, value) => {
    const loaded = loadSettings({ ...example, [`SALESFORCE_INTEGRATION_${name}`]: value });
    expect("settings" in loaded && loaded.warnings.flatMap(({ settings }) => settings)).toContain(name);
  });
});
