// The rows of docs/parity.md about routes, webhooks and the opening of a chat, written down by hand from the parity sheet.
import { better, dropped, same, type ParitySection } from "./row.ts";

const ingress = "test/unit/ingress";
const decide = "test/unit/processors/interconnection";
const clients = "test/unit/clients";

/** Sections 1 to 3. */
export const edgeRows: readonly ParitySection[] = [
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
      same("1.1 slash and case, GET", "301 to the right path", [
        `${ingress}/paths`,
        "other paths and methods > GET /V1/Context/AbC?token=x is 301",
      ]),
      same("1.1 slash and case, others", "307 to the right path", [
        `${ingress}/paths`,
        "other paths and methods > POST /v1/Chats/connect/ is 307",
      ]),
      same("1.1 keys", "keys in any case, the last duplicate, the first JSON value only", [
        `${ingress}/access`,
        "log-in > reads keys in any case, the last of them, and the first value only",
      ]),
      same("1.1 Content-Type", "of a request is not looked at", [
        `${ingress}/paths`,
        "bodies > are read as JSON when they claim to be application/x-www-form-urlencoded",
      ]),
      better(
        "1.1 bodies",
        "are read without a bound",
        [`${ingress}/paths`, "bodies > may have 1 MiB and not a byte more"],
        "up to 1 MiB: more is 413",
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
        "are counted while they are taken",
      ),
      better(
        "1.2 old tokens, LEGACY_TOKENS=refuse",
        "can't be told to go",
        [`${ingress}/access`, "S02: tokens of the service before this one > are refused when told so, while ours pass"],
        "401",
      ),
      same("1.2 transport", "Authorization header unless it is empty, else `?token=`", [
        `${ingress}/access`,
        "transport of tokens > takes it from the header unless that is empty, else from the query, the first of several",
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
        "log-in answers 200 with a token, 401 with one of two texts",
      ]),
      same("1.3 GET /v1/tokens/check", "username and role", [
        `${ingress}/access`,
        "log-in > gives salesforceUser a token that its check knows",
      ]),
      same("1.3 POST /v1/chats/connect", "200 `Chat created succefully`, 400 and 500 with texts", [
        `${ingress}/chats`,
        "connect > answers 200, 400 and 500 with the original's texts",
      ]),
      same("1.3 DELETE /v1/chat/finish/:user_id", "200, or 404 with two texts", [
        `${ingress}/chats`,
        "finish > answers 200, or 404 with one of two texts",
      ]),
      same("1.3 DELETE /v1/chat/finish/:user_id, when Salesforce refuses the end", "200; the chat is over", [
        `${decide}/ending`,
        "an end at the desk that failed > takes nothing back of the finish: its caller was answered, the chat is over, the user goes back at once",
      ]),
      same(
        "1.3 DELETE /v1/chat/finish/:user_id, after a refused connect",
        "404 `not found interconnection`: it left no record",
        [`${decide}/ending`, "finish of what is over already > a connect that a step of the opening refused"],
      ),
      same("1.3 GET /v1/context/:user_id", "keys in their order, without those that are empty", [
        `${ingress}/paths`,
        "context > has the original's keys in the original's order, without those that are empty",
      ]),
      same("1.3 GET /v1/context/:user_id, order", "oldest first", [
        `${clients}/redis/context`,
        "the context is oldest first by the time that its sender gave, in whatever order it was received",
      ]),
      same("1.3 GET /v1/context/:user_id, nothing said", "`null`", [
        `${ingress}/paths`,
        "context > is null where nothing was said",
      ]),
      better(
        "1.3 GET /v1/context/:user_id, all expired",
        "`[]` while the set holds one expired entry, a panic with several; `null` again once the clean-up has been",
        [
          `${ingress}/paths`,
          "context > leaves out what is a day old, which a chat that waits for long may hold, and is an empty list when that is all",
        ],
        "`[]` with several too; entries of this service vanish with their key, so that nothing stored is `null`",
      ),
      better(
        "1.3 POST /v1/integrations/whatsapp/webhook",
        "200 before the work is done",
        [`${ingress}/whatsapp`, "the broker > has the message before 200 is answered"],
        "200 only when the broker has it",
      ),
      better(
        "1.3 POST /v1/integrations/facebook/webhook",
        "200 before the work is done",
        [`${ingress}/facebook`, "the broker > that is silent makes it 503, for the sender to repeat"],
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
        [`${ingress}/conformance`, "section 1.1: router > GET /debug/pprof is 404"],
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
        "refusals > answers 400 to null and keeps nothing",
      ]),
      better(
        "2.1 timestamp",
        "500 with the sentence of strconv",
        [`${ingress}/whatsapp`, "refusals > answers 400 to a time that is none and keeps nothing"],
        "400 with that sentence: it is the sender's mistake",
      ),
      same("2.1 to", "a message with `to` is the bot's, to that user", [
        `${ingress}/whatsapp`,
        "messages > takes a bot's message when `to` names the user, whatever `from` says",
      ]),
      same("2.1 to, during a chat", "context alone", [
        `${decide}/table`,
        "decide, every input in every status > ACTIVE, bot: text",
      ]),
      better(
        "2.1 repeats",
        "dropped for five minutes by one process, before the work",
        [
          "test/simulation/desk-rows",
          "R24 a webhook repeated at once, after 25 h and after 6 days is one message; a day beyond DEDUPE_WINDOW it is a new one",
        ],
        "dropped for DEDUPE_WINDOW, by whichever instance they reach",
      ),
      same("2.2 events", "every messaging of every entry", [
        `${ingress}/facebook`,
        "messages > takes every event of every entry, in order",
      ]),
      same("2.2 authorRole", "any role but user is the bot's", [
        `${ingress}/facebook`,
        "messages > takes what the role agent wrote for the bot's, to the recipient",
      ]),
      better(
        "2.2 attachments",
        "image and file alone, and none beside a text",
        [`${ingress}/facebook`, "messages > takes every attachment as a message of its own, behind the text"],
        "each is a message of its own, behind the text",
      ),
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
      better(
        "2.3 restart keyword, while waiting",
        "is stored as context",
        [
          `${decide}/ending`,
          "a restart keyword while no agent is there yet > ends a chat that is ON_HOLD, hands the user back, and lets him connect again",
        ],
        "ends a chat that waits or is being opened, too",
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
        "2.3 other types",
        "are dropped without a word",
        [`${decide}/table`, "decide, every input in every status > ACTIVE, user: type not forwarded"],
        "are a fact, and context",
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
        [
          `${decide}/talk`,
          "what the agent is told on accept > is history, then welcome, then the files sent while waiting, then what comes later",
        ],
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
        "test/unit/conformance/phone",
        'Phone: 521245124510 with the codes ["521","52"] is 1245124510',
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
      same("3.4 person account", "its fields, record type and birth date; its contact is the user's", [
        "test/contracts/desk-mapping",
        "a person account > is created where nobody is found, and its contact is the user's",
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
];
