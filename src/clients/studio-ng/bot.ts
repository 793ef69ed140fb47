// The bot port on Studio NG (parity sheet 7.5): fires the trigger of a state for a user. One try a call. Used by the channel
// gateway where STUDIO_NG_URL is set; it then serves every hand-back.
import type { BotPort } from "../../processors/channel/port.ts";
import { done } from "../../processors/outcome.ts";
import { failedAnswer, isSuccess, withoutAnswer } from "../http/failed-call.ts";
import type { HttpClient } from "../http/http-client.ts";
import { pathSegment } from "../http/path-segment.ts";

/** What the bot is made of. */
export interface StudioNgOptions {
  readonly http: HttpClient;
  /** STUDIO_NG_URL; with or without a slash at its end (defect H9). */
  readonly url: string;
  /** STUDIO_NG_TOKEN, sent as bearer; null sends none. */
  readonly token: string | null;
}

/** Hands users back by Studio NG, which knows the bot by the trigger alone: the slug is not sent. */
export function createStudioNgBot(options: StudioNgOptions): BotPort {
  const base = options.url.replace(/\/+$/, "");
  const headers = {
    "content-type": "application/json",
    ...(options.token === null || options.token === "" ? {} : { authorization: `Bearer ${options.token}` }),
  };
  return {
    async handBack({ userId, botState }, signal) {
      const state = pathSegment(botState);
      if (state === null) return { kind: "refused", detail: "bot state is no path segment", status: null };
      const answer = await options.http.call(
        {
          method: "POST",
          url: `${base}/v1/triggers/${state}/webhook`,
          headers,
          body: JSON.stringify({ userId }),
        },
        signal,
      );
      if (answer.kind === "noAnswer") return withoutAnswer(answer);
      return isSuccess(answer) ? done : failedAnswer(answer);
    },
  };
}
