// Unions of several records: our types say `{ type: "Connect", ...fields }` where avsc wants `{ "space.Connect": fields }`.
// Works out once per type where such unions are, so that a value is touched only on the way to them. Pure.
import avro from "avsc";

/** Converts a value; what has no tagged union inside needs none. */
type Convert = (value: unknown) => unknown;

/** How the values of one type go in and out of avsc. */
export interface TaggedUnions {
  /** A value of ours as avsc takes it. Copies only the objects on the way to a tagged union, one level each; ours stays as it is. */
  readonly wrap: Convert;
  /** A value as avsc gives it, changed in place: it was made for us and nobody else has it. */
  readonly unwrap: Convert;
}

const same: TaggedUnions = { wrap: (value) => value, unwrap: (value) => value };

/** avsc reads the key __proto__ as the prototype of the map: such an entry is left out, and nothing is inherited from it. */
const map: TaggedUnions = {
  wrap: (value) => value,
  unwrap(value) {
    if (isObject(value) && Object.getPrototypeOf(value) !== Object.prototype)
      Object.setPrototypeOf(value, Object.prototype);
    return value;
  },
};

/** The conversions of a type. */
export function taggedUnionsOf(type: avro.Type): TaggedUnions {
  return conversion(type, new Map()) ?? same;
}

type Known = Map<avro.Type, TaggedUnions | null | "begun">;

/** Null where nothing is to be converted. Throws for a record that holds itself: none of ours does. */
function conversion(type: avro.Type, known: Known): TaggedUnions | null {
  if (type instanceof avro.types.RecordType) {
    const done = known.get(type);
    if (done === "begun") throw new Error(`a record that holds itself is not supported: ${type.name ?? ""}`);
    if (done !== undefined) return done;
    known.set(type, "begun");
    const fields = type.fields.map(({ name, type: of }) => ({ name, unions: conversion(of, known) }));
    const result = ofRecord(fields.flatMap(({ name, unions }) => (unions === null ? [] : [{ name, unions }])));
    known.set(type, result);
    return result;
  }
  if (type instanceof avro.types.ArrayType) return ofArray(conversion(type.itemsType, known));
  if (type instanceof avro.types.MapType) {
    if (conversion(type.valuesType as avro.Type, known) !== null)
      throw new Error("a map of tagged unions is not supported");
    return map;
  }
  if (type instanceof avro.types.WrappedUnionType) return ofTagged(type, known);
  if (type instanceof avro.types.UnwrappedUnionType) {
    const inside = type.types.map((branch) => conversion(branch, known)).filter((branch) => branch !== null);
    // At most one record or array can be in a union that avsc does not wrap.
    const [only] = inside;
    return only === undefined ? null : { wrap: unlessNull(only.wrap), unwrap: unlessNull(only.unwrap) };
  }
  return null;
}

function ofRecord(fields: readonly { readonly name: string; readonly unions: TaggedUnions }[]): TaggedUnions | null {
  if (fields.length === 0) return null;
  return {
    wrap(value) {
      if (!isObject(value)) return value;
      const copy = { ...value };
      for (const { name, unions } of fields) copy[name] = unions.wrap(value[name]);
      return copy;
    },
    unwrap(value) {
      if (!isObject(value)) return value;
      for (const { name, unions } of fields) Object.assign(value, { [name]: unions.unwrap(value[name]) });
      return value;
    },
  };
}

function ofArray(items: TaggedUnions | null): TaggedUnions | null {
  if (items === null) return null;
  const each =
    (convert: Convert): Convert =>
    (value) =>
      Array.isArray(value) ? value.map(convert) : value;
  return { wrap: each(items.wrap), unwrap: each(items.unwrap) };
}

function ofTagged(type: avro.types.WrappedUnionType, known: Known): TaggedUnions {
  const byTag = new Map<string, { readonly full: string; readonly inside: TaggedUnions }>();
  const byFullName = new Map<string, { readonly tag: string; readonly inside: TaggedUnions }>();
  for (const branch of type.types) {
    if (branch.typeName === "null") continue;
    const full = branch.branchName ?? "";
    if (!(branch instanceof avro.types.RecordType) || branch.fields.some(({ name }) => name === "type"))
      throw new Error(`only records without a field named type can be told apart by their type: ${full}`);
    const tag = full.slice(full.lastIndexOf(".") + 1);
    const inside = conversion(branch, known) ?? same;
    byTag.set(tag, { full, inside });
    byFullName.set(full, { tag, inside });
  }
  return {
    wrap(value) {
      const branch = isObject(value) && typeof value["type"] === "string" ? byTag.get(value["type"]) : undefined;
      // What is no branch goes on as it is, for avsc to refuse under its path.
      return branch === undefined ? value : { [branch.full]: branch.inside.wrap(value) };
    },
    unwrap(value) {
      if (!isObject(value)) return value;
      const [full = ""] = Object.keys(value);
      const branch = byFullName.get(full);
      const inner = value[full];
      if (branch === undefined || !isObject(inner)) return value;
      return Object.assign(inner, { type: branch.tag }, branch.inside.unwrap(inner));
    },
  };
}

function unlessNull(convert: Convert): Convert {
  return (value) => (value === null || value === undefined ? value : convert(value));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
