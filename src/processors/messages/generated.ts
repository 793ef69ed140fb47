// Generated from schemas/*.avsc by `npm run generate`; never edited. Times are epoch milliseconds.

/** A branch of a union of records: the record and its name. */
export type Tagged<Name extends string, Value> = { readonly type: Name } & Value;

/** Value of topic <T>.agent-events, keyed by the user id: what came back from outside, or from time, about one chat. Written by the service only. */
export interface AgentEvent {
  /** Deployment (setting CLIENT); others skip it. */
  readonly client: string;
  /** User of the chat. Equals the record key. */
  readonly userId: string;
  /** Chat that the event is about; the record of an ended chat is decided as such. */
  readonly chatId: string;
  /** When the service learned of it, epoch milliseconds. */
  readonly occurredAt: number;
  /** What happened. Never null. */
  readonly body: Tagged<"DeskEvents", DeskEvents> | Tagged<"DeskReconnected", DeskReconnected> | Tagged<"DeskLost", DeskLost> | Tagged<"CommandResult", CommandResult> | Tagged<"DueTime", DueTime> | Tagged<"LeftOver", LeftOver>;
}

/** Who wrote. bot stands for everybody who is not the user: bot texts and echoes of agent texts. */
export type Author =
  | "unknown"
  | "user"
  | "bot";

/** A case whose chat failed, and which no later connect used, was looked at. */
export interface CaseClosed {
  /** True when it was closed by this command; false when somebody else had taken it on, closed or deleted it. */
  readonly closed: boolean;
}

/** The case was created, or an earlier one of a failed try is used again. */
export interface CaseReady {
  /** Salesforce id of the case. */
  readonly caseId: string;
  /** True when it was created by this command. */
  readonly created: boolean;
}

/** Where a user writes from. A reader that meets a newer symbol reads it as unknown. */
export type Channel =
  | "unknown"
  | "whatsapp"
  | "facebook";

/** Value of topic <T>.channel-messages, keyed by the user id: one message of a user or a bot on a channel. */
export interface ChannelMessage {
  /** Identity of the message on its channel; a repeat within DEDUPE_WINDOW is dropped. Empty means unknown and is never taken for a repeat. */
  readonly messageId: string;
  /** Deployment that the message is for (setting CLIENT); others skip it. */
  readonly client: string;
  /** User on the channel, also when the bot wrote. Equals the record key. */
  readonly userId: string;
  /** Channel of the message. */
  readonly channel: Channel;
  /** Who wrote the message. */
  readonly author: Author;
  /** When it was written, as the channel says, epoch milliseconds. */
  readonly occurredAt: number;
  /** When we or the upstream service received it, epoch milliseconds. */
  readonly receivedAt: number;
  /** Type as the channel names it: text, image, document, audio, voice and others. */
  readonly type: string;
  /** The words of a text message; null means there are none. */
  readonly text: null | string;
  /** The file of a media message; null means there is none. */
  readonly media: null | Media;
}

/** Value of topic <T>.chat-events, keyed by the user id: one fact of a chat's life, for analytics and audit. At least once: drop repeats by eventId. */
export interface ChatEvent {
  /** Identity of the fact: a repeat has the same id and the same content. */
  readonly eventId: string;
  /** Deployment (setting CLIENT) that tells the fact. */
  readonly client: string;
  /** User of the chat. Equals the record key. */
  readonly userId: string;
  /** Chat that the fact is about; null when a request never became a chat. */
  readonly chatId: null | string;
  /** Request that caused the fact; null when none did. */
  readonly requestId: null | string;
  /** Number of the fact within its chat, from 1 without gaps; 0 for facts without a chat. */
  readonly sequence: number;
  /** When it happened, epoch milliseconds. */
  readonly occurredAt: number;
  /** When the service decided it, epoch milliseconds. Decided anew after the state store was lost, it is later; the rest is the same. */
  readonly producedAt: number;
  /** Kind of the fact. */
  readonly kind: ChatEventKind;
  /** Why; none where there is nothing to say. */
  readonly reason: ChatEventReason;
  /** Channel of the user; unknown when the fact has none. */
  readonly channel: Channel;
  /** Salesforce contact; null until it is known. */
  readonly contactId: null | string;
  /** Salesforce case; null until it is known. */
  readonly caseId: null | string;
  /** Agent that the fact is about; null means none or not told. */
  readonly agentName: null | string;
  /** Place in the desk's queue, from 0; null means not told. */
  readonly queuePosition: null | number;
  /** Estimated wait in seconds; null means not told. */
  readonly estimatedWaitSeconds: null | number;
  /** Id of the message on its channel, or the id under which we send it; null for other facts. */
  readonly messageId: null | string;
  /** Type of the message or file as the channel names it; null for other facts. */
  readonly messageType: null | string;
  /** Length of the message in characters; null for other facts. */
  readonly textChars: null | number;
  /** The message itself, only with EVENTS_WITH_TEXT; null otherwise. */
  readonly text: null | string;
  /** State that the bot was given (handed_back, hand_back_failed); null for other facts. */
  readonly botState: null | string;
  /** Code or word of the other side, without personal data; null means none. */
  readonly detail: null | string;
}

