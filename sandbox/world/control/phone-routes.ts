/**
 * Control routes of the users' side: type on a phone, read phones, deliveries to the service, states given by it.
 */
import type { Person } from "../people.ts";
import type { WorldParts } from "../world-parts.ts";
import { ControlError, fieldIn, likeShape, objectIn, optionalTextIn, readOptionsIn, textIn } from "./routes.ts";
import type { ControlRequest, Route } from "./routes.ts";

/** The routes. */
export function phoneRoutes(parts: WorldParts): readonly Route[] {
  const { integrations } = parts;
  return [
    { method: "GET", path: "/phones", handle: () => ({ people: parts.people.list() }) },
    { method: "GET", path: "/phones/log", handle: (request) => log(parts, request) },
    { method: "GET", path: "/phones/:userId", handle: (request) => phone(parts, request) },
    { method: "PUT", path: "/phones/:userId", handle: (request) => introduce(parts, request) },
    { method: "POST", path: "/phones/:userId/messages", handle: (request) => write(parts, request) },
    { method: "POST", path: "/phones/:userId/files", handle: (request) => sendFile(parts, request) },
    { method: "PUT", path: "/media/:name", handle: (request) => putFile(parts, request) },
    { method: "GET", path: "/media/log", handle: ({ query }) => parts.media.log.readOrWait(readOptionsIn(query)) },
    { method: "GET", path: "/webhooks/log", handle: (request) => deliveries(parts, request) },
    { method: "GET", path: "/webhooks/pending", handle: () => ({ pending: parts.webhooks.pending() }) },
    { method: "GET", path: "/botrunner/states", handle: (request) => states(parts, request) },
    { method: "GET", path: "/studio-ng/states", handle: (request) => triggers(parts, request) },
    { method: "GET", path: "/integrations/modes", handle: () => integrations.modes },
    {
      method: "PATCH",
      path: "/integrations/modes",
      handle: ({ body }) => Object.assign(integrations.modes, likeShape(body, integrations.modes)),
    },
    {
      method: "GET",
      path: "/integrations/registrations",
      handle: () => ({ registrations: [...integrations.registrations.values()] }),
    },
  ];
}

function log(parts: WorldParts, { query }: ControlRequest): unknown {
  const [user, from] = [query.get("user"), query.get("from")];
  return parts.phones.log.readOrWait({
    ...readOptionsIn(query),
    matching: (line) => (user === null || line.userId === user) && (from === null || line.from === from),
  });
}

function deliveries(parts: WorldParts, { query }: ControlRequest): unknown {
  const user = query.get("user");
  return parts.webhooks.log.readOrWait({
    ...readOptionsIn(query),
    matching: (delivery) => user === null || delivery.userId === user,
  });
}

function states(parts: WorldParts, { query }: ControlRequest): unknown {
  const user = query.get("user");
  return parts.botrunner.states.readOrWait({
    ...readOptionsIn(query),
    matching: (given) => user === null || given.userId === user,
  });
}

function triggers(parts: WorldParts, { query }: ControlRequest): unknown {
  const user = query.get("user");
  return parts.studioNg.states.readOrWait({
    ...readOptionsIn(query),
    matching: (fired) => user === null || fired.userId === user,
  });
}

function phone(parts: WorldParts, { params }: ControlRequest): unknown {
  const userId = params["userId"] ?? "";
  const isKnown = parts.people.find(userId) !== undefined;
  if (!isKnown) {
    throw new ControlError(404, "nobody is known by that id");
  }
  return {
    ...parts.people.get(userId),
    holder: parts.bot.holder(userId),
    lastConnect: parts.bot.lastConnect(userId) ?? null,
  };
}

function introduce(parts: WorldParts, { params, body }: ControlRequest): unknown {
  const known = parts.people.get(params["userId"] ?? "");
  const shape: Omit<Person, "userId"> = { extraData: {}, ...withoutId(known) };
  const given = likeShape(body, shape);
  const channel: string | undefined = given.channel;
  if (channel !== undefined && channel !== "whatsapp" && channel !== "facebook") {
    throw new ControlError(400, "channel must be whatsapp or facebook");
  }
  const person = { ...known, ...given };
  parts.people.put(person);
  return person;
}

function withoutId({ name, email, phoneNumber, channel }: Person): Omit<Person, "userId" | "extraData"> {
  return { name, email, phoneNumber, channel };
}

/** `type`, `url`, `mimeType?`, `caption?`, `id?`; `wait` as for texts. */
async function sendFile(parts: WorldParts, { params, body }: ControlRequest): Promise<unknown> {
  const [mimeType, caption] = [optionalTextIn(body, "mimeType"), optionalTextIn(body, "caption")];
  const url = textIn(body, "url");
  if (!URL.canParse(url)) throw new ControlError(400, "url must be a whole address");
  const file = {
    type: textIn(body, "type"),
    url,
    ...(mimeType === undefined ? {} : { mimeType }),
    ...(caption === undefined ? {} : { caption }),
  };
  const delivery = parts.bot.sentFile(params["userId"] ?? "", file, optionalTextIn(body, "id"));
  return fieldIn(body, "wait") === true ? await delivery : { accepted: true };
}

/** `base64`, `mimeType`: answers the address of the file. */
function putFile(parts: WorldParts, { params, body }: ControlRequest): unknown {
  const bytes = Buffer.from(textIn(body, "base64"), "base64");
  return { url: parts.media.put(params["name"] ?? "", { bytes, mimeType: textIn(body, "mimeType") }) };
}

/** `quiet`: the bot neither answers nor calls for an agent. `wait`: answered when the service has taken the text, or has not. */
async function write(parts: WorldParts, { params, body }: ControlRequest): Promise<unknown> {
  const userId = params["userId"] ?? "";
  const text = textIn(body, "text");
  const id = optionalTextIn(body, "id");
  const isQuiet = fieldIn(objectIn(body), "quiet") === true;
  const delivery = isQuiet ? parts.bot.sent(userId, text, id) : parts.bot.typed(userId, text, id);
  return fieldIn(body, "wait") === true ? await delivery : { accepted: true };
}
