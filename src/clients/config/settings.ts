// The service's settings: read from an environment, checked all at once, and put into the shape that main.ts hands out. One
// schema for all of them; forms are in forms.ts, the settings themselves in *-settings.ts. Pure: prints and exits nothing.
import { givenSettings, underscorePrefix, type SettingWarning } from "./names.ts";
import { factsOf, settingsSchema, type SettingValues } from "./schema.ts";
import { arrange, type Settings } from "./settings-shape.ts";
import { contradictions } from "./together.ts";

/** Something that keeps the service from starting. */
export interface SettingMistake {
  /** Name without prefix. */
  readonly name: string;
  /** What is wrong. Never holds the value that was given. */
  readonly problem: string;
  /** A value of the right form. */
  readonly example: string;
}

/** What an environment says. */
export type LoadedSettings =
  | { readonly settings: Settings; readonly warnings: readonly SettingWarning[] }
  | { readonly mistakes: readonly SettingMistake[]; readonly warnings: readonly SettingWarning[] };

/**
 * Reads the settings from an environment. Finds every mistake at once; an unknown name is a warning, never a mistake.
 * What it returns holds no value that was given except inside `settings`.
 */
export function loadSettings(environment: Readonly<Record<string, string | undefined>>): LoadedSettings {
  const given = givenSettings(environment, new Set(Object.keys(settingsSchema.shape)));
  const values = Object.fromEntries(Object.entries(given.values).filter(([name, value]) => !meansUnset(name, value)));
  const { read, mistakes } = readEach(values);
  const found = [...mistakes, ...contradictions(read)];
  const all = settingsSchema.safeParse(values);
  if (found.length > 0 || !all.success) {
    return {
      mistakes: found.map((mistake) => ({ ...mistake, example: factsOf(mistake.name).example })),
      warnings: given.warnings,
    };
  }
  const { settings, warnings } = arrange(all.data);
  return { settings, warnings: [...given.warnings, ...warnings] };
}

type Found = Pick<SettingMistake, "name" | "problem">;

// One by one, so that what settings say together is checked even when one of the others is wrong.
function readEach(values: Readonly<Record<string, string>>): { read: Partial<SettingValues>; mistakes: Found[] } {
  const read: [string, unknown][] = [];
  const mistakes: Found[] = [];
  for (const [name, schema] of Object.entries(settingsSchema.shape)) {
    const result = schema.safeParse(values[name]);
    if (result.success) read.push([name, result.data]);
    else if (values[name] === undefined) mistakes.push({ name, problem: "is required" });
    else mistakes.push({ name, problem: `must be ${result.error.issues[0]?.message ?? "another value"}` });
  }
  return { read: Object.fromEntries(read), mistakes };
}

function meansUnset(name: string, value: string): boolean {
  return value === "" && Object.hasOwn(settingsSchema.shape, name) && factsOf(name).presence === "optional";
}

/** All mistakes as text for a person at a terminal, one line each. */
export function describeMistakes(mistakes: readonly SettingMistake[]): string {
  const lines = mistakes.map(
    ({ name, problem, example }) =>
      `  ${underscorePrefix}${name} ${problem}, for example ${underscorePrefix}${name}=${example}`,
  );
  return [`The settings have ${mistakes.length.toString()} mistake${mistakes.length === 1 ? "" : "s"}:`, ...lines].join(
    "\n",
  );
}
