/**
 * ChasitorInit: checks the body strictly and reads what the desk needs from it.
 * Stricter than the real server may be, on purpose: a client that misreads the guide is told so, field by field.
 * Called by the POST resources. Fields per the reference, sections 4.3 and 9.
 */
import { isObject } from "../answers.ts";
import type { JsonObject } from "../answers.ts";
import type { Desk } from "./desk.ts";
import { violate } from "./session.ts";
import type { Session, Visitor } from "./session.ts";

const REQUIRED_TEXTS = [
  "organizationId",
  "deploymentId",
  "buttonId",
  "userAgent",
  "language",
  "screenResolution",
  "visitorName",
];
const OPTIONAL_TEXTS = ["agentId", "sessionId", "trackingId"];

/** What is wrong with the body, field by field; empty when it is right. */
export function wrongInit(desk: Desk, session: Session, body: JsonObject): readonly string[] {
  return [...wrongFields(desk, session, body), ...wrongDetails(body), ...wrongEntities(body)];
}

/** The visitor behind a right body. */
export function readInit(desk: Desk, session: Session, body: JsonObject): Visitor {
  const details = objects(body["prechatDetails"]).map((detail) => ({
    label: String(detail["label"]),
    value: String(detail["value"]),
    displayToAgent: detail["displayToAgent"] === true,
  }));
  const values = new Map(details.map((detail) => [detail.label, detail.value]));
  return {
    visitorName: String(body["visitorName"]),
    buttonId: typeof body["buttonId"] === "string" ? body["buttonId"] : "",
    ...(typeof body["agentId"] === "string" ? { agentId: body["agentId"] } : {}),
    doFallback: body["doFallback"] === true,
    buttonOverrides: Array.isArray(body["buttonOverrides"]) ? body["buttonOverrides"].map(String) : [],
    receiveQueueUpdates: body["receiveQueueUpdates"] === true,
    isPost: body["isPost"] === true,
    prechatDetails: details,
    linked: linkedRecords(desk, session, objects(body["prechatEntities"]), values),
  };
}

function wrongFields(desk: Desk, session: Session, body: JsonObject): readonly string[] {
  const wrong: string[] = [];
  const isRouted = Array.isArray(body["buttonOverrides"]) && body["buttonOverrides"].length > 0;
  for (const name of REQUIRED_TEXTS) {
    const value = body[name];
    const isOptional = name === "buttonId" && (isRouted || typeof body["agentId"] === "string");
    if ((typeof value !== "string" || value === "") && !(isOptional && value === undefined)) {
      wrong.push(`${name} must be a text`);
    }
  }
  for (const name of OPTIONAL_TEXTS) {
    if (body[name] !== undefined && typeof body[name] !== "string") {
      wrong.push(`${name} must be a text`);
    }
  }
  for (const name of ["receiveQueueUpdates", "isPost"]) {
    if (typeof body[name] !== "boolean") {
      wrong.push(`${name} must be a boolean`);
    }
  }
  if (body["doFallback"] !== undefined && typeof body["doFallback"] !== "boolean") {
    wrong.push("doFallback must be a boolean");
  }
  if (body["buttonOverrides"] !== undefined && !isTextList(body["buttonOverrides"])) {
    wrong.push("buttonOverrides must be a list of texts");
  }
  return [...wrong, ...wrongIds(desk, session, body)];
}

function wrongIds(desk: Desk, session: Session, body: JsonObject): readonly string[] {
  const { organizationId, deploymentId } = desk.settings;
  const wrong: string[] = [];
  if (String(body["organizationId"]).slice(0, 15) !== organizationId.slice(0, 15)) {
    wrong.push("organizationId is not of this org");
  }
  if (String(body["deploymentId"]).slice(0, 15) !== deploymentId.slice(0, 15)) {
    wrong.push("deploymentId is not of this org");
  }
  if (body["sessionId"] !== undefined && body["sessionId"] !== session.id) {
    wrong.push("sessionId is not the id of this session");
  }
  return wrong;
}

