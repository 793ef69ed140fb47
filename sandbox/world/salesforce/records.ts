/**
 * The records of the simulated org, in memory: create, read, update, find by field, with the org's checks, and undo for transactions.
 * Knows nothing of HTTP or SOQL. Person accounts bring their contact with them, a content version its document.
 * Used by the data API, the query evaluator, Live Agent (pre-chat entities) and the control API.
 */
import { isObject } from "../answers.ts";
import type { JsonObject } from "../answers.ts";
import type { Clock } from "../clock.ts";
import { looksLikeRecordId, shortId } from "../ids.ts";
import type { Ids } from "../ids.ts";
import { DataError } from "./errors.ts";
import { fieldIndexes } from "./field-index.ts";
import type { FieldIndexes } from "./field-index.ts";
import { fieldNamed, objectNamed } from "./objects.ts";
import type { Field, ObjectType, SalesforceRecord } from "./objects.ts";

/** Fields as they came in, any letter case. */
export type Fields = JsonObject;

/** How a record was asked for, beside its fields. */
export interface WriteContext {
  /** Value of the header Sforce-Auto-Assign: false keeps assignment rules away. */
  readonly autoAssign: boolean;
}

/** The store. */
export interface Records {
  create(type: ObjectType, fields: Fields, context: WriteContext): SalesforceRecord;
  update(type: ObjectType, id: string, fields: Fields): void;
  get(object: string, id: string): SalesforceRecord | undefined;
  /** All records of an object, oldest first. */
  all(object: string): Iterable<SalesforceRecord>;
  /** Records whose field has that value; text compares without letter case, as the org does. */
  findBy(object: string, field: string, value: string): readonly SalesforceRecord[];
  /** Runs the work; undoes all its writes when it returns false or throws. */
  transaction(work: () => boolean): void;
  clear(): void;
}

/** Id of the user in whose name the API writes. */
const API_USER_ID = "0055g000000APIUSRA";

interface Store {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly tables: Map<string, Map<string, SalesforceRecord>>;
  readonly indexes: FieldIndexes;
  /** Undo steps of the transaction that is open. */
  undo: (() => void)[] | undefined;
  lastCaseNumber: number;
}

/** An empty store. */
export function recordStore(clock: Clock, ids: Ids): Records {
  const store: Store = {
    clock,
    ids,
    tables: new Map(),
    indexes: fieldIndexes(),
    undo: undefined,
    lastCaseNumber: 1000,
  };
  return {
    create: (type, fields, context) => create(store, type, fields, context),
    update(type, id, fields) {
      update(store, type, id, fields);
    },
    get: (object, id) => tableOf(store, object).get(shortId(id)),
    all: (object) => tableOf(store, object).values(),
    findBy: (object, field, value) => store.indexes.find(tableOf(store, object), field, value),
    transaction(work) {
      transaction(store, work);
    },
    clear() {
      store.tables.clear();
    },
  };
}

function tableOf(store: Store, object: string): Map<string, SalesforceRecord> {
  const name = object.toLowerCase();
  let table = store.tables.get(name);
  if (table === undefined) {
    table = new Map();
    store.tables.set(name, table);
  }
  return table;
}

function create(store: Store, type: ObjectType, fields: Fields, context: WriteContext): SalesforceRecord {
  const values = checked(store, type, fields, "create");
  if (type.name === "ContentDocumentLink") {
    checkLinked(store, String(values["LinkedEntityId"]));
  }
  const now = new Date(store.clock.nowMs()).toISOString().replace("Z", "+0000");
  const record: SalesforceRecord = {
    Id: store.ids.record(type.prefix),
    OwnerId: API_USER_ID,
    IsDeleted: false,
    CreatedDate: now,
    CreatedById: API_USER_ID,
    LastModifiedDate: now,
    LastModifiedById: API_USER_ID,
    SystemModstamp: now,
    ...values,
  };
  insert(store, type, record);
  completed(store, type, record, context);
  store.indexes.add(tableOf(store, type.name), record);
  return record;
}

