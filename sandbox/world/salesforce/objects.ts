/**
 * The objects of the simulated org: their fields with type and limits, and the paths between them.
 * Custom fields (`…__c`, `…__pc`) exist on every object without being declared. Facts from the Salesforce Object Reference.
 * Read by the record store and the query evaluator.
 */

/** What a field holds, and what follows from it for writing and filtering. */
export interface Field {
  readonly name: string;
  readonly kind:
    "text" | "longtext" | "email" | "id" | "boolean" | "number" | "date" | "datetime" | "base64" | "custom";
  readonly maxLength?: number;
  /** Set by the org only. */
  readonly readOnly?: true;
  /** Only at creation. */
  readonly createOnly?: true;
}

/** One object type. */
export interface ObjectType {
  readonly name: string;
  /** First three characters of its record ids. */
  readonly prefix: string;
  readonly fields: ReadonlyMap<string, Field>;
  readonly required: readonly string[];
  /** Lower-case relationship name to the field that holds the id and the object it points to. */
  readonly parents: ReadonlyMap<string, { readonly name: string; readonly field: string; readonly object: string }>;
}

/** One record: canonical field names to values. */
export type SalesforceRecord = Record<string, unknown> & { Id: string };

const text = (name: string, maxLength = 255): Field => ({ name, kind: "text", maxLength });
const id = (name: string): Field => ({ name, kind: "id" });
const flag = (name: string): Field => ({ name, kind: "boolean" });
const own = (field: Field): Field => ({ ...field, readOnly: true });
const once = (field: Field): Field => ({ ...field, createOnly: true });

const SYSTEM_FIELDS: readonly Field[] = [
  own(id("Id")),
  own({ name: "CreatedDate", kind: "datetime" }),
  own({ name: "LastModifiedDate", kind: "datetime" }),
  own({ name: "SystemModstamp", kind: "datetime" }),
  own(id("CreatedById")),
  own(id("LastModifiedById")),
  own(flag("IsDeleted")),
];

interface Declaration {
  readonly name: string;
  readonly prefix: string;
  readonly fields: readonly Field[];
  readonly required?: readonly string[];
  readonly parents?: readonly (readonly [name: string, field: string, object: string])[];
}

function objectType(declared: Declaration): ObjectType {
  const fields = new Map([...SYSTEM_FIELDS, ...declared.fields].map((field) => [field.name.toLowerCase(), field]));
  const parents = (declared.parents ?? []).map(
    ([name, field, object]) => [name.toLowerCase(), { name, field, object }] as const,
  );
  return {
    name: declared.name,
    prefix: declared.prefix,
    fields,
    required: declared.required ?? [],
    parents: new Map(parents),
  };
}

const CONTACT = objectType({
  name: "Contact",
  prefix: "003",
  fields: [
    text("FirstName", 40),
    text("LastName", 80),
    own(text("Name", 121)),
    { name: "Email", kind: "email", maxLength: 80 },
    text("Phone", 40),
    text("MobilePhone", 40),
    text("HomePhone", 40),
    text("Title", 128),
    text("LeadSource", 255),
    { name: "Description", kind: "longtext", maxLength: 32_000 },
    id("AccountId"),
    id("OwnerId"),
    id("RecordTypeId"),
    { name: "Birthdate", kind: "date" },
    own(flag("IsPersonAccount")),
  ],
  required: ["LastName"],
  parents: [
    ["Account", "AccountId", "Account"],
    ["Owner", "OwnerId", "User"],
  ],
});

const ACCOUNT = objectType({
  name: "Account",
  prefix: "001",
  fields: [
    text("Name", 255),
    text("FirstName", 40),
    text("LastName", 80),
    { name: "PersonEmail", kind: "email", maxLength: 80 },
    text("PersonMobilePhone", 40),
    text("Phone", 40),
    { name: "PersonBirthdate", kind: "date" },
    own(id("PersonContactId")),
    own(flag("IsPersonAccount")),
    { name: "Description", kind: "longtext", maxLength: 32_000 },
    id("RecordTypeId"),
    id("OwnerId"),
  ],
  parents: [["Owner", "OwnerId", "User"]],
});

