// What a setting is: a form, a default or none, and what documents say about it. The groups (server-settings.ts and others)
// declare them with these three functions; the facts about them stand in one registry, for errors and documents alike.
import { z } from "zod";

import type { Form } from "./forms.ts";

/** What documents and errors say about a setting. */
export interface About {
  /** What it does, with its unit. One or two sentences. */
  readonly description: string;
  /** A value of the right form. Never a real secret. */
  readonly example: string;
  /** Value in configs/example.env, where the default does not serve there. */
  readonly local?: string;
  readonly secret?: boolean;
  /** Default in words, where it depends on other settings. */
  readonly defaultInWords?: string;
  /** Of a setting with a default: left empty it has it too, where the original took what is empty and could do nothing with it. */
  readonly emptyIsDefault?: boolean;
}

/** About, with what follows from the way the setting was declared. */
export interface SettingFacts extends About {
  readonly presence: "required" | "optional" | "defaulted";
  /** Default in the setting's own form; null where there is none. */
  readonly default: string | null;
}

/** The facts of every declared setting, by its schema. */
export const settingFacts = z.registry<SettingFacts>();

/** A setting without which the service does not start. */
export function required<Value>(form: Form<Value>, about: About): Form<Value> {
  // Two settings may share a form; each needs a schema of its own to have facts of its own.
  const schema = form.clone();
  settingFacts.add(schema, { ...about, presence: "required", default: null });
  return schema;
}

/** A setting that may be left out or empty: then it is null. */
export function optional<Value>(form: Form<Value>, about: About): z.ZodPrefault<z.ZodNullable<Form<Value>>> {
  const schema = form.nullable().prefault(null);
  settingFacts.add(schema, { ...about, presence: "optional", default: null });
  return schema;
}

/** A setting with a default, written in its own form. */
export function defaulted<Value>(form: Form<Value>, byDefault: string, about: About): z.ZodPrefault<Form<Value>> {
  const schema = form.prefault(byDefault);
  settingFacts.add(schema, { ...about, presence: "defaulted", default: byDefault });
  return schema;
}