/** requested, refused: of a request. contact_found, contact_created, case_created: while opening. case_closed: a case of a failed chat that no later connect used within 24 h. waiting: in the desk's queue. queue_moved. accepted: an agent has the user. message_in: user to agent. message_out: agent to user. message_failed: one that could not be delivered. message_ignored: one of the user of a type that is not forwarded. context_sent: what came before was told to the agent. file: what became of a file of the user; reason none when it is at the case, detail then its type and size. transferred, agent_joined, agent_left, agent_disconnected, typing, custom: told by the desk, typing and custom at most once in 5 s each. ended: by whom is in reason. finish_done: outcome of a finish. operator_done: outcome of an operator's request. handed_back: the bot has the user. hand_back_failed: it could not be told. */
export type ChatEventKind =
  | "unknown"
  | "requested"
  | "refused"
  | "contact_found"
  | "contact_created"
  | "case_created"
  | "waiting"
  | "queue_moved"
  | "accepted"
  | "message_in"
  | "message_out"
  | "message_failed"
  | "context_sent"
  | "file"
  | "transferred"
  | "agent_joined"
  | "agent_left"
  | "agent_disconnected"
  | "typing"
  | "custom"
  | "ended"
  | "finish_done"
  | "operator_done"
  | "handed_back"
  | "hand_back_failed"
  | "case_closed"
  | "message_ignored";

/** none where a fact needs no reason. Of refusals: chat_open, no_chat, expired, invalid_request, service_failed, contact_blocked, contact_failed, case_failed, session_failed, chat_request_failed, opening_timeout, desk_unavailable, desk_blocked, desk_refused. Of ends: agent, user, finish, operator, session_lost, reconnect_failed, poll_budget, accept_timeout, too_old, agent_disconnected, desk_ended, user_idle. Of failed messages: refused_by_receiver, gave_up, not_understood, lane_overflow, chat_over. Of failed hand-backs: refused_by_receiver, gave_up, not_understood, not_configured, and superseded where a new connect came first. */
export type ChatEventReason =
  | "unknown"
  | "none"
  | "chat_open"
  | "no_chat"
  | "expired"
  | "invalid_request"
  | "service_failed"
  | "contact_blocked"
  | "contact_failed"
  | "case_failed"
  | "session_failed"
  | "chat_request_failed"
  | "opening_timeout"
  | "desk_unavailable"
  | "desk_blocked"
  | "desk_refused"
  | "agent"
  | "user"
  | "finish"
  | "operator"
  | "session_lost"
  | "reconnect_failed"
  | "poll_budget"
  | "accept_timeout"
  | "too_old"
  | "agent_disconnected"
  | "desk_ended"
  | "refused_by_receiver"
  | "gave_up"
  | "not_understood"
  | "lane_overflow"
  | "chat_over"
  | "superseded"
  | "not_configured"
  | "user_idle";