function checkLinked(store: Store, id: string): void {
  const isHere = ["Case", "Contact", "Account"].some((object) => tableOf(store, object).has(shortId(id)));
  if (!isHere) {
    const message = `insufficient access rights on cross-reference id: ${id}`;
    throw new DataError(400, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", message, ["LinkedEntityId"]);
  }
}

function insert(store: Store, type: ObjectType, record: SalesforceRecord): void {
  const table = tableOf(store, type.name);
  const key = shortId(record.Id);
  table.set(key, record);
  store.undo?.push(() => {
    table.delete(key);
    store.indexes.forget(table);
  });
}

/** What the org adds by itself. */
function completed(store: Store, type: ObjectType, record: SalesforceRecord, context: WriteContext): void {
  if (type.name === "Contact") {
    record["Name"] = [record["FirstName"], record["LastName"]].filter((part) => typeof part === "string").join(" ");
  } else if (type.name === "Case") {
    store.lastCaseNumber += 1;
    record["CaseNumber"] = String(store.lastCaseNumber).padStart(8, "0");
    record["IsClosed"] = isClosed(record);
    record["autoAssigned__c"] = context.autoAssign;
  } else if (type.name === "Account" && typeof record["LastName"] === "string") {
    addPersonContact(store, record);
  } else if (type.name === "ContentVersion") {
    addDocument(store, record);
  }
}

function addPersonContact(store: Store, account: SalesforceRecord): void {
  const type = objectNamed("Contact");
  if (type === undefined) {
    return;
  }
  account["IsPersonAccount"] = true;
  account["Name"] = [account["FirstName"], account["LastName"]].filter((part) => typeof part === "string").join(" ");
  const contact = create(
    store,
    type,
    {
      FirstName: account["FirstName"] ?? null,
      LastName: account["LastName"],
      Email: account["PersonEmail"] ?? null,
      MobilePhone: account["PersonMobilePhone"] ?? null,
      AccountId: account.Id,
    },
    { autoAssign: false },
  );
  contact["IsPersonAccount"] = true;
  account["PersonContactId"] = contact.Id;
}

function addDocument(store: Store, version: SalesforceRecord): void {
  const type = objectNamed("ContentDocument");
  if (type === undefined) {
    return;
  }
  const path = String(version["PathOnClient"]);
  version["Title"] ??= path;
  version["FileExtension"] = /\.([^.]+)$/.exec(path)?.[1] ?? null;
  version["ContentSize"] = Buffer.from(String(version["VersionData"]), "base64").length;
  version["IsLatest"] = true;
  if (version["ContentDocumentId"] === undefined) {
    const document = create(store, type, { Title: version["Title"] }, { autoAssign: false });
    Object.assign(document, {
      Description: version["Description"] ?? null,
      FileExtension: version["FileExtension"],
      ContentSize: version["ContentSize"],
      LatestPublishedVersionId: version.Id,
    });
    store.indexes.forget(tableOf(store, type.name));
    version["ContentDocumentId"] = document.Id;
  }
}

function update(store: Store, type: ObjectType, id: string, fields: Fields): void {
  const record = tableOf(store, type.name).get(shortId(id));
  if (record === undefined) {
    throw new DataError(404, "NOT_FOUND", "The requested resource does not exist");
  }
  const values = checked(store, type, fields, "update");
  const table = tableOf(store, type.name);
  const before = { ...record };
  store.undo?.push(() => {
    for (const name of Object.keys(record)) {
      Reflect.deleteProperty(record, name);
    }
    Object.assign(record, before);
    store.indexes.forget(table);
  });
  const now = new Date(store.clock.nowMs()).toISOString().replace("Z", "+0000");
  store.indexes.forget(table);
  Object.assign(record, values, { LastModifiedDate: now, SystemModstamp: now });
  if (type.name === "Case") {
    record["IsClosed"] = isClosed(record);
  }
}

function isClosed(record: SalesforceRecord): boolean {
  return ["closed", "cerrado", "fechado"].includes(String(record["Status"]).toLowerCase());
}

function transaction(store: Store, work: () => boolean): void {
  const steps: (() => void)[] = [];
  store.undo = steps;
  let keep = false;
  try {
    keep = work();
  } finally {
    store.undo = undefined;
    if (!keep) {
      for (const step of steps.reverse()) {
        step();
      }
    }
  }
}

function checked(
  store: Store,
  type: ObjectType,
  fields: Fields,
  purpose: "create" | "update",
): Record<string, unknown> {
  const values: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(fields)) {
    if (name === "attributes") {
      continue;
    }
    const field = fieldNamed(type, name);
    if (field === undefined) {
      throw new DataError(400, "INVALID_FIELD", `No such column '${name}' on sobject of type ${type.name}`);
    }
    if (field.readOnly === true || (purpose === "update" && field.createOnly === true)) {
      const message = `Unable to create/update fields: ${field.name}. Please check the security settings of this field and verify that it is read/write for your profile or permission set.`;
      throw new DataError(400, "INVALID_FIELD_FOR_INSERT_UPDATE", message, [field.name]);
    }
    values[field.name] = checkedValue(store, type, field, value);
  }
  requireFields(type, values, purpose);
  return values;
}

