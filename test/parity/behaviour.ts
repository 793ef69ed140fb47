// The rows of docs/parity.md about what the original does, written down by hand from sections 1 to 7 of the parity sheet.
import type { ParityRow, ParitySection } from "./row.ts";

const ingress = "test/unit/ingress";
const decide = "test/unit/processors/interconnection";
const clients = "test/unit/clients";

type Shown = readonly [file: string, title: string];

const same = (item: string, original: string, [file, title]: Shown): ParityRow => ({
  item,
  original,
  verdict: "same",
  how: "",
  test: { file: `${file}.test.ts`, title },
});
const better = (item: string, original: string, shown: Shown, how: string): ParityRow => ({
  ...same(item, original, shown),
  verdict: "better",
  how,
});
const dropped = (item: string, original: string, shown: Shown, how: string): ParityRow => ({
  ...same(item, original, shown),
  verdict: "dropped",
  how,
});

/** Sections 1 to 7. */
export const behaviour: readonly ParitySection[] = [
  {
    title: "HTTP (section 1)",
    rows: [
      same("1.1 404", "`404 page not found` as text/plain", [
        `${ingress}/paths`,
        "other paths and methods > GET / is 404",
      ]),
      same("1.1 405", "405 with Allow", [`${ingress}/paths`, "other paths and methods > GET /v1/chats/connect is 405"]),
      same("1.1 OPTIONS", "200 with Allow", [
        `${ingress}/paths`,
        "other paths and methods > OPTIONS /v1/chats/connect is 200",
      ]),
      same("1.1 slash and case", "301 for GET, 307 for others", [
        `${ingress}/paths`,
        "other paths and methods > POST /v1/Chats/connect/ is 307",
      ]),
      same("1.1 keys", "keys in any case, the last duplicate, the first JSON value only", [
        `${ingress}/access`,
        "log-in > reads keys in any case, the last of them, and the first value only",
      ]),
      better(
        "1.1 bodies",
        "read as JSON whatever Content-Type says, without a bound",
        [`${ingress}/paths`, "bodies > may have 1 MiB and not a byte more"],
        "the same, up to 1 MiB: more is 413",
      ),
      better(
        "1.2 token",
        "HS384, for ever, with the SHA-1 of the password",
        [`${ingress}/access`, "log-in > gives a token that is HS384, expires, and holds no password"],
        "HS384, ends after TOKEN_TTL, holds no password",
      ),
      better(
        "1.2 old tokens",
        "are valid for ever",
        [`${ingress}/access`, "S02: tokens of the service before this one > are taken and counted"],
        "are taken while LEGACY_TOKENS says accept, and counted",
      ),
      same("1.2 transport", "Authorization header, else `?token=`", [
        `${ingress}/access`,
        "transport of tokens > takes it from the query, the first of several, when there is no header",
      ]),
      better(
        "1.2 bad token",
        "a bad token is 500",
        [`${ingress}/access`, "S01, S02: forged and outdated tokens > one segment is 401, with one text"],
        "401 with one text",
      ),
      same("1.2 roles", "YALO_ROLE opens the routes, SALESFORCE_ROLE the check of its token alone", [
        `${ingress}/access`,
        "S03: roles > opens to SALESFORCE_ROLE nothing but the check of its token, to nobody only what needs no token",
      ]),
      better(
        "1.3 GET /v1/welcome",
        "two JSON documents back to back",
        [`${ingress}/paths`, "welcome > is one JSON document"],
        "one JSON document with the same text",
      ),
      same("1.3 POST /v1/authenticate", "200 with a token, 401 with two texts", [
        `${ingress}/access`,
        "log-in > gives yaloUser a token that its check knows",
      ]),
      same("1.3 GET /v1/tokens/check", "username and role", [
        `${ingress}/access`,
        "log-in > gives salesforceUser a token that its check knows",
      ]),
      same("1.3 POST /v1/chats/connect", "200 `Chat created succefully`, 400 and 500 with texts", [
        `${ingress}/chats`,
        "connect > answers 200 with the original's text when the chat was created",
      ]),
      same("1.3 DELETE /v1/chat/finish/:user_id", "200 or 404, also when Salesforce refused the end", [
        `${ingress}/chats`,
        "finish > answers 404 for no_chat",
      ]),
      same("1.3 GET /v1/context/:user_id", "the context in order, `null` where there is none", [
        `${ingress}/paths`,
        "context > has the original's keys in the original's order, without those that are empty",
      ]),
      better(
        "1.3 POST /v1/integrations/whatsapp/webhook",
        "200 before the work is done",
        [`${ingress}/whatsapp`, "messages > takes a user's text"],
        "200 only when the broker has it",
      ),
      better(
        "1.3 POST /v1/integrations/facebook/webhook",
        "200 before the work is done",
        [`${ingress}/facebook`, "messages > takes a user's text"],
        "200 only when the broker has it",
      ),
      same("1.3 POST /v1/integrations/webhook/register/:provider", "tells the Integrations API our address", [
        `${ingress}/webhook-registration`,
        "POST /v1/integrations/webhook/register/:provider > does it for whatsapp",
      ]),
      same("1.3 DELETE /v1/integrations/webhook/remove/:provider", "takes it back", [
        `${ingress}/webhook-registration`,
        "DELETE /v1/integrations/webhook/remove/:provider > does it for facebook",
      ]),
      dropped(
        "1.3 GET /debug/pprof",
        "a profiler on the public port, open to all",
        [`${ingress}/paths`, "other paths and methods > POST /v1/chats is 404"],
        "no profile is served; metrics stand on a port of their own",
      ),
    ],
  },
  {
    title: "Webhooks and message types (section 2)",
    rows: [
      better(
        "2.1 ignored types",
        "types that IGNORE_MESSAGE_TYPES contains as a piece are skipped",
        [
          `${ingress}/whatsapp`,
          'ignored types > are whole words, not pieces such as "stat", as they were in the original',
        ],
        "whole types are compared",
      ),
      same("2.1 required", "id, timestamp and type, with the validator's sentence", [
        `${ingress}/whatsapp`,
        "refusals > answers 400 to a missing timestamp and keeps nothing",
      ]),
      better(
        "2.1 timestamp",
        "500 with the sentence of strconv",
        [`${ingress}/whatsapp`, "refusals > answers 400 to a time that is none and keeps nothing"],
        "400 with that sentence: it is the sender's mistake",
      ),
      same("2.1 to", "a message with `to` is the bot's and context alone", [
        `${ingress}/whatsapp`,
        "messages > takes a bot's message when `to` names the user, whatever `from` says",
      ]),
      better(
        "2.1 repeats",
        "dropped for five minutes by one process, before the work",
        [`${decide}/talk`, "a user's message to the agent > is known as a repeat by the state alone"],
        "dropped for DEDUPE_WINDOW by every instance, with the work",
      ),
      same("2.2 events", "every messaging of every entry", [
        `${ingress}/facebook`,
        "messages > takes every event of every entry, in order",
      ]),
      same("2.2 authorRole", "any role but user is the bot's", [
        `${ingress}/facebook`,
        "messages > takes what the role agent wrote for the bot's, to the recipient",
      ]),
      same("2.2 echoes", "our own texts come back as the bot's", [
        `${decide}/facebook`,
        "a Facebook user > has echoes of the agent's own texts kept as context once, and never told to the agent",
      ]),
      better(
        "2.3 restart keyword",
        "ends the chat in dev and staging; no connect afterwards",
        [`${decide}/ending`, "the end of a chat > by a restart keyword lets the user connect again"],
        "the user is handed back and can connect again",
      ),
      same("2.3 text", "goes to the agent", [
        `${decide}/talk`,
        "a user's message to the agent > goes once, whatever its id says",
      ]),
      same("2.3 image", "is attached to the case, a notice to the agent", [
        `${decide}/files`,
        "a file of the user > of type image has its own texts",
      ]),
      same("2.3 document", "is attached to the case, a notice to the agent", [
        `${decide}/files`,
        "a file of the user > of type document has its own texts",
      ]),
      better(
        "2.3 audio",
        "is attached to the case; its texts are empty",
        [`${decide}/files`, "a file of the user > of type audio has its own texts"],
        "has texts of its own",
      ),
      better(
        "2.3 voice",
        "is dropped without a word",
        [`${decide}/files`, "a file of the user > of type voice has its own texts"],
        "is taken as audio",
      ),
      better(
        "2.3 Facebook text and attachments",
        "attachments beside a text are ignored",
        [
          `${decide}/facebook`,
          "a Facebook user > has text and attachments of one message told one by one, in order; a repeat of any of them is dropped",
        ],
        "text and attachments are told one by one, in order",
      ),
      better(
        "2.3 a file that fails",
        "the first failure gives the rest up",
        [`${decide}/files`, "a file of the user > that failed does not take the next one with it (defect A11)"],
        "each file stands alone",
      ),
      better(
        "2.3 while waiting",
        "is stored as context and not told to the agent",
        [`${decide}/talk`, "what the agent is told on accept > is history, then welcome, then what comes later"],
        "is kept in the state and told to the agent who accepts",
      ),
    ],
  },
  {
    title: "Opening a chat (section 3)",
    rows: [
      same("3.1 steps", "contact, case, session, chat request", [
        `${decide}/opening`,
        "opening a chat > goes step by step and answers when the chat is requested",
      ]),
      same("3.1 blocked", "the blocked state and a refusal", [
        `${decide}/opening`,
        "opening a chat > hands a blocked contact to the blocked state",
      ]),
      same("3.2 phone prefix", "the first code that fits a number of that length is taken off", [
        `${decide}/opening`,
        'phone prefix removal (codes 521, 52) > 521245124510 with ["521","52"] gives 1245124510',
      ]),
      same("3.3 search", "by e-mail, then by phone, in one call", [
        `${clients}/salesforce/data-api/contacts-and-cases`,
        "the search of a contact > asks by e-mail, then by phone, in one call as the original's",
      ]),
      same("3.3 precedence", "the first answer wins", [
        `${clients}/salesforce/data-api/contacts-and-cases`,
        "the search of a contact > prefers the e-mail's, in whatever order the answers come",
      ]),
      same("3.4 contact", "created with the name, the phone and the e-mail", [
        `${clients}/salesforce/data-api/contacts-and-cases`,
        "the creation of a contact > follows a real miss, with the original's fields",
      ]),
      same("3.5 source flow", "the named flow, else the default", [
        `${decide}/opening`,
        "source flow > takes the named flow, else the default, and describes the case",
      ]),
      same("3.6 case", "its fields and their order", [
        `${clients}/salesforce/data-api/contacts-and-cases`,
        "the creation of a case > sends the original's fields in the original's order, and no assignment rules",
      ]),
      same("3.6 custom fields", "of extraData, mapped by the setting", [
        `${clients}/salesforce/data-api/contacts-and-cases`,
        "the creation of a case > puts custom fields among them, as JSON of any type, in alphabetical order",
      ]),
      same("3.7 session", "affinity null, no session key, no number", [
        `${clients}/salesforce/live-agent/session`,
        "opening a session > asks with the literal affinity null, and no session key or number",
      ]),
      same("3.7 chat request", "pre-chat details and entities, key by key", [
        `${clients}/salesforce/live-agent/session`,
        "a post > asks for the chat with the original's body, key by key, and number 1",
      ]),
    ],
  },
  {
    title: "The session at the desk (section 4)",
    rows: [
      same("4.1 poll", "ack, affinity, key; no number", [
        `${clients}/salesforce/live-agent/poll`,
        "a poll of Live Agent > acknowledges the position and carries the session, without a number",
      ]),
      better(
        "4.2 events",
        "answered at once, each batch in a task of its own",
        [
          `${clients}/salesforce/live-agent/convert`,
          "an answer of the long poll > numbers its events up to its sequence",
        ],
        "in order, acknowledged only when they are produced",
      ),
      same("4.3 204", "polls again, ack unchanged", [
        `${clients}/salesforce/live-agent/convert`,
        "an answer of the long poll > without messages only moves the position",
      ]),
      same("4.3 409", "sleeps SLEEP_LONG_POLLLING", [
        `${clients}/salesforce/live-agent/poll`,
        "a poll of Live Agent > judges 409",
      ]),
      same("4.3 403", "the chat ends by timeout", [
        `${clients}/salesforce/live-agent/poll`,
        "a poll of Live Agent > judges 403",
      ]),
      better(
        "4.3 503",
        "a reconnect that is never reached",
        [
          `${clients}/salesforce/live-agent/session`,
          "a reconnect > asks with the last place, the session's key and the literal affinity null",
        ],
        "reconnects, with the new affinity and numbering that restarts",
      ),
      better(
        "4.3 anything else",
        "ends the chat and tells the desk nothing",
        [
          `${decide}/ending`,
          "the end of a chat > by loss with budget_exhausted: poll_budget, ended at the desk as well",
        ],
        "is asked again within a budget; then the chat ends on both sides",
      ),
      same("4.4 ChatRequestSuccess", "the waiting text, if there is one", [
        `${clients}/salesforce/live-agent/convert`,
        "an event of Live Agent > ChatRequestSuccess 0",
      ]),
      better(
        "4.4 QueueUpdate",
        "is logged",
        [`${clients}/salesforce/live-agent/convert`, "an event of Live Agent > QueueUpdate 2"],
        "is a fact when the place changes, and a text where one is set",
      ),
      same("4.4 ChatEstablished", "history, then the welcome", [
        `${clients}/salesforce/live-agent/convert`,
        "an event of Live Agent > ChatEstablished 3",
      ]),
      better(
        "4.4 ChatMessage",
        "goes to the user under a random id",
        [`${decide}/talk`, "the agent's text to the user > carries an id that a repeat of the input gives again"],
        "goes under an id that a repeat has again",
      ),
      same("4.4 ChatRequestFail Unavailable", "TIMEOUT_STATE after the delay, FAILED", [
        `${decide}/ending`,
        "the end of a chat > by refusal with Unavailable: desk_unavailable, the bot after the delay, the case kept",
      ]),
      same("4.4 ChatRequestFail Blocked", "TIMEOUT_STATE after the delay, FAILED", [
        `${decide}/ending`,
        "the end of a chat > by refusal with Blocked: desk_blocked, the bot after the delay, the case kept",
      ]),
      same("4.4 ChatEnded", "SUCCESS_STATE at once, CLOSED", [
        `${decide}/ending`,
        "the end of a chat > by the desk with agent: agent, the bot at once, nothing more to the desk",
      ]),
      better(
        "4.4 AgentTyping",
        "is logged",
        [`${clients}/salesforce/live-agent/convert`, "an event of Live Agent > AgentTyping 4"],
        "is a fact, one in five seconds",
      ),
      better(
        "4.4 AgentNotTyping",
        "is logged",
        [`${clients}/salesforce/live-agent/convert`, "an event of Live Agent > AgentNotTyping 5"],
        "is understood",
      ),
      better(
        "4.4 AgentDisconnect",
        "is logged",
        [`${decide}/ending`, "an agent who disconnects > leaves the chat open: another may take over"],
        "is a fact; the chat stays open for another agent",
      ),
      better(
        "4.4 ChatTransferred",
        "is logged",
        [`${clients}/salesforce/live-agent/convert`, "an event of Live Agent > ChatTransferred 11"],
        "is a fact",
      ),
      better(
        "4.4 RichMessage",
        "is logged",
        [`${clients}/salesforce/live-agent/convert`, "an event of Live Agent > RichMessage 7"],
        "is understood",
      ),
      better(
        "4.4 CustomEvent",
        "is logged",
        [`${clients}/salesforce/live-agent/convert`, "an event of Live Agent > CustomEvent 8"],
        "is a fact, one in five seconds",
      ),
      better(
        "4.4 FileTransfer",
        "is logged",
        [`${clients}/salesforce/live-agent/convert`, "an event of Live Agent > FileTransfer 9"],
        "is understood",
      ),
      better(
        "4.4 SwitchServer",
        "is logged",
        [`${clients}/salesforce/live-agent/convert`, "an event of Live Agent > SwitchServer 20"],
        "is understood",
      ),
      same("4.5 text to the agent", "one call, failures logged", [
        `${clients}/salesforce/live-agent/session`,
        "a post > says a text as it is",
      ]),
      same("4.5 end", '`{"reason":"client"}`', [
        `${clients}/salesforce/live-agent/session`,
        "a post > ends the chat for the visitor",
      ]),
      same("4.6 history", "labels, times of the time zone, one line each", [
        `${decide}/texts`,
        "history > has the original's form, and names files with their link",
      ]),
      better(
        "4.6 welcome",
        "the name in the template; artefacts without `%s`",
        [`${decide}/texts`, "fills a template with nothing but the value"],
        "a template without `%s` stands as it is",
      ),
      same("4.7 file to the case", "a content version, linked to the case", [
        `${clients}/salesforce/data-api/files`,
        "a file for the case > goes in one call as the original's, all or none",
      ]),
    ],
  },
  {
    title: "State and Redis (sections 5 and 6)",
    rows: [
      same("6 record", "one JSON record per user at `{client}:{userID}:interconnection`", [
        `${decide}/original-record`,
        "a record of the Go service > is an open chat with sealed secrets, without post numbers, under an id that its session gives",
      ]),
      better(
        "6 context",
        "a set of members with their ttl",
        [
          `${clients}/redis/original-context`,
          "members of the Go service's context set > come oldest first, with words or a file, by user or bot",
        ],
        "is read and merged at the first touch; our own is sorted and bounded",
      ),
      same("6 ON_HOLD", "a chat that waits", [
        `${decide}/table`,
        "decide, every input in every status > ON_HOLD, due: accept_limit",
      ]),
      same("6 ACTIVE", "a chat with an agent", [
        `${decide}/table`,
        "decide, every input in every status > ACTIVE, due: chat_too_old",
      ]),
      same("6 CLOSED", "a chat that is over", [
        `${decide}/ending`,
        "a user whose chat is over > is forgotten 24 h later",
      ]),
      same("6 FAILED", "a chat that Salesforce refused", [
        `${decide}/table`,
        "decide, every input in every status > FAILED, due: forget",
      ]),
    ],
  },
  {
    title: "Outside systems (section 7)",
    rows: [
      same("7.2 password grant", "the token of a login, renewed at a 401", [
        `${clients}/salesforce/data-api/contacts-and-cases`,
        "a token that Salesforce refuses > is renewed and the call repeated, once",
      ]),
      same("7.3 WhatsApp text", "path, headers and body", [
        `${clients}/integrations/channel`,
        "a text to a WhatsApp user > goes out as the parity sheet says",
      ]),
      same("7.3 Facebook text", "path, headers and body", [
        `${clients}/integrations/channel`,
        "a text to a Facebook user > goes out as the parity sheet says, by the page's account",
      ]),
      same("7.4 Botrunner", "send-to with the state, `?jwt=`", [
        `${clients}/botrunner/bot`,
        "a hand-back > goes out as the parity sheet says",
      ]),
      same("7.5 Studio NG", "send-to with the state, bearer", [
        `${clients}/studio-ng/bot`,
        'a hand-back > goes out as the parity sheet says, with "/" at the end of the URL',
      ]),
    ],
  },
];
