// Performs the commands of the channel lane: texts to the user, and the hand-back to the bot. One try a call; the lane
// repeats. Repeat-safe: a text carries the same message id in every try.
import type { ChannelCommand } from "../interconnection/commands.ts";
import { again } from "../again.ts";
import type { Effect, Try } from "../effect.ts";
import type { Done } from "../outcome.ts";
import { unreachable } from "../unreachable.ts";
import type { BotPort, ChannelPort } from "./port.ts";

/** Carries out the commands of the channel lane. */
export interface ChannelGateway {
  /** One try. Never rejects but by a defect; the ports classify what goes wrong outside. */
  perform(command: ChannelCommand, attempt: Try): Promise<Effect>;
}

/** Pause after a refusal: what it needs is mostly done by a person. */
const afterRefusalMs = 60_000;

/** The gateway on its two ports. */
export function createChannelGateway(ports: { readonly channel: ChannelPort; readonly bot: BotPort }): ChannelGateway {
  return {
    async perform(command, { userId, signal }) {
      switch (command.kind) {
        case "SayToUser": {
          const { channel, messageId, text } = command;
          return effectOf(await ports.channel.say({ channel, userId, messageId, text }, signal));
        }
        case "HandBack": {
          const { botSlug, botState } = command;
          return untilTaken(await ports.bot.handBack({ userId, botSlug, botState }, signal));
        }
        default:
          return unreachable(command);
      }
    },
  };
}

/**
 * Somebody must have the user: a bot platform that refuses (a token that has run out, a bot that is not deployed) is asked again, slowly.
 * What no answer of it can mend, because we could not even ask, is not.
 */
function untilTaken(outcome: Done): Effect {
  if ((outcome.kind !== "refused" && outcome.kind !== "broken") || outcome.status === null) return effectOf(outcome);
  const { detail: reason } = outcome;
  const again = { mayHaveHappened: false, retryAfterMs: afterRefusalMs, postSequence: null };
  return { kind: "again", reason, ...again, refused: true };
}

function effectOf(outcome: Done): Effect {
  switch (outcome.kind) {
    case "done":
      return { kind: "finished", outcome: "done", reason: null, postSequence: null, data: null };
    case "refused":
    case "broken":
      return { kind: "finished", outcome: outcome.kind, reason: outcome.detail, postSequence: null, data: null };
    case "retry":
      return again(outcome);
  }
}
