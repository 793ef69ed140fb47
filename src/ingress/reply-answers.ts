// What a reply of the processor means over HTTP: status and text by reason, as the original answered the same outcome
// (texts are pinned: operators and bots look for them). Called by chats.ts.
import type { Reply } from "../processors/interconnection/state.ts";
import { accountFailed } from "../processors/desk/port.ts";
import { unreachable } from "../processors/unreachable.ts";
import { failure, success, unavailable, type Answer } from "./answer.ts";

/** What the caller asked for. */
export type Operation = "connect" | "finish";

/** How refusals of connect are told: as the original's 500, or by the status that HTTP has for them. */
export type RefusalStatus = "original" | "http";

/** First words of every failure of an operation. */
export const failed: Readonly<Record<Operation, string>> = {
  connect: "could not create chat in salesforce",
  finish: "could not finish chat in salesforce",
};

/** The answer to a reply. The reason alone decides, so that it can be asked for later without knowing what was requested. */
export function answerOf(reply: Reply, refusals: RefusalStatus): Answer {
  const refused = (status: number, text: string): Answer => failure(refusals === "http" ? status : 500, text);
  const because = (cause: string): string => reply.detail ?? cause;
  switch (reply.reason) {
    case "chat_created":
      return success("Chat created succefully");
    case "chat_finished":
      return success("Chat finished successfully");
    case "operator_done":
      return success("Done");
    case "chat_open":
      // Of the original's two texts for it the one that its single instance gave.
      return refused(409, `${failed.connect} : session exists with this userID`);
    case "contact_blocked":
      // Without a blank before the colon, as the original has it.
      return refused(403, `${failed.connect}: this contact is blocked`);
    case "invalid_request":
      // Nothing was begun, and its repeat would fare no better.
      return failure(
        400,
        `${failed.connect} : Invalid payload received : ${because("the chat has no subject or button")}`,
      );
    case "contact_failed":
      return reply.detail?.startsWith(accountFailed) === true
        ? failure(500, `${failed.connect} : ${reply.detail}`)
        : failure(500, `${failed.connect} : not found or create contact : ${because("no answer")}`);
    case "case_failed":
    case "session_failed":
    case "chat_request_failed":
      return failure(500, `${failed.connect} : ${because("no answer")}`);
    case "service_failed":
      return failure(500, `${failed.connect} : ${because("the service failed")}`);
    case "opening_timeout":
      return failure(500, `${failed.connect} : ${because("not open in time")}`);
    case "expired":
      return unavailable(`${failed.connect} : the request was too old when it was read`);
    case "no_chat":
      return failure(404, `${failed.finish} : this contact does not have an interconnection`);
    case "never_connected":
      return failure(404, `${failed.finish} : error not found interconnection: not found interconnection`);
    default:
      return unreachable(reply.reason);
  }
}
