// Unions of records go in and out of avsc under our tag; what we were given stays as it is.
import avro from "avsc";
import { describe, expect, it } from "vitest";

import { taggedUnionsOf } from "../../../../src/clients/schema-registry/tagged-unions.ts";

const dog = { type: "record", name: "Dog", fields: [{ name: "name", type: "string" }] };
const cat = { type: "record", name: "Cat", fields: [{ name: "lives", type: "int" }] };
const owner = (pet: unknown, name = "Owner") => ({
  type: "record",
  name,
  namespace: "n",
  fields: [{ name: "pet", type: pet }],
});
const typeOf = (schema: unknown) => avro.Type.forSchema(schema as avro.schema.AvroSchema);

describe("tagged unions", () => {
  it("are wrapped under the full name, without a change to the value, and unwrapped again", () => {
    const unions = taggedUnionsOf(typeOf(owner([dog, cat])));
    const value = Object.freeze({ pet: Object.freeze({ type: "Cat", lives: 9 }) });
    const wrapped = unions.wrap(value);
    expect(wrapped).toEqual({ pet: { "n.Cat": { type: "Cat", lives: 9 } } });
    expect(unions.unwrap({ pet: { "n.Cat": { lives: 9 } } })).toEqual(value);
  });

  it("are found behind null, in arrays and in records", () => {
    const schema = owner({ type: "array", items: owner(["null", dog, cat], "Inner") });
    const unions = taggedUnionsOf(typeOf(schema));
    const value = { pet: [{ pet: null }, { pet: { type: "Dog", name: "Rex" } }] };
    const wrapped = { pet: [{ pet: null }, { pet: { "n.Dog": { type: "Dog", name: "Rex" } } }] };
    expect(unions.wrap(value)).toEqual(wrapped);
    expect(unions.unwrap({ pet: [{ pet: null }, { pet: { "n.Dog": { name: "Rex" } } }] })).toEqual(value);
  });

  it("cost nothing where there are none", () => {
    const unions = taggedUnionsOf(typeOf(owner(["null", dog])));
    const value = { pet: { name: "Rex" } };
    expect(unions.wrap(value)).toBe(value);
    expect(unions.unwrap(value)).toBe(value);
  });

  it("leave a value alone that is none of the branches", () => {
    const unions = taggedUnionsOf(typeOf(owner([dog, cat])));
    for (const value of [null, 1, {}, { pet: null }, { pet: { type: "Bird" } }, { pet: "Dog" }])
      expect(unions.wrap(value)).toEqual(value);
  });

  it("are refused where a tag could not be told from a field, or a record holds itself", () => {
    const typed = { ...dog, fields: [{ name: "type", type: "string" }] };
    expect(() => taggedUnionsOf(typeOf(owner([typed, cat])))).toThrow("named type");
    expect(() => taggedUnionsOf(typeOf(owner(["null", "Owner"])))).toThrow("holds itself");
    expect(() => taggedUnionsOf(typeOf(owner({ type: "map", values: [dog, cat] })))).toThrow("map");
  });
});
