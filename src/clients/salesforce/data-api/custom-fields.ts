// From a connect's extraData to fields of Salesforce records, by the maps that the settings hold (parity sheet 3.4, 3.6). Owns
// what a value becomes, not which record has which fields. Pure. Used by the other files of this folder.
import type { Connect } from "../../../processors/messages/generated.ts";
import { parseJson, type JsonObject } from "../../../processors/json.ts";

/** Key of extraData to API name of a field, in the order of the setting. */
export type FieldMap = Readonly<Record<string, string>>;
/** Custom values of a connect. */
export type ExtraData = Connect["extraData"];

/** The mapped values that are there, under the names of their fields, as JSON of any type. */
export function mappedFields(map: FieldMap, extraData: ExtraData): JsonObject {
  return Object.fromEntries(present(map, extraData).map(({ field, value }) => [field, jsonOf(value)]));
}

/** What of the mapped values is no text, as a sentence that names key and field, never the value; null when all are. */
export function notText(map: FieldMap, extraData: ExtraData): string | null {
  const wrong = present(map, extraData).find(({ value }) => typeof value !== "string");
  return wrong === undefined ? null : `extraData.${wrong.key} must be text, for ${wrong.field}`;
}

/** The mapped keys that extraData has, in the order of the map. */
export function present(
  map: FieldMap,
  extraData: ExtraData,
): readonly { readonly key: string; readonly field: string; readonly value: ExtraData[string] }[] {
  return Object.entries(map).flatMap(([key, field]) => {
    const value = Object.hasOwn(extraData, key) ? extraData[key] : undefined;
    return value === undefined ? [] : [{ key, field, value }];
  });
}

function jsonOf(value: ExtraData[string]): unknown {
  return typeof value === "object" && value !== null ? parseJson(value.json) : value;
}

/**
 * Fields of our own over mapped ones, in alphabetical order as the original sends them. Salesforce does not tell fields apart
 * by letter case, and refuses a record that names one twice: a mapped field of the same name gives way.
 */
export function overlaid(mapped: JsonObject, own: JsonObject): JsonObject {
  const taken = new Set(Object.keys(own).map((name) => name.toLowerCase()));
  const others = Object.entries(mapped).filter(([name]) => !taken.has(name.toLowerCase()));
  return Object.fromEntries([...others, ...Object.entries(own)].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A field's value in any letter case; undefined when there is none. */
export function fieldOf(record: JsonObject, name: string): unknown {
  const wanted = name.toLowerCase();
  return Object.entries(record).find(([key]) => key.toLowerCase() === wanted)?.[1];
}

/** Values that a message of Salesforce may quote and nobody else should read: all that a person may have given. */
export function personalValues(extraData: ExtraData): readonly string[] {
  return Object.values(extraData).flatMap((value) =>
    typeof value === "string" || typeof value === "number" ? [String(value)] : [],
  );
}
