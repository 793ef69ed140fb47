// All settings as one schema, and the facts about each. Reading an environment with it is settings.ts's.
import { z } from "zod";

import { botSettings } from "./bot-settings.ts";
import { recordSettings } from "./record-settings.ts";
import { salesforceSettings } from "./salesforce-settings.ts";
import { serverSettings } from "./server-settings.ts";
import { settingFacts, type SettingFacts } from "./setting.ts";
import { storageSettings } from "./storage-settings.ts";
import { webhookSettings } from "./webhook-settings.ts";

/** The groups of settings, in the order of the documents. */
export const settingGroups = {
  "The process": serverSettings,
  "Kafka, registry, Redis": storageSettings,
  "Bot and channels": botSettings,
  "Signatures of webhooks": webhookSettings,
  Salesforce: salesforceSettings,
  "Records in Salesforce": recordSettings,
};

/** Raw texts by name without prefix in, values out. */
export const settingsSchema = z.object({
  ...serverSettings,
  ...storageSettings,
  ...botSettings,
  ...webhookSettings,
  ...salesforceSettings,
  ...recordSettings,
});

/** Every setting by name without prefix, read from its form. */
export type SettingValues = z.output<typeof settingsSchema>;

/** The facts of a setting. Throws on a name that is none: a defect of ours. */
export function factsOf(name: string): SettingFacts {
  const facts = settingFacts.get(settingsSchema.shape[name as keyof SettingValues]);
  if (facts === undefined) throw new Error(`no setting has the name ${name}`);
  return facts;
}
