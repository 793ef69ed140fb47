// The routes that tell the Integrations API where our webhooks are, and that they are gone. Owns their answers, in the
// original's words; the call is the port's. Called by ingress.ts.
import type { Done } from "../processors/outcome.ts";
import { delayMs, registrationTries } from "../topology/policies.ts";
import type { Clock, Log } from "../topology/ports.ts";
import { sleep } from "../topology/retry.ts";
import { failure, success, type Answer } from "./answer.ts";
import type { IngressPorts } from "./ports.ts";

/** How registrations are made. */
export interface RegistrationOptions {
  /** Path of the webhook of each provider. */
  readonly paths: Readonly<Record<Provider, string>>;
  /** Longest wait for the Integrations API. */
  readonly replyTimeoutMs: number;
  /** Resolves when the edge stops: nobody is waited for any more. */
  readonly stopping: Promise<undefined>;
  readonly clock: Clock;
  readonly log: Log;
}

/** What the original calls a channel here. */
type Provider = "whatsapp" | "facebook";

/** The two routes. */
export interface WebhookRegistrationRoutes {
  register(provider: string): Promise<Answer>;
  remove(provider: string): Promise<Answer>;
}

/** Makes them. Whatever goes wrong is one sentence to the caller, as in the original; the log says what it was. */
export function createWebhookRegistration(
  { registrations }: Pick<IngressPorts, "registrations">,
  options: RegistrationOptions,
): WebhookRegistrationRoutes {
  const { paths, log } = options;
  async function carryOut(
    words: { readonly done: string; readonly failed: string },
    provider: string,
    call: (provider: Provider, signal: AbortSignal) => Promise<Done>,
  ): Promise<Answer> {
    const outcome = isProvider(provider)
      ? await inTime(options, (signal) => call(provider, signal))
      : ({ kind: "refused", detail: "the provider is unknown", status: null } as const);
    if (outcome.kind === "done") return success(`${words.done} webhook success with provider : ${provider}`);
    const { kind, detail } = outcome;
    log.warn({ outcome: kind, detail }, "a webhook registration was not changed");
    return failure(500, words.failed);
  }
  return {
    register: (provider) =>
      carryOut({ done: "Register", failed: "error register webhook" }, provider, (known, signal) =>
        registrations.register(known, paths[known], signal),
      ),
    remove: (provider) =>
      carryOut({ done: "Remove", failed: "error remove webhook" }, provider, (known, signal) =>
        registrations.remove(known, signal),
      ),
  };
}

function isProvider(word: string): word is Provider {
  return word === "whatsapp" || word === "facebook";
}

/** Repeats what may go better, within the time of its caller; answers as the last try did. */
async function inTime(options: RegistrationOptions, call: (signal: AbortSignal) => Promise<Done>): Promise<Done> {
  const tooLate = new AbortController();
  const { signal } = tooLate;
  const cancel = options.clock.after(options.replyTimeoutMs, () => {
    tooLate.abort();
  });
  void options.stopping.then(() => {
    tooLate.abort();
  });
  try {
    for (let tries = 1; ; tries += 1) {
      const outcome = await call(signal);
      if (outcome.kind !== "retry" || tries >= registrationTries.maxTries) return outcome;
      // Nobody else registers at the same moment: no chance is needed.
      await sleep(options.clock, delayMs(registrationTries, tries, 1, outcome.retryAfterMs), signal);
      if (signal.aborted) return outcome;
    }
  } finally {
    cancel();
  }
}
