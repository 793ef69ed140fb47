// The bot port on Botrunner (parity sheet 7.4): moves a user to a state of the bot. One try a call. Used by the channel gateway.
import type { BotPort } from "../../processors/channel/port.ts";
import { done } from "../../processors/outcome.ts";
import type { Log } from "../../topology/ports.ts";
import { failedAnswer, isSuccess, withoutAnswer } from "../http/failed-call.ts";
import type { HttpClient } from "../http/http-client.ts";
import { pathSegment } from "../http/path-segment.ts";

/** What the bot is made of. */
export interface BotrunnerOptions {
  readonly http: HttpClient;
  readonly log: Log;
  /** BOTRUNNER_URL; null means that there is no bot platform. A trailing slash is ignored. */
  readonly url: string | null;
  /** BOTRUNNER_TOKEN, sent as `?jwt=`; null sends none. */
  readonly token: string | null;
}

/**
 * Hands users back by Botrunner. Without a URL every hand-back is done at once, with one warning: the original's process
 * died there.
 */
export function createBot(options: BotrunnerOptions): BotPort {
  return options.url === null || options.url === "" ? createNoBot(options.log) : createBotrunner(options, options.url);
}

function createNoBot(log: Log): BotPort {
  let hasWarned = false;
  return {
    async handBack() {
      if (!hasWarned) {
        hasWarned = true;
        const settings = ["BOTRUNNER_URL", "STUDIO_NG_URL"];
        log.warn({ settings }, "no bot platform is set: users are not handed back to a bot");
      }
      return done;
    },
  };
}

function createBotrunner(options: BotrunnerOptions, url: string): BotPort {
  const base = url.replace(/\/+$/, "");
  const query = options.token === null || options.token === "" ? "" : `?jwt=${encodeURIComponent(options.token)}`;
  return {
    async handBack({ userId, botSlug, botState }, signal) {
      // The caller of connect chooses it (defect F10).
      const slug = pathSegment(botSlug);
      if (slug === null) return { kind: "refused", detail: "bot slug is no path segment", status: null };
      const answer = await options.http.call(
        {
          method: "POST",
          url: `${base}/${slug}/send-to${query}`,
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ message: "", state: botState, userId }),
        },
        signal,
      );
      if (answer.kind === "noAnswer") return withoutAnswer(answer);
      return isSuccess(answer) ? done : failedAnswer(answer);
    },
  };
}
