// What the product needs of the user's side: a channel that delivers texts, and a bot that takes the user back.
import type { Channel } from "../messages/generated.ts";
import type { Done } from "../outcome.ts";

/** Delivers texts to users. */
export interface ChannelPort {
  /** Delivers one text. `messageId` is the same in every repeat of the same text. */
  say(
    message: { readonly channel: Channel; readonly userId: string; readonly messageId: string; readonly text: string },
    signal: AbortSignal,
  ): Promise<Done>;
}

/** Takes users back. */
export interface BotPort {
  /** Moves the user to a state of the bot. Repeating does no harm beyond a repeated greeting. */
  handBack(
    request: { readonly userId: string; readonly botSlug: string; readonly botState: string },
    signal: AbortSignal,
  ): Promise<Done>;
}
