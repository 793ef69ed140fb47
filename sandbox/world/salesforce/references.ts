/**
 * References between the parts of a composite request: `@{referenceId.path}` in an address or in any text of a body.
 * Facts from the REST API Developer Guide, "Composite" ("referenceId", "Reference ID Use").
 * Used by the composite resource.
 */
import { isObject } from "../answers.ts";
import { DataError } from "./errors.ts";

const REFERENCE = /@\{([A-Za-z0-9_]+)((?:\.[A-Za-z0-9_]+|\[\d+\])*)\}/g;

/** Bodies of the parts that are done, by reference id. */
export type Answered = ReadonlyMap<string, unknown>;

/** Puts values into all references of a text; throws PROCESSING_HALTED for one that leads nowhere. */
export function resolveText(source: string, answered: Answered): string {
  return source.replace(REFERENCE, (whole, name: string, path: string) => {
    const value = answered.has(name) ? valueAt(answered.get(name), path) : undefined;
    if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") {
      const message = `Invalid reference specified. No value for ${whole.slice(2, -1)} found in ${name}`;
      throw new DataError(400, "PROCESSING_HALTED", message);
    }
    return String(value);
  });
}

/** The same for every text inside a JSON value. */
export function resolveValue(value: unknown, answered: Answered): unknown {
  if (typeof value === "string") {
    return resolveText(value, answered);
  }
  if (Array.isArray(value)) {
    return value.map((item: unknown) => resolveValue(item, answered));
  }
  if (isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, resolveValue(item, answered)]));
  }
  return value;
}

function valueAt(body: unknown, path: string): unknown {
  let current = body;
  for (const step of path.matchAll(/\.([A-Za-z0-9_]+)|\[(\d+)\]/g)) {
    const [, name, place] = step;
    if (name !== undefined && isObject(current) && Object.hasOwn(current, name)) {
      current = current[name];
    } else if (place !== undefined && Array.isArray(current)) {
      current = current[Number(place)] as unknown;
    } else {
      return undefined;
    }
  }
  return current;
}
