// The commands that decide gives to the gateways. A command is state (`pending`) until its result came back.
import type { Channel, Connect, DataRule, DeskSession, Media } from "../messages/generated.ts";

/** Which gateway's serial queue of the user. */
export type LaneName = "desk" | "channel";

interface CommandHead<L extends LaneName, Kind extends string> {
  readonly lane: L;
  readonly kind: Kind;
  /** Number within chat and lane, from 1; with chatId the command's identity. */
  readonly seq: number;
  readonly chatId: string;
  /** No try begins after this moment, epoch milliseconds: then the command is given up. */
  readonly giveUpAt: number;
}

/** Finds the contact by e-mail, then phone; creates it on a real miss. */
export interface EnsureContact extends CommandHead<"desk", "EnsureContact"> {
  readonly name: string;
  readonly email: string;
  readonly phoneNumber: string | null;
  readonly extraData: Connect["extraData"];
  readonly channel: Channel;
}

/** Creates the case. A repeat looks for it first: by contact, subjects, origin, and created not before `notBefore`. */
export interface EnsureCase extends CommandHead<"desk", "EnsureCase"> {
  readonly contactId: string;
  readonly channel: Channel;
  readonly subject: string;
  /** Description of the case, ready to be written. */
  readonly description: string;
  readonly ownerId: string | null;
  /** When the command was given, epoch milliseconds: a case of an earlier try of it is not older. */
  readonly notBefore: number;
  /** True when an earlier chat's command may have left it: it is looked for at the first try too. */
  readonly mayExist?: boolean;
  /** Case that an earlier chat of the user has left: taken instead, and made what is asked for here, where nobody else has worked on it. */
  readonly kept?: string;
  /** What else it may be called, as earlier chats of the user had other flows. It is taken whatever its subject. */
  readonly otherSubjects?: readonly string[];
  readonly extraData: Connect["extraData"];
}

/** Closes a case whose chat failed and which no later connect of its user took. Belongs to the chat that the user has or had last. */
export interface CloseCase extends CommandHead<"desk", "CloseCase"> {
  readonly caseId: string;
}

/** Opens a session at the desk. Repeatable: an unused session ends by itself. */
export interface OpenSession extends CommandHead<"desk", "OpenSession"> {
  readonly visitorName: string;
}

/** A post that goes out when its chat has ended, whose state counts posts no more. */
interface LastPosts {
  /**
   * Posts of the session that go before this one, at most: with the lane's marks lost the number would else be too low, and the desk
   * would drop the post as a repeat. Absent while the chat is open, and in commands that were stored before it was known.
   */
  readonly postsBefore?: number;
}

/** Asks the desk for an agent. First post of the session. */
export interface RequestChat extends CommandHead<"desk", "RequestChat"> {
  readonly session: DeskSession;
  readonly buttonId: string;
  readonly visitorName: string;
  readonly contactId: string;
  readonly caseId: string;
}

/** Texts that were given to the agent within a chat. */
export interface TextsGiven {
  readonly count: number;
  /** Its mark (desk/text-mark.ts); empty before the first. */
  readonly last: string;
}

/** Says one text to the agent; repeats carry the same post sequence. */
export interface SayToAgent extends CommandHead<"desk", "SayToAgent">, LastPosts {
  readonly session: DeskSession;
  readonly text: string;
  /** Ids of the channel messages that the text carries; empty for history and notices. */
  readonly messageIds: readonly string[];
  /** What the text is, for the facts about it. */
  readonly about: "message" | "context" | "notice";
  /** Of context: the user said some of it to the agent for whom he waited, so its loss is told to him. */
  readonly hasUserWords?: boolean;
  /** The texts given to the agent in this chat before it, by which texts-heard.ts knows it. Absent in chats begun before they were counted. */
  readonly behind?: TextsGiven;
}

/** Takes a file of the user to the case. What was said after it waits until its result is in, for the agent is told then. */
export interface AttachFile extends CommandHead<"desk", "AttachFile"> {
  readonly caseId: string;
  readonly media: Media;
  /** Type as the channel names it. */
  readonly messageType: string;
  /** Id of the channel message; empty means unknown. */
  readonly messageId: string;
  /** What is said to the agent behind the notice; null when nothing is, or when it was said already. */
  readonly words: string | null;
}

/**
 * What the desk wants to know of the chat beside what is said: the user is silent, or has written after that was told; rules that
 * found something in what he has said.
 */
export type DeskReport =
  | { readonly kind: "user_silent" | "user_back" }
  | { readonly kind: "rules_applied"; readonly rules: readonly Pick<DataRule, "id" | "name">[] };

/** Tells the desk something beside the talk. Nobody waits for it, so it is given up soon and without a word to anybody. */
export interface ReportToDesk extends CommandHead<"desk", "ReportToDesk">, LastPosts {
  readonly session: DeskSession;
  readonly report: DeskReport;
}

/** Ends the chat at the desk. A desk that has already ended it counts as done. */
export interface EndChat extends CommandHead<"desk", "EndChat">, LastPosts {
  readonly session: DeskSession;
  /** True when it ends because the user was silent for as long as the desk lets him. */
  readonly isUserIdle?: boolean;
  /** The session has moved, and the poll that would have resynced it has ended with the chat. */
  readonly isUnsynced?: boolean;
}

/** Says one text to the user; `messageId` is deterministic and goes with every repeat. */
export interface SayToUser extends CommandHead<"channel", "SayToUser"> {
  readonly channel: Channel;
  readonly messageId: string;
  readonly text: string;
  readonly about: "message" | "notice";
  /** Id of the first piece, where a text was too long for one. */
  readonly pieceOf?: string;
}

/** Tells the bot that it has the user again, and in which state. */
export interface HandBack extends CommandHead<"channel", "HandBack"> {
  readonly channel: Channel;
  readonly botSlug: string;
  readonly botState: string;
}

/** What the desk gateway carries out. */
export type DeskCommand =
  EnsureContact | EnsureCase | CloseCase | OpenSession | RequestChat | SayToAgent | ReportToDesk | AttachFile | EndChat;
/** What the channel gateway carries out. */
export type ChannelCommand = SayToUser | HandBack;
/** One command; (chatId, lane, seq) is its identity. */
export type Command = DeskCommand | ChannelCommand;