function wrongDetails(body: JsonObject): readonly string[] {
  if (!Array.isArray(body["prechatDetails"])) {
    return ["prechatDetails must be a list"];
  }
  const wrong: string[] = [];
  for (const [place, detail] of (body["prechatDetails"] as readonly unknown[]).entries()) {
    const at = `prechatDetails[${place}]`;
    if (!isObject(detail)) {
      wrong.push(`${at} must be an object`);
      continue;
    }
    wrong.push(...wrongTypes(at, detail, ["label", "value"], ["displayToAgent"]));
    if (!isTextList(detail["transcriptFields"])) {
      wrong.push(`${at}.transcriptFields must be a list of texts`);
    }
    if (detail["entityMaps"] !== undefined && !Array.isArray(detail["entityMaps"])) {
      wrong.push(`${at}.entityMaps must be a list`);
    }
  }
  return wrong;
}

function wrongEntities(body: JsonObject): readonly string[] {
  if (!Array.isArray(body["prechatEntities"])) {
    return ["prechatEntities must be a list"];
  }
  const wrong: string[] = [];
  for (const [place, entity] of (body["prechatEntities"] as readonly unknown[]).entries()) {
    const at = `prechatEntities[${place}]`;
    if (!isObject(entity)) {
      wrong.push(`${at} must be an object`);
      continue;
    }
    wrong.push(...wrongTypes(at, entity, ["entityName"], []), ...wrongEntityOptions(at, entity));
    if (!Array.isArray(entity["entityFieldsMaps"])) {
      wrong.push(`${at}.entityFieldsMaps must be a list`);
      continue;
    }
    for (const [mapPlace, map] of (entity["entityFieldsMaps"] as readonly unknown[]).entries()) {
      const mapAt = `${at}.entityFieldsMaps[${mapPlace}]`;
      wrong.push(
        ...(isObject(map)
          ? wrongTypes(mapAt, map, ["fieldName", "label"], ["doFind", "isExactMatch", "doCreate"])
          : [`${mapAt} must be an object`]),
      );
    }
  }
  return wrong;
}

function wrongEntityOptions(at: string, entity: JsonObject): readonly string[] {
  const wrong: string[] = [];
  if (entity["showOnCreate"] !== undefined && typeof entity["showOnCreate"] !== "boolean") {
    wrong.push(`${at}.showOnCreate must be a boolean`);
  }
  for (const name of ["linkToEntityName", "linkToEntityField", "saveToTranscript"]) {
    if (entity[name] !== undefined && typeof entity[name] !== "string") {
      wrong.push(`${at}.${name} must be a text`);
    }
  }
  return wrong;
}

function wrongTypes(
  at: string,
  object: JsonObject,
  texts: readonly string[],
  flags: readonly string[],
): readonly string[] {
  return [
    ...texts.filter((name) => typeof object[name] !== "string").map((name) => `${at}.${name} must be a text`),
    ...flags.filter((name) => typeof object[name] !== "boolean").map((name) => `${at}.${name} must be a boolean`),
  ];
}

/** Finds the records that entities with `doFind` lead to; creation by pre-chat is not simulated. */
function linkedRecords(
  desk: Desk,
  session: Session,
  entities: readonly JsonObject[],
  values: ReadonlyMap<string, string>,
): Readonly<Record<string, string>> {
  const linked: Record<string, string> = {};
  for (const entity of entities) {
    const name = String(entity["entityName"]);
    for (const map of objects(entity["entityFieldsMaps"])) {
      const value = values.get(String(map["label"]));
      if (value === undefined) {
        violate(session, `no pre-chat detail is labelled ${String(map["label"])}`);
        continue;
      }
      const field = String(map["fieldName"]);
      const found = field === "Id" ? desk.records.get(name, value) : desk.records.findBy(name, field, value).at(0);
      if (map["doFind"] === true && found !== undefined) {
        linked[name] = found.Id;
      }
    }
    if (linked[name] === undefined) {
      violate(session, `pre-chat entity ${name} leads to no record`);
    }
  }
  return linked;
}

function objects(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