function requireFields(type: ObjectType, values: Record<string, unknown>, purpose: "create" | "update"): void {
  const required =
    type.name === "Account" && values["LastName"] === undefined && values["FirstName"] === undefined
      ? ["Name"]
      : type.name === "Account"
        ? ["LastName"]
        : type.required;
  const isMissing = (name: string): boolean => {
    const value = values[name];
    return value === null || value === "" || (value === undefined && purpose === "create");
  };
  // on update only what is being emptied counts
  const missing = required.filter((name) => isMissing(name) && (purpose === "create" || name in values));
  if (missing.length > 0) {
    const message = `Required fields are missing: [${missing.join(", ")}]`;
    throw new DataError(400, "REQUIRED_FIELD_MISSING", message, missing);
  }
}

function checkedValue(store: Store, type: ObjectType, field: Field, value: unknown): unknown {
  if (value === null) {
    return null;
  }
  if (isObject(value) || Array.isArray(value)) {
    const found = Array.isArray(value) ? "START_ARRAY" : "START_OBJECT";
    throw new DataError(400, "JSON_PARSER_ERROR", `Cannot deserialize instance of ${field.kind} from ${found} value`);
  }
  switch (field.kind) {
    case "custom":
      return value;
    case "boolean":
    case "number":
      return typedValue(field, value, field.kind);
    case "id":
      return checkedReference(store, type, field, typedValue(field, value, "string"));
    case "email":
      return checkedEmail(field, checkedText(field, typedValue(field, value, "string")));
    case "text":
    case "longtext":
      return checkedText(field, typedValue(field, value, "string"));
    case "date":
      return checkedDate(field, typedValue(field, value, "string"));
    case "base64":
      return checkedBytes(field, typedValue(field, value, "string"));
    case "datetime":
      return typedValue(field, value, "string");
  }
}

function typedValue(field: Field, value: unknown, wanted: "string" | "boolean" | "number"): unknown {
  if (typeof value !== wanted) {
    const message = `Cannot deserialize instance of ${field.kind} from ${typeof value} value`;
    throw new DataError(400, "JSON_PARSER_ERROR", message, [field.name]);
  }
  return value;
}

function checkedText(field: Field, value: unknown): unknown {
  const max = field.maxLength ?? Infinity;
  if (typeof value === "string" && value.length > max) {
    const message = `${field.name}: data value too large: ${value.slice(0, 40)} (max length=${max})`;
    throw new DataError(400, "STRING_TOO_LONG", message, [field.name]);
  }
  // the org stores an empty text as null
  return value === "" ? null : value;
}

/** The bytes must be written as base64 to the last character, and there must be some. */
function checkedBytes(field: Field, value: unknown): unknown {
  const written = String(value);
  const isWhole = written !== "" && Buffer.from(written, "base64").toString("base64") === written;
  if (!isWhole) {
    const message = `${field.name}: value not of required type: base64Binary`;
    throw new DataError(400, "INVALID_BASE64_CHARACTERS", message, [field.name]);
  }
  return value;
}

function checkedEmail(field: Field, value: unknown): unknown {
  if (typeof value === "string" && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value)) {
    const message = `${field.name}: invalid email address: ${value}`;
    throw new DataError(400, "INVALID_EMAIL_ADDRESS", message, [field.name]);
  }
  return value;
}

function checkedDate(field: Field, value: unknown): unknown {
  const day = typeof value === "string" ? value : "";
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || Number.isNaN(Date.parse(day))) {
    const message = `Cannot deserialize instance of date from VALUE_STRING value ${day}`;
    throw new DataError(400, "JSON_PARSER_ERROR", message, [field.name]);
  }
  return day;
}

function checkedReference(store: Store, type: ObjectType, field: Field, value: unknown): unknown {
  if (typeof value !== "string" || value === "") {
    return null;
  }
  if (!looksLikeRecordId(value)) {
    const message = `${field.name}: id value of incorrect type: ${value}`;
    throw new DataError(400, "MALFORMED_ID", message, [field.name]);
  }
  for (const parent of type.parents.values()) {
    const isHere =
      parent.field !== field.name || parent.object === "User" || tableOf(store, parent.object).has(shortId(value));
    if (!isHere) {
      const message = `insufficient access rights on cross-reference id: ${value}`;
      throw new DataError(400, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", message, [field.name]);
    }
  }
  return value;
}
