/**
 * Indexes of the record store by the text of a field, so that finding a contact by e-mail does not walk over all contacts.
 * Built when a field is first asked for, extended by new records, thrown away when records change or vanish.
 * Used by the record store only.
 */
import type { SalesforceRecord } from "./objects.ts";

type ByValue = Map<string, SalesforceRecord[]>;

/** The indexes of all tables. */
export interface FieldIndexes {
  /** Records of the table whose field has that value, letter case aside. */
  find(table: ReadonlyMap<string, SalesforceRecord>, field: string, value: string): readonly SalesforceRecord[];
  /** A record has joined the table. */
  add(table: ReadonlyMap<string, SalesforceRecord>, record: SalesforceRecord): void;
  /** Something else about the table has changed. */
  forget(table: ReadonlyMap<string, SalesforceRecord>): void;
}

/** No index yet. */
export function fieldIndexes(): FieldIndexes {
  const indexes = new WeakMap<ReadonlyMap<string, SalesforceRecord>, Map<string, ByValue>>();
  return {
    find(table, field, value) {
      const fields = indexes.get(table) ?? new Map<string, ByValue>();
      indexes.set(table, fields);
      let byValue = fields.get(field);
      if (byValue === undefined) {
        byValue = new Map();
        fields.set(field, byValue);
        for (const record of table.values()) {
          addTo(byValue, record, field);
        }
      }
      return byValue.get(value.toLowerCase()) ?? [];
    },
    add(table, record) {
      for (const [field, byValue] of indexes.get(table) ?? []) {
        addTo(byValue, record, field);
      }
    },
    forget(table) {
      indexes.delete(table);
    },
  };
}

function addTo(byValue: ByValue, record: SalesforceRecord, field: string): void {
  const value = record[field];
  if (typeof value !== "string" && typeof value !== "number") {
    return;
  }
  const key = String(value).toLowerCase();
  const records = byValue.get(key);
  if (records === undefined) {
    byValue.set(key, [record]);
  } else {
    records.push(record);
  }
}
