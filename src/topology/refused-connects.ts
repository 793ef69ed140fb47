// The line that operators look for when a connect was refused, whoever asked for it and whoever has waited: by HTTP, by topic, or after
// a 202. Without personal data: the reason, and the cause in the other side's words. Called by the turn, once it is saved.
import type { Decision, Input } from "../processors/interconnection/decision.ts";
import type { Log } from "./ports.ts";

/** A line for every connect that a decision has refused. */
export function tellRefusedConnects({ facts }: Pick<Decision, "facts">, input: Input, log: Log): void {
  for (const { kind, requestId, chatId, reason, detail } of facts) {
    if (kind !== "refused" || isOfOther(input, requestId)) continue;
    // The original's sentence for it has no blank before the colon; every other one names its cause.
    const cause = reason === "contact_blocked" ? "this contact is blocked" : (detail ?? reason);
    log.warn({ requestId, chatId, refusal: `could not create chat in salesforce: ${cause}` }, "a connect was refused");
  }
}

/** A finish or an operator's request that was itself refused. One that ends the opening refuses a connect of another id. */
function isOfOther({ topic, record }: Input, requestId: string | null): boolean {
  return topic === "chat-requests" && record.body.type !== "Connect" && record.requestId === (requestId ?? "");
}
