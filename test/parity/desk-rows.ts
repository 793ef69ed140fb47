// The rows of docs/parity.md about the session at the desk, the state and the outside systems, written down by hand from the parity sheet.
import { better, same, type ParitySection } from "./row.ts";

const decide = "test/unit/processors/interconnection";
const clients = "test/unit/clients";
const topology = "test/unit/topology";
const polls = "test/simulation/polls";

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
          `${topology}/pollers`,
          "a poll > goes on behind the position of the state, and acknowledges only what was produced",
        ],
        "in order, acknowledged only when they are produced",
      ),
      same("4.3 204", "polls again, ack unchanged", [
        `${topology}/poll-answers`,
        "a poll of an open chat > answered with 204 is asked again at once, with the same acknowledgement",
      ]),
      same("4.3 409", "sleeps SLEEP_LONG_POLLLING, polls again", [
        `${topology}/poll-answers`,
        "a poll of an open chat > answered with 409 waits SLEEP_LONG_POLLLING each time, then is asked again with the same acknowledgement",
      ]),
      same("4.3 403", "TIMEOUT_STATE, CLOSED, no further poll", [
        polls,
        "polls that fail > R21 because the desk has forgotten the session end the chat at once",
      ]),
      better(
        "4.3 503",
        "a reconnect that is never reached",
        [polls, "a session that moves > R20 is followed: what was not acknowledged comes once, and both go on writing"],
        "reconnects; what was not acknowledged comes once, and both go on writing",
      ),
      better(
        "4.3 503, the reconnect",
        "ack and numbers kept in spite of `resetSequence`",
        [
          `${clients}/salesforce/live-agent/session`,
          "a reconnect > asks with the last place, the session's key and the literal affinity null",
        ],
        "from the last offset, with the new affinity; `resetSequence` is heeded",
      ),
      better(
        "4.3 anything else",
        "ends the chat and tells the desk nothing",
        [polls, "polls that fail > R19 beyond the budget end the chat on both sides, with the user handed back"],
        "is asked again within a budget; then the chat ends on both sides",
      ),
      same("4.4 ChatRequestSuccess", "the waiting text, if there is one", [
        `${decide}/talk`,
        "the agent's text to the user > waits with the queue's text told once",
      ]),
      better(
        "4.4 QueueUpdate",
        "is logged",
        [
          `${decide}/talk`,
          "the place in the queue > is told to the user where that is wanted, when it changes, and never as 0",
        ],
        "is a fact when the place changes, and a text where one is set",
      ),
      same("4.4 ChatEstablished", "ACTIVE; history, then the welcome", [
        `${decide}/talk`,
        "what the agent is told on accept > is history, then welcome, then the files sent while waiting, then what comes later",
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
        [`${decide}/talk`, "what comes often at the desk > is one fact of a kind in 5 s and chat"],
        "is a fact, one in five seconds",
      ),
      same("4.4 AgentNotTyping", "changes nothing", [
        `${decide}/table`,
        "decide, every input in every status > ACTIVE, desk: not_typing",
      ]),
      better(
        "4.4 AgentDisconnect",
        "is logged",
        [`${decide}/ending`, "an agent who disconnects > leaves the chat open: another may take over"],
        "is a fact; the chat stays open for another agent",
      ),
      better(
        "4.4 ChatTransferred",
        "is logged",
        [`${decide}/table`, "decide, every input in every status > ACTIVE, desk: transferred"],
        "is a fact",
      ),
      better(
        "4.4 TransferToButtonInitiated",
        "is logged",
        [`${decide}/table`, "decide, every input in every status > ACTIVE, desk: waiting_again"],
        "is a fact: the user waits again",
      ),
      better(
        "4.4 AgentJoinedConference",
        "is logged",
        [`${decide}/table`, "decide, every input in every status > ACTIVE, desk: agent_joined"],
        "is a fact",
      ),
      better(
        "4.4 AgentLeftConference",
        "is logged",
        [`${decide}/table`, "decide, every input in every status > ACTIVE, desk: agent_left"],
        "is a fact",
      ),
      same("4.4 RichMessage", "changes nothing", [
        `${decide}/table`,
        "decide, every input in every status > ACTIVE, desk: other",
      ]),
      better(
        "4.4 CustomEvent",
        "is logged",
        [`${decide}/talk`, "what comes often at the desk > is one fact of a kind in 5 s and chat"],
        "is a fact, one in five seconds",
      ),
      better(
        "4.4 FileTransfer",
        "is logged",
        [`${decide}/table`, "decide, every input in every status > ACTIVE, desk: file_requested"],
        "an agent who asks for a file is a fact",
      ),
      better(
        "4.4 SwitchServer",
        "is logged",
        [
          polls,
          "a server that sends its sessions elsewhere > gives a waiting user a new session for the same case, with what he has said",
        ],
        "who waits gets a new session at the other server",
      ),
      better(
        "4.4 chasitorIdleTimeout",
        "is not looked at",
        [
          `${decide}/idle-user`,
          "the silence of a user > is told to the desk, then ends the chat as a time-out; the user hears nothing of it unless there are words for it",
        ],
        "a user who stays silent is reported to the desk, and his chat ends as a time-out",
      ),
      same("4.5 text to the agent", '`{"text"}` to ChatMessage', [
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
      same(
        "6 record",
        "one JSON record per user at `{client}:{userID}:interconnection`, which the other service goes on with",
        [
          "test/integration/rollover",
          "R32: what the Go service left > R32: the way back: with STATE_COMPAT=original the Go service reads the open chats, and forth again the talk goes on",
        ],
      ),
      better(
        "6 context",
        "a set of members with their ttl",
        [
          "test/integration/rollover",
          "R32: what the Go service left > R32: its open chats go on both ways, its context is shown, its undelivered texts arrive once, and all ends at the bot",
        ],
        "is shown with our own, which is sorted and bounded",
      ),
      same("6 ttl", "an entry counts for 24 h from when it was saved, in the order of its own time", [
        `${decide}/context`,
        "what is said outside a chat > is kept from when it was received, whatever time its sender gives, and shown in the order of those times",
      ]),
      same("6 ON_HOLD", "a chat that waits", [
        `${decide}/original-record`,
        "a record of the Go service > that waits for an agent holds what was said before and since",
      ]),
      same("6 ACTIVE", "a chat with an agent", [
        `${decide}/original-record`,
        "a record of the Go service > is an open chat with sealed secrets, without post numbers, under an id that its session gives",
      ]),
      same("6 CLOSED", "a chat that is over, for 24 h", [
        `${decide}/ending`,
        "a user whose chat is over > is forgotten 24 h later",
      ]),
      same("6 FAILED", "a chat that Salesforce refused, for 24 h", [
        `${decide}/original-record`,
        "a record of the Go service > that is FAILED is an ended chat, and forgotten like one",
      ]),
    ],
  },
  {
    title: "Outside systems (section 7)",
    rows: [
      same("7.2 password grant", "path, fields; the password and the security token behind it", [
        `${clients}/salesforce/oauth`,
        "the token of the data API > is fetched with the password grant of the parity sheet, and no earlier than needed",
      ]),
      better(
        "7.2 401",
        "renews the token, and the call fails all the same",
        [
          `${clients}/salesforce/data-api/contacts-and-cases`,
          "a token that Salesforce refuses > is renewed and the call repeated, once",
        ],
        "renews it and repeats the call, once",
      ),
      same("7.3 WhatsApp text", "path, headers and body", [
        `${clients}/integrations/channel`,
        "a text to a WhatsApp user > goes out as the parity sheet says",
      ]),
      same("7.3 Facebook text", "path, headers and body", [
        `${clients}/integrations/channel`,
        "a text to a Facebook user > goes out as the parity sheet says, by the page's account",
      ]),
      same("7.3 register", "path, headers and body, version 0 and 3", [
        `${clients}/integrations/webhook-registration`,
        "register > tells our address for facebook as the parity sheet says",
      ]),
      same("7.3 remove", "path and body", [
        `${clients}/integrations/webhook-registration`,
        "remove > names phone and provider",
      ]),
      better(
        "7.3 register and remove, success",
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