/** Value of topic <T>.chat-requests, keyed by the user id: a request about one user's chat. */
export interface ChatRequest {
  /** Identity of the request, chosen by its sender, unique for ever: a repeat gets the first outcome and does nothing. */
  readonly requestId: string;
  /** Deployment that the request is for (setting CLIENT); others skip it. */
  readonly client: string;
  /** User on the channel: WhatsApp phone number or Messenger id. Equals the record key. */
  readonly userId: string;
  /** When the request was made, epoch milliseconds. */
  readonly occurredAt: number;
  /** After this moment, epoch milliseconds, a connect is refused and the user handed back; null means never. */
  readonly expiresAt: null | number;
  /** What is asked. Never null. */
  readonly body: Tagged<"Connect", Connect> | Tagged<"Finish", Finish> | Tagged<"OperatorRequest", OperatorRequest>;
}

/** An instance claims the partition index: the offset of this record is its epoch. Key #claim:client. */
export interface Claim {
  /** Instance that claims. */
  readonly instanceId: string;
  /** When, epoch milliseconds. */
  readonly claimedAt: number;
}

/** done: it happened. refused: the other side said no. given_up: retries ended without a clear answer. broken: an answer that we do not understand. */
export type CommandOutcome =
  | "unknown"
  | "done"
  | "refused"
  | "given_up"
  | "broken";

/** How one pending command of a chat ended. Every command ends in exactly one result that counts: decide removes the command, a repeat finds none and does nothing. */
export interface CommandResult {
  /** Lane of the command. */
  readonly lane: Lane;
  /** Number of the command within chat and lane, from 1. */
  readonly seq: number;
  /** How it ended. */
  readonly outcome: CommandOutcome;
  /** Code or sentence of the other side for a caller to read, without personal data; null when done. */
  readonly reason: null | string;
  /** How many calls were made. */
  readonly attempts: number;
  /** Last post number that the desk has accepted in this session; null means the command did not post. */
  readonly postSequence: null | number;
  /** Generation of the session in which that number counts: after a reconnect numbers start anew. Null with a null postSequence, where it is not known (the number is that of the store), and in records of 3.0.0. */
  readonly generation: null | string;
  /** What the command brought; null when it brings nothing or failed. */
  readonly data: null | Tagged<"ContactReady", ContactReady> | Tagged<"CaseReady", CaseReady> | Tagged<"CaseClosed", CaseClosed> | Tagged<"SessionOpened", SessionOpened> | Tagged<"FileAttached", FileAttached>;
}

/** Somebody asks that this user be connected with a human agent. */
export interface Connect {
  /** Visitor name shown to the agent and last name of a created contact. Not empty. */
  readonly name: string;
  /** Channel on which the user writes; unknown is refused. */
  readonly channel: Channel;
  /** Name of the bot to which the user is handed back. Not empty. */
  readonly botSlug: string;
  /** Phone number or page id of the bot; kept, not used. Not empty. */
  readonly botId: string;
  /** E-mail by which the contact is searched and with which it is created. Not empty. */
  readonly email: string;
  /** Phone number by which the contact is searched; null means unknown and no search by phone. */
  readonly phoneNumber: null | string;
  /** Custom values by name, mapped to Salesforce fields by the service's settings. A null value is a JSON null. */
  readonly extraData: Readonly<Record<string, null | boolean | number | string | JsonText>>;
}

/** The contact was found or created. */
export interface ContactReady {
  /** Salesforce id of the contact. */
  readonly contactId: string;
  /** True when it was created by this command. */
  readonly created: boolean;
  /** True when the contact may not chat. */
  readonly blocked: boolean;
}

/** How far the index was at the end of the turn, and what the turn still had to produce. Key #cursor:client. */
export interface Cursor {
  /** Last applied offset by input topic (suffix, such as chat-requests); -1 means none. */
  readonly applied: Readonly<Record<string, number>>;
  /** Records in their order. */
  readonly outbox: readonly OutboxRecord[];
  /** Answers to publish. */
  readonly replies: readonly ReplyRecord[];
}

/** What of a text the agent must not be told. */
export interface DataRule {
  /** The desk's id of the rule; null means not told. */
  readonly id: null | string;
  /** The desk's name of the rule. */
  readonly name: string;
  /** JavaScript regular expression of what is hidden, wherever it stands; empty where the desk's can't be taken, and then the rule can't be applied. */
  readonly pattern: string;
  /** What stands there instead, as it is; empty means nothing. */
  readonly replacement: string;
}

