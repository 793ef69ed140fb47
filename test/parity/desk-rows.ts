// The rows of docs/parity.md about the session at the desk, the state and the outside systems, written down by hand from the parity sheet.
import { better, same, type ParitySection } from "./row.ts";

const decide = "test/unit/processors/interconnection";
const clients = "test/unit/clients";

/** Sections 4 to 7. */
export const deskRows: readonly ParitySection[] = [
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
        "a poll of Live Agent > R25 judges 409",
      ]),
      same("4.3 403", "the chat ends by timeout", [
        `${clients}/salesforce/live-agent/poll`,
        "a poll of Live Agent > R25 judges 403",
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
        "4.4 ChatEnded, reason",
        "is ignored",
        [
          `${decide}/ending`,
          "the end of a chat > by the desk with clientIdleTimeout is no success: the bot after the delay, in the state for time-outs",
        ],
        "three reasons that are time-outs lead to TIMEOUT_STATE (decision 59)",
      ),
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
    title: "State and Redis (section 6)",
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
      same("6 ttl", "an entry counts for 24 h from when it was saved, in the order of its own time", [
        `${decide}/context`,
        "what is said outside a chat > is kept from when it was received, whatever time its sender gives, and shown in the order of those times",
      ]),
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
      better(
        "7.3 register and remove",
        "201 with a JSON body, and 204, are success",
        [`${clients}/integrations/webhook-registration`, "any 2xx is success, whatever stands in it"],
        "so is any 2xx",
      ),
      same("7.4 Botrunner", "send-to with the state, `?jwt=`", [
        `${clients}/botrunner/bot`,
        "a hand-back > goes out as the parity sheet says",
      ]),
      same("7.5 Studio NG", '`v1/triggers/{state}/webhook` with `{"userId"}`, bearer', [
        `${clients}/studio-ng/bot`,
        'a hand-back > goes out as the parity sheet says, with "/" at the end of the URL',
      ]),
    ],
  },
];
