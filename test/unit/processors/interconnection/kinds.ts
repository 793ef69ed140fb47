// The kinds of input as the schemas list them, so that a test can fail when a schema gains one. Called by tests of decide.
import { readFileSync } from "node:fs";

function symbolsOf(file: string, name: string): string[] {
  const text = readFileSync(new URL(`../../../../schemas/${file}`, import.meta.url), "utf8");
  const found = findEnum(JSON.parse(text) as unknown, name);
  if (found === null) throw new Error(`${file} has no enum ${name}`);
  return found;
}

function findEnum(schema: unknown, name: string): string[] | null {
  if (typeof schema !== "object" || schema === null) return null;
  if ("symbols" in schema && "name" in schema && schema.name === name) return schema.symbols as string[];
  for (const inner of Object.values(schema) as unknown[]) {
    const found = findEnum(inner, name);
    if (found !== null) return found;
  }
  return null;
}

export const deskEventKinds = (): string[] => symbolsOf("desk-events.avsc", "DeskEventKind");
export const dueKinds = (): string[] => symbolsOf("due-time.avsc", "DueKind");