/** Value of topic <T>.dead-letters: a record or message that could not be processed, with all it takes to replay it. */
export interface DeadLetter {
  /** Deployment (setting CLIENT) that gave it up. */
  readonly client: string;
  /** Topic (full name) that the record came from. */
  readonly topic: string;
  /** Partition that it came from. */
  readonly partition: number;
  /** Offset that it had. */
  readonly offset: number;
  /** Original key; null means it had none. */
  readonly key: null | Buffer;
  /** Original bytes, or the words of a message: see holds. Null means a tombstone, or that they were left out. */
  readonly value: null | Buffer;
  /** What value is. Only a record can be replayed. */
  readonly holds: DeadLetterHolds;
  /** Original headers in their order. */
  readonly headers: readonly RecordHeader[];
  /** Why it was given up. */
  readonly reason: DeadLetterReason;
  /** Field and rule, or code, without personal data; null means none. */
  readonly detail: null | string;
  /** How many times it was tried: decided, with its replays, or sent. 0 means that it was given up before any try. */
  readonly attempts: number;
  /** When it was given up, epoch milliseconds. */
  readonly occurredAt: number;
  /** User it was about, where readable; null otherwise. */
  readonly userId: null | string;
  /** Chat it was about; null means none. */
  readonly chatId: null | string;
  /** Request it carried, where readable; null otherwise. */
  readonly requestId: null | string;
}

/** record: value is the original record, which was not applied. cause: value is the original record, which was applied; something that followed from it was given up. text: value is a text that could not be delivered, UTF-8. nothing: value was left out, too large. */
export type DeadLetterHolds =
  | "unknown"
  | "record"
  | "cause"
  | "text"
  | "nothing";

/** undecodable: not our wire format or not the schema. unknown_schema: the registry knows no such id. invalid: decoded, but a rule of its fields is broken. too_large: an output over the size limit. decide_failed: a defect of ours. undeliverable: a message that a gateway gave up. lane_overflow: more than a user may have waiting. wrong_partition: not on the partition of its key and moved once already. chat_over: a message of an agent or user that came after the end. */
export type DeadLetterReason =
  | "unknown"
  | "undecodable"
  | "unknown_schema"
  | "invalid"
  | "too_large"
  | "decide_failed"
  | "undeliverable"
  | "lane_overflow"
  | "wrong_partition"
  | "chat_over";

/** One event of the desk. */
export interface DeskEvent {
  /** Number of the event within its generation, from 0. */
  readonly number: number;
  /** Kind of the event. */
  readonly kind: DeskEventKind;
  /** Words of the agent (said) or data of a custom event; null for other kinds. */
  readonly text: null | string;
  /** Name of the agent that the event is about; null means not told. */
  readonly agentName: null | string;
  /** Reason in the desk's own word (refused, ended); null means not told. */
  readonly reason: null | string;
  /** Place in the queue, from 0; null means not told. */
  readonly queuePosition: null | number;
  /** Estimated wait in seconds; null means not told or unknown. */
  readonly estimatedWaitSeconds: null | number;
  /** The desk's own name of the event where kind is other or custom; null otherwise. */
  readonly detail: null | string;
  /** How long the user may say nothing to what the agent has said before the chat is to be ended (accepted, transferred), in seconds; 0 means for ever, null not told. */
  readonly idleLimitSeconds: null | number;
  /** After how long of that the desk wants to be told, in seconds; null means never. */
  readonly idleWarningSeconds: null | number;
  /** Rules for all that is said to the agent from now on, in the order in which they are applied (queued, data_rules); null means not told. */
  readonly dataRules: null | readonly DataRule[];
  /** Told once after a reconnect (other); null means not told. */
  readonly textsHeard: null | TextsHeard;
}

/** What happened at the desk. other: an event we do not act on; its name is in detail. */
export type DeskEventKind =
  | "other"
  | "queued"
  | "queue_moved"
  | "accepted"
  | "said"
  | "typing"
  | "not_typing"
  | "transferred"
  | "waiting_again"
  | "agent_joined"
  | "agent_left"
  | "agent_disconnected"
  | "custom"
  | "file_requested"
  | "refused"
  | "ended"
  | "data_rules";

