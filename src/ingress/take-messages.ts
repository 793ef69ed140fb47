// The end of every webhook: its messages go to the broker, and its sender hears 200 only when the broker has them all. Repeats
// are the processor's to drop, by message id: a mark set here could outlive a failed produce. Called by the webhooks' files.
import type { ChannelMessage } from "../processors/messages/generated.ts";
import type { Clock, Log } from "../topology/ports.ts";
import { success, unavailable, type Answer } from "./answer.ts";
import { within } from "./deadline.ts";
import type { IngressPorts } from "./ports.ts";

/** How a webhook takes messages. */
export interface WebhookOptions {
  /** CLIENT: goes into every record. */
  readonly client: string;
  /** Longest wait for the broker. */
  readonly partTimeoutMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** First half of the original's sentence about a message that was not taken. */
export const notInserted = "There was an error inserting integration message";

/** Answers 200 once the broker has all of the messages, else 503; whoever repeats the webhook repeats their ids. */
export async function takeMessages(
  ports: Pick<IngressPorts, "messages">,
  options: WebhookOptions,
  messages: readonly ChannelMessage[],
): Promise<Answer> {
  try {
    await within(options.partTimeoutMs, ports.messages.produce(...messages));
    return success("insert success");
  } catch (error) {
    options.log.warn({ error }, "the broker did not acknowledge, message not taken");
    return unavailable(`${notInserted} : the message broker does not answer`);
  }
}
