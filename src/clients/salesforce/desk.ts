// The desk port on Salesforce: contacts and cases by the data API, the chat by Live Agent. Owns only the composition and the
// settings' names. Made in composition-outside.ts, used by the desk gateway.
import type { Desk } from "../../processors/desk/port.ts";
import { done, type Done } from "../../processors/outcome.ts";
import type { Clock, Log } from "../../topology/ports.ts";
import { withoutAnswer } from "../http/failed-call.ts";
import type { HttpClient } from "../http/http-client.ts";
import type { LongPollClient } from "../http/long-poll-client.ts";
import { createDataApi, type DataApi } from "./data-api/api-call.ts";
import { closeCase, ensureCase } from "./data-api/cases.ts";
import type { CaseMapping } from "./data-api/cases.ts";
import { contactQueries } from "./data-api/contact-search.ts";
import { ensureContact } from "./data-api/contacts.ts";
import type { ContactMapping } from "./data-api/contacts.ts";
import { attachFile, findFile } from "./data-api/files.ts";
import { findFirst, findOne } from "./data-api/records.ts";
import type { SalesforceLimits, Urgency } from "./limits.ts";
import { createPoll } from "./live-agent/poll.ts";
import { createServers } from "./live-agent/servers.ts";
import { createSessionCalls } from "./live-agent/session.ts";
import { createAccessTokens } from "./oauth.ts";
import type { Grant } from "./grants.ts";

/** What the desk is made of. URLs are origins; a trailing slash is ignored. */
export interface DeskOptions {
  /** For calls of the data API. */
  readonly http: HttpClient;
  /** For logins. */
  readonly logins: HttpClient;
  /** For the chat's own posts: of every message one. */
  readonly messages: HttpClient;
  readonly polls: LongPollClient;
  readonly limits: { readonly dataApi: SalesforceLimits; readonly liveAgent: SalesforceLimits };
  readonly log: Log;
  /** SFC_LOGIN_URL. */
  readonly loginUrl: string;
  /** SFC_BASE_URL. */
  readonly baseUrl: string;
  /** SFC_CHAT_URL; a trailing `/chat`, as in the original's example file, is ignored too. */
  readonly chatUrl: string;
  readonly grant: Grant;
  readonly clock: Pick<Clock, "now" | "monotonicMs">;
  /** Version of the data API, a whole number such as "52". */
  readonly dataApiVersion: string;
  /** Version of Live Agent; the original has one setting for both. */
  readonly chatApiVersion: string;
  readonly organizationId: string;
  readonly deploymentId: string;
  /** How users and chats become records of this org. */
  readonly mapping: { readonly contact: ContactMapping; readonly case: CaseMapping };
}

/** The desk port, and what only Salesforce needs. */
export interface SalesforceDesk extends Desk {
  /**
   * A small query with the shared token, which is renewed when the org has forgotten it: the search for a contact whose e-mail is the
   * user of the login, as the original's (parity sheet 9), or for any where the grant names no user. Changes nothing. Never rejects.
   */
  keepAlive(signal: AbortSignal): Promise<Done>;
}

/** The desk. Opens nothing before the first call; its connections are those of `http`, `messages` and `polls`. */
export function createDesk(options: DeskOptions): SalesforceDesk {
  const { http, limits, mapping } = options;
  const knownAddresses = [options.loginUrl, options.baseUrl, options.chatUrl];
  const endpoint = {
    servers: createServers(origin(options.chatUrl).replace(/\/chat$/, ""), knownAddresses),
    apiVersion: options.chatApiVersion,
    organizationId: options.organizationId,
    deploymentId: options.deploymentId,
  };
  const tokens = createAccessTokens({
    http: options.logins,
    loginUrl: origin(options.loginUrl),
    grant: options.grant,
    knownAddresses,
    log: options.log,
    clock: options.clock,
  });
  const calls = { http, tokens, baseUrl: origin(options.baseUrl), apiVersion: options.dataApiVersion };
  const apiFor = (urgency: Urgency): DataApi => createDataApi({ ...calls, limits: limits.dataApi, urgency });
  const [openChats, newChats, housekeeping] = [apiFor("open chat"), apiFor("new chat"), apiFor("housekeeping")];
  const username = "username" in options.grant && options.grant.username !== "" ? options.grant.username : null;
  const session = createSessionCalls(heardBy(limits.liveAgent, options.messages), endpoint);
  const poll = createPoll(pollsHeardBy(limits.liveAgent, options.polls), endpoint);
  return {
    ...session,
    poll,
    // What a chat that is open needs goes on at a limit of Live Agent, each call at the time that it was told; a new one waits.
    async openSession(signal) {
      const held = await limits.liveAgent.admit("new chat", signal);
      return held === null ? session.openSession(signal) : withoutAnswer(held);
    },
    ensureContact: (request, mayExist, signal) =>
      ensureContact(newChats, mapping.contact, { ...request, mayExist }, signal),
    attachFile: (file, signal) => attachFile(openChats, file, signal),
    findFile: (wanted, signal) => findFile(openChats, wanted, signal),
    ensureCase: (request, mayExist, signal) => ensureCase(newChats, mapping.case, { ...request, mayExist }, signal),
    async keepAlive(signal) {
      const found = await (username === null
        ? findOne(housekeeping, "SELECT Id FROM Contact LIMIT 1", [], signal)
        : findFirst(
            housekeeping,
            contactQueries(mapping.contact.search, integrationUser(username)),
            [username],
            signal,
          ));
      return found.kind === "done" ? done : found;
    },
    closeCase: (request, signal) => closeCase(housekeeping, mapping.case, request, signal),
  };
}

/** Whom the keep-alive looks for, as the original did: a contact with the user's name for its e-mail. There need be none. */
function integrationUser(username: string): Parameters<typeof contactQueries>[1] {
  return { email: username, phoneNumber: null, extraData: {} };
}

function heardBy(limits: SalesforceLimits, http: HttpClient): HttpClient {
  return {
    async call(request, signal) {
      const answer = await http.call(request, signal);
      limits.heard(answer);
      return answer;
    },
    close: () => http.close(),
  };
}

function pollsHeardBy(limits: SalesforceLimits, polls: LongPollClient): Pick<LongPollClient, "get"> {
  return {
    async get(poll, signal) {
      const answer = await polls.get(poll, signal);
      if (answer.kind === "answer") limits.heard(answer);
      return answer;
    },
  };
}

function origin(url: string): string {
  return url.replace(/\/+$/, "");
}