/** What one answer of the desk's long poll told, in order. Only events numbered beyond the state's position are applied. */
export interface DeskEvents {
  /** Generation of the session (see DeskSession) in which the numbers below count. */
  readonly generation: string;
  /** Number of the last event of this record; the poll after it acknowledges it. */
  readonly position: number;
  /** Opaque place from which a reconnect resumes; null means the answer told none. */
  readonly resumeToken: null | string;
  /** The events in their order; empty when the answer only moved the position. */
  readonly events: readonly DeskEvent[];
}

/** The session at the desk can't be polled any more. Ends the chat on both sides. */
export interface DeskLost {
  /** Generation of the session that was lost; another one than the state's is ignored. */
  readonly generation: string;
  /** Why it was lost. */
  readonly reason: DeskLostReason;
  /** Status or error code of the last failure, without personal data; null means none. */
  readonly detail: null | string;
}

/** session_gone: the desk says that it does not exist. budget_exhausted: polls failed for longer than the budget. reconnect_failed: the desk refused the reconnect. server_switched: the desk holds chats of the org at another server now, where a waiting user gets a new session. secret_unreadable: the sealed secrets can't be opened with the configured keys. */
export type DeskLostReason =
  | "unknown"
  | "session_gone"
  | "budget_exhausted"
  | "reconnect_failed"
  | "secret_unreadable"
  | "server_switched";

/** The desk moved the session to another server. Produced before any event of the new generation. */
export interface DeskReconnected {
  /** The session as it is now, with its new route and generation. */
  readonly session: DeskSession;
  /** True when posts are numbered from 1 again. */
  readonly resetsPostSequence: boolean;
  /** How many events of the chat, from the last one back, the desk had no acknowledgement for and may tell again; null when nobody knows. */
  readonly unconfirmedEvents: null | number;
  /** Generation of the session before: the record counts only from there. Null in records of 3.1.0 and before. */
  readonly leftGeneration: null | string;
}

/** One session at the desk. The two secrets are sealed (AES-256-GCM, bound to user and chat), or plain outside production without a key. */
export interface DeskSession {
  /** Id of the session at the desk; not a secret. */
  readonly id: string;
  /** Sealed key that lets one speak for the session. */
  readonly key: string;
  /** Sealed token that routes calls to the desk server which holds the session. */
  readonly route: string;
  /** Short hash of the unsealed route: changes with each reconnect, and with it event numbers may start again. */
  readonly generation: string;
  /** No answer to a poll within this many milliseconds means a dead connection. */
  readonly pollTimeoutMs: number;
  /** Posts carry a number. false: the session was opened by the service before this one, which sent none, so none is sent. */
  readonly numbered: boolean;
}

/** opening_limit: a chat is not open in time. accept_limit: no agent has accepted in time. hand_back: the delay before the bot is told has passed. chat_too_old: a chat is open beyond its longest life. forget: 24 h after the end, when nothing is pending any more, the user's state is deleted. rewrite: write the state to the changelog once more. close_case: 24 h after a chat failed nobody has used its case. erase: the user is deleted as soon as nothing is pending, looked at every 5 s. idle_warning and idle_limit: the user has not answered the agent for as long as the desk has told. */
export type DueKind =
  | "unknown"
  | "opening_limit"
  | "accept_limit"
  | "hand_back"
  | "chat_too_old"
  | "forget"
  | "rewrite"
  | "close_case"
  | "erase"
  | "idle_warning"
  | "idle_limit";

/** A moment that the state was waiting for has come. Appended by the owner; one that the state no longer waits for does nothing. */
export interface DueTime {
  /** What was waited for. */
  readonly kind: DueKind;
  /** The moment itself, epoch milliseconds; the record comes at or after it. */
  readonly dueAt: number;
}

/** What an older owner produced behind this record is void. Key #fence:client. */
export interface Fence {
  /** Instance whose claim is the epoch. */
  readonly instanceId: string;
}

