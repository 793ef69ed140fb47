// extraData of a connect: what its values must be where the service itself reads them, and how they stand in a record. What the
// service does not read may be anything that JSON can hold. Pure; which keys are read is up to the settings.
import type { Connect } from "../processors/messages/generated.ts";
import type { Read } from "./go-json.ts";

/** What a key of extraData must be where a connect has it. */
export interface ExtraDataRule {
  readonly key: string;
  /** Field of Salesforce that it becomes, for the caller's eyes; null: none. */
  readonly field: string | null;
  readonly mayBeEmpty: boolean;
  /** Holds only where the connect has this key, too; null: always. */
  readonly onlyWith: string | null;
}

type ExtraData = Connect["extraData"];

/** Each may become a field in Salesforce, which has at most 800 of them in an object. */
const mostValues = 1_000;

/** As a record carries it, or what is wrong; the problem names keys that have a rule, and never a value. */
export function readExtraData(
  given: Readonly<Record<string, unknown>>,
  rules: readonly ExtraDataRule[],
): Read<ExtraData> {
  const entries: [string, ExtraData[string]][] = [];
  if (Object.keys(given).length > mostValues)
    return { ok: false, problem: `extraData: more than ${mostValues.toString()} values` };
  for (const [key, value] of Object.entries(given)) {
    // Behind us it would be a key like others only as long as nobody assigns it.
    if (key === "__proto__") return { ok: false, problem: "extraData: key __proto__ is not allowed" };
    if (!isWritable(value))
      return { ok: false, problem: "extraData: a value is nested too deep, or a number too large" };
    entries.push([key.toWellFormed(), written(value)]);
  }
  const problem = brokenRule(given, rules);
  return problem === null ? { ok: true, value: Object.fromEntries(entries) } : { ok: false, problem };
}

function brokenRule(given: Readonly<Record<string, unknown>>, rules: readonly ExtraDataRule[]): string | null {
  const has = (key: string): boolean => Object.hasOwn(given, key);
  const broken = rules.find(({ key, mayBeEmpty, onlyWith }) => {
    if (!has(key) || (onlyWith !== null && !has(onlyWith))) return false;
    return typeof given[key] !== "string" || (!mayBeEmpty && given[key] === "");
  });
  if (broken === undefined) return null;
  const rule = broken.mayBeEmpty ? "must be text" : "must be text and not empty";
  return `extraData.${broken.key} ${rule}${broken.field === null ? "" : `, for ${broken.field}`}`;
}

function written(value: unknown): ExtraData[string] {
  if (typeof value === "string") return value.toWellFormed();
  if (typeof value === "number" || typeof value === "boolean" || value === null) return value;
  return { json: JSON.stringify(value) };
}

const deepest = 64;

// Without recursion: a body of 1 MiB can nest deeper than the stack, and writing it back as JSON would recurse.
function isWritable(value: unknown): boolean {
  const open: { value: unknown; depth: number }[] = [{ value, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next.value === "number" && !Number.isFinite(next.value)) return false;
    if (typeof next.value !== "object" || next.value === null) continue;
    if (next.depth >= deepest) return false;
    for (const entry of Object.values(next.value) as unknown[]) open.push({ value: entry, depth: next.depth + 1 });
  }
  return true;
}