const CASE = objectType({
  name: "Case",
  prefix: "500",
  fields: [
    own(text("CaseNumber", 30)),
    id("ContactId"),
    id("AccountId"),
    id("OwnerId"),
    id("RecordTypeId"),
    id("ParentId"),
    text("Subject", 255),
    { name: "Description", kind: "longtext", maxLength: 32_000 },
    text("Status", 255),
    text("Priority", 255),
    text("Origin", 255),
    text("Reason", 255),
    text("Type", 255),
    text("SuppliedName", 80),
    { name: "SuppliedEmail", kind: "email", maxLength: 80 },
    text("SuppliedPhone", 40),
    own(flag("IsClosed")),
    own({ name: "ClosedDate", kind: "datetime" }),
  ],
  parents: [
    ["Contact", "ContactId", "Contact"],
    ["Account", "AccountId", "Account"],
    ["Owner", "OwnerId", "User"],
  ],
});

const CONTENT_VERSION = objectType({
  name: "ContentVersion",
  prefix: "068",
  fields: [
    text("Title", 255),
    { name: "Description", kind: "longtext", maxLength: 1000 },
    once(text("PathOnClient", 500)),
    once({ name: "VersionData", kind: "base64" }),
    text("ContentLocation", 40),
    id("ContentDocumentId"),
    own(text("FileExtension", 40)),
    own({ name: "ContentSize", kind: "number" }),
    own(flag("IsLatest")),
    id("FirstPublishLocationId"),
    id("OwnerId"),
    text("ReasonForChange", 1000),
  ],
  required: ["PathOnClient", "VersionData"],
  parents: [["ContentDocument", "ContentDocumentId", "ContentDocument"]],
});

const CONTENT_DOCUMENT = objectType({
  name: "ContentDocument",
  prefix: "069",
  fields: [
    text("Title", 255),
    { name: "Description", kind: "longtext", maxLength: 1000 },
    own(text("FileExtension", 40)),
    own({ name: "ContentSize", kind: "number" }),
    own(id("LatestPublishedVersionId")),
    id("OwnerId"),
  ],
});

const CONTENT_DOCUMENT_LINK = objectType({
  name: "ContentDocumentLink",
  prefix: "06A",
  fields: [once(id("ContentDocumentId")), once(id("LinkedEntityId")), text("ShareType", 40), text("Visibility", 40)],
  required: ["ContentDocumentId", "LinkedEntityId"],
  parents: [["ContentDocument", "ContentDocumentId", "ContentDocument"]],
});

const USER = objectType({
  name: "User",
  prefix: "005",
  fields: [text("Name", 121), text("FirstName", 40), text("LastName", 80), text("Username", 80)],
  required: ["LastName"],
});

const TYPES = new Map(
  [CONTACT, ACCOUNT, CASE, CONTENT_VERSION, CONTENT_DOCUMENT, CONTENT_DOCUMENT_LINK, USER].map((type) => [
    type.name.toLowerCase(),
    type,
  ]),
);

/** The object of that name, in any letter case; undefined when the org has none. */
export function objectNamed(name: string): ObjectType | undefined {
  return TYPES.get(name.toLowerCase());
}

/** Names of all objects. */
export function objectNames(): readonly string[] {
  return [...TYPES.values()].map((type) => type.name);
}

/** The field of that name, in any letter case; any custom name is a field; undefined otherwise. */
export function fieldNamed(type: ObjectType, name: string): Field | undefined {
  const declared = type.fields.get(name.toLowerCase());
  if (declared !== undefined) {
    return declared;
  }
  return /^[a-z][a-z0-9_]*__p?c$/i.test(name) ? { name, kind: "custom" } : undefined;
}