/** A file of the user is at the case. */
export interface FileAttached {
  /** What it is called there. */
  readonly title: string;
  /** What it is by its content; null when an earlier try had attached it and it was only found again. */
  readonly mimeType: null | string;
  /** Its size. */
  readonly sizeBytes: number;
}

/** Somebody asks that this user's open chat be ended on both sides and the user be handed back to the bot. */
export interface Finish {
  /** Name of the calling account or service, for the audit; null means not told. */
  readonly requestedBy: null | string;
}

/** Value of topic <T>.interconnections (compacted changelog): the state of one user, or a control record of one partition index. Written by the service only; format private to it. */
export interface InterconnectionChange {
  /** Deployment (setting CLIENT); a fold reads only its own. */
  readonly client: string;
  /** Epoch of the owner that decided this: offset of its claim. -1 on the claim itself. */
  readonly epoch: number;
  /** Turn in which it was decided; (epoch, turn) is the version, and a newer one wins whatever its offset. */
  readonly turn: number;
  /** What changed. Never null. */
  readonly body: Tagged<"UserRecord", UserRecord> | Tagged<"Claim", Claim> | Tagged<"Fence", Fence> | Tagged<"Cursor", Cursor>;
}

/** A JSON array or object carried as its text, so that nested values of extraData keep their shape. */
export interface JsonText {
  /** The JSON text. Never null. */
  readonly json: string;
}

/** Which gateway's serial queue of this user. */
export type Lane =
  | "unknown"
  | "desk"
  | "channel";

/** A text that the service before this one had accepted for the user and had not delivered when it was stopped. */
export interface LeftOver {
  /** Derived from where the text stood: the same text found twice is delivered once. Not empty. */
  readonly messageId: string;
  /** The words. */
  readonly text: string;
}

/** A file that a user or bot sent, by reference. */
export interface Media {
  /** Where the file can be downloaded. Not empty. */
  readonly url: string;
  /** MIME type as the channel told it; null means not told. */
  readonly mimeType: null | string;
  /** Words that came with the file; null means none. */
  readonly caption: null | string;
}

/** end_chat: end the chat on both sides and hand the user back. rewrite: write the user's state to the changelog once more, change nothing. erase_user: end an open chat, and delete all that is kept of the user once nothing is pending. */
export type OperatorAction =
  | "unknown"
  | "end_chat"
  | "rewrite"
  | "erase_user";

/** A person on call intervenes in a user's chat. */
export interface OperatorRequest {
  /** What is to be done; unknown is refused. */
  readonly action: OperatorAction;
  /** Who asked, for the audit; null means not told. */
  readonly requestedBy: null | string;
}

/** One encoded output other than a state. */
export interface OutboxRecord {
  /** Topic suffix. */
  readonly topic: string;
  /** Record key; null means none. */
  readonly key: null | Buffer;
  /** Encoded value. */
  readonly value: Buffer;
  /** Record headers in their order. */
  readonly headers: readonly RecordHeader[];
}

/** One header of a record. */
export interface RecordHeader {
  /** Header name. */
  readonly name: string;
  /** Header value; null means none. */
  readonly value: null | Buffer;
}

/** An answer to a waiting HTTP call. */
export interface ReplyRecord {
  /** The request. */
  readonly requestId: string;
  /** The answer as JSON. */
  readonly reply: string;
}

/** A session at the desk was opened; no chat has been requested in it yet. */
export interface SessionOpened {
  /** The session, its secrets sealed. */
  readonly session: DeskSession;
}

/** What the desk has been told by the user in the whole chat, as it knows where the session has moved to. */
export interface TextsHeard {
  /** How many texts. */
  readonly count: number;
  /** First 12 characters of the SHA-256 of the last text, base64url; null where there is none. */
  readonly last: null | string;
}

/** State of one user after the turn. Key client:userID. */
export interface UserRecord {
  /** The user. */
  readonly userId: string;
  /** Chat that the state holds; null means none. */
  readonly chatId: null | string;
  /** CONNECTING, ON_HOLD, ACTIVE, CLOSED or FAILED; NONE without a chat. */
  readonly status: string;
  /** The whole state as JSON, secrets sealed, as it stands in Redis. */
  readonly state: string;
}
