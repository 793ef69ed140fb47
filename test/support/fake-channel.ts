// The user's side: a phone that shows each message id once, as WhatsApp's channel does (Facebook's knows none), and a bot that is given users. Keeps what
// came, in order. For tests of the topology.
import type { BotPort, ChannelPort } from "../../src/processors/channel/port.ts";
import type { Done } from "../../src/processors/outcome.ts";

/** What becomes of a call instead of success. */
export type ChannelFault = "lost reply" | "not done" | "refused";

/** A text as it was sent to the channel. */
export interface SentText {
  readonly userId: string;
  readonly messageId: string;
  readonly text: string;
}

/** A user given to the bot. */
export interface HandedBack {
  readonly userId: string;
  readonly botSlug: string;
  readonly botState: string;
}

/** The phone and the bot. */
export interface FakeChannel {
  readonly channel: ChannelPort;
  readonly bot: BotPort;
  /** What the phones show, in the order in which it came. */
  readonly shown: readonly SentText[];
  /** Every call, repeats included. */
  readonly sent: readonly SentText[];
  readonly handedBack: readonly HandedBack[];
  /** The next calls meet these faults. */
  fail(call: "say" | "handBack", ...faults: readonly ChannelFault[]): void;
}

/** Phones that show nothing yet. */
export function createFakeChannel(): FakeChannel {
  const shown: SentText[] = [];
  const sent: SentText[] = [];
  const handedBack: HandedBack[] = [];
  const faults = new Map<string, ChannelFault[]>();
  const known = new Set<string>();

  async function call(name: "say" | "handBack", work: () => void): Promise<Done> {
    await Promise.resolve();
    const fault = faults.get(name)?.shift();
    if (fault === "refused") return { kind: "refused", detail: "400 fault", status: 400 };
    if (fault !== "not done") work();
    if (fault === undefined) return { kind: "done", value: null };
    const mayHaveHappened = fault === "lost reply";
    return { kind: "retry", detail: "503 fault", status: 503, mayHaveHappened, retryAfterMs: null };
  }

  return {
    shown,
    sent,
    handedBack,
    channel: {
      say: ({ channel, userId, messageId, text }) =>
        call("say", () => {
          sent.push({ userId, messageId, text });
          // What goes to Facebook has no place for an id: every repeat is shown.
          if (channel !== "facebook" && known.has(messageId)) return;
          known.add(messageId);
          shown.push({ userId, messageId, text });
        }),
    },
    bot: { handBack: (request) => call("handBack", () => void handedBack.push(request)) },
    fail(name, ...more) {
      faults.set(name, [...(faults.get(name) ?? []), ...more]);
    },
  };
}
