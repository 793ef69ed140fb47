// Secrets that stand in files: `NAME_FILE` holds the path of the file that holds NAME. Only for settings that are secret. Called by
// settings.ts.
import { readFileSync } from "node:fs";

import { factsOf, settingsSchema } from "./schema.ts";

/** Reads a file whole; throws when it can't. */
export type ReadText = (path: string) => string;

interface FileMistake {
  readonly name: string;
  readonly problem: string;
}

/** The names that take a path, but for those that are settings of their own. */
export function secretFileNames(): readonly string[] {
  return Object.keys(settingsSchema.shape)
    .filter((name) => factsOf(name).secret === true)
    .map((name) => `${name}_FILE`)
    .filter((name) => !Object.hasOwn(settingsSchema.shape, name));
}

/** True for a name that takes the path of a secret. */
export function isFileName(name: string): boolean {
  return secretFileNames().includes(name);
}

/** The given values with the secrets from files in them. An empty path counts as not set; one line feed at a file's end is dropped. */
export function secretFiles(
  given: Readonly<Record<string, string>>,
  readText: ReadText = (path) => readFileSync(path, "utf8"),
): { readonly values: Readonly<Record<string, string>>; readonly mistakes: readonly FileMistake[] } {
  const values = new Map(Object.entries(given));
  const mistakes: FileMistake[] = [];
  for (const fileName of secretFileNames()) {
    const path = values.get(fileName) ?? "";
    const name = fileName.slice(0, -"_FILE".length);
    if (path === "") continue;
    if ((values.get(name) ?? "") !== "") {
      mistakes.push({ name: fileName, problem: `and ${name} are both set: only one may be` });
      continue;
    }
    try {
      values.set(name, readText(path).replace(/\r?\n$/, ""));
    } catch (error) {
      mistakes.push({ name: fileName, problem: `must be a file that can be read (${codeOf(error)})` });
    }
  }
  return { values: Object.fromEntries(values), mistakes };
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unreadable";
}
