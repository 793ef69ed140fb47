// What a reply of the processor means over HTTP: status and text by reason, as the original answered the same outcome
// (texts are pinned: operators and bots look for them). Called by chats.ts.
import { connectFailed, refusedConnect } from "../processors/interconnection/refusal-texts.ts";
import type { Reply } from "../processors/interconnection/state.ts";
import { unreachable } from "../processors/unreachable.ts";
import { failure, success, unavailable, type Answer } from "./answer.ts";

/** What the caller asked for. */
export type Operation = "connect" | "finish";

/** How refusals of connect are told: as the original's 500, or by the status that HTTP has for them. */
export type RefusalStatus = "original" | "http";

/** First words of every failure of an operation. */
export const failed: Readonly<Record<Operation, string>> = {
  connect: connectFailed,
  finish: "could not finish chat in salesforce",
};

/** The answer to a reply. The reason alone decides, so that it can be asked for later without knowing what was requested. */
export function answerOf(reply: Reply, refusals: RefusalStatus): Answer {
  const refused = (status: number, text: string): Answer => failure(refusals === "http" ? status : 500, text);
  switch (reply.reason) {
    case "chat_created":
      return success("Chat created succefully");
    case "chat_finished":
      return success("Chat finished successfully");
    case "operator_done":
      return success("Done");
    case "chat_open":
      return refused(409, refusedConnect(reply.reason, reply.detail));
    case "contact_blocked":
      return refused(403, refusedConnect(reply.reason, reply.detail));
    case "invalid_request":
      // Nothing was begun, and its repeat would fare no better.
      return failure(400, refusedConnect(reply.reason, reply.detail));
    case "contact_failed":
    case "case_failed":
    case "session_failed":
    case "chat_request_failed":
    case "service_failed":
    case "opening_timeout":
      return failure(500, refusedConnect(reply.reason, reply.detail));
    case "expired":
      return unavailable(refusedConnect(reply.reason, reply.detail));
    case "no_chat":
      return failure(404, `${failed.finish} : this contact does not have an interconnection`);
    case "never_connected":
      return failure(404, `${failed.finish} : error not found interconnection: not found interconnection`);
    default:
      return unreachable(reply.reason);
  }
}
