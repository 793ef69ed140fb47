// The line that operators look for when a connect was refused, whoever asked for it and whoever has waited: by HTTP, by topic, or after
// a 202. In the words of the HTTP answer. Without personal data: the reason, and the cause in the other side's words. Called by the turn,
// once it is saved.
import type { Decision, Input } from "../processors/interconnection/decision.ts";
import { refusedConnect } from "../processors/interconnection/refusal-texts.ts";
import type { Log } from "./ports.ts";

/** A line for every connect that a decision has refused. */
export function tellRefusedConnects({ facts }: Pick<Decision, "facts">, input: Input, log: Log): void {
  for (const { kind, requestId, chatId, reason, detail } of facts) {
    if (kind !== "refused" || isOfOther(input, requestId)) continue;
    const { userId } = input.record;
    log.warn({ requestId, userId, chatId, refusal: refusedConnect(reason, detail) }, "a connect was refused");
  }
}

/** A finish or an operator's request that was itself refused. One that ends the opening refuses a connect of another id. */
function isOfOther({ topic, record }: Input, requestId: string | null): boolean {
  return topic === "chat-requests" && record.body.type !== "Connect" && record.requestId === (requestId ?? "");
}
