/**
 * The Salesforce system: OAuth, data API and Live Agent on one origin, as one exchange serves them.
 * Only tells them apart; each has its own files. Started by the world.
 */
import { header, isObject, jsonBody, segments, text } from "../answers.ts";
import type { Answer, Call } from "../answers.ts";
import type { System } from "../exchange.ts";
import type { Identity } from "../journal.ts";
import type { Desk } from "../live-agent/desk.ts";
import { CHAT_PATH, chatResource, identifyChat } from "../live-agent/resources.ts";
import { dataApi } from "./data-api.ts";
import { DataError, errorAnswer } from "./errors.ts";
import type { Oauth } from "./oauth.ts";

const TOKEN_PATH = "/services/oauth2/token";
const DATA_PATH = "/services/data/";

/** The org as one system. It takes the address by which it was called for its own: some callers come by a proxy. */
export function salesforceSystem(oauth: Oauth, desk: Desk): System {
  return {
    name: "salesforce",
    identify(call) {
      if (call.path.startsWith(CHAT_PATH)) {
        return identifyChat(desk, call);
      }
      return call.path === TOKEN_PATH ? { operation: "token" } : identifyData(desk, call);
    },
    handle(call) {
      if (call.path.startsWith(CHAT_PATH)) {
        return chatResource(desk, call);
      }
      if (call.path === TOKEN_PATH) {
        return oauth.token(call, `http://${header(call, "host") ?? ""}`);
      }
      return call.path.startsWith(DATA_PATH) ? data(oauth, desk, call) : text(404, "Not Found");
    },
  };
}

function data(oauth: Oauth, desk: Desk, call: Call): Answer {
  try {
    oauth.check(header(call, "authorization"));
  } catch (error) {
    if (error instanceof DataError) {
      return errorAnswer(error);
    }
    throw error;
  }
  return dataApi(desk.records, call);
}

/** Operations are `query`, `composite`, and for records `create Contact`, `update Case`, `upsert Case`, `read Case`. */
function identifyData(desk: Desk, call: Call): Identity {
  const [, , , resource, object, first, second] = segments(call.path) ?? [];
  if (resource !== "sobjects" || object === undefined) {
    return { operation: resource ?? "unknown" };
  }
  const verb =
    first === undefined ? "create" : call.method === "GET" ? "read" : second === undefined ? "update" : "upsert";
  const user = userOf(desk, call);
  return { operation: `${verb} ${object}`, ...(user === undefined ? {} : { user }) };
}

function userOf(desk: Desk, call: Call): string | undefined {
  const body = jsonBody(call);
  if (!isObject(body)) {
    return undefined;
  }
  const contact = typeof body["ContactId"] === "string" ? desk.records.get("Contact", body["ContactId"]) : undefined;
  const known = contact ?? body;
  for (const alias of [known["Email"], known["PersonEmail"], known["MobilePhone"], known["LastName"]]) {
    const user = typeof alias === "string" ? desk.people.find(alias) : undefined;
    if (user !== undefined) {
      return user;
    }
  }
  return undefined;
}
