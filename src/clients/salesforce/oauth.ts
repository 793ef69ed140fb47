// The access token of the data API: one for the whole process, fetched on first use, renewed once for all callers when
// Salesforce refuses it. A refused login is not repeated at once: an org locks a user out after a few. Owns no retry and no
// schedule (keep-alive.ts). What is sent is grants.ts. Parity sheet 7.2. Used by data-api/api-call.ts.
import type { Outcome } from "../../processors/outcome.ts";
import type { Clock, Log } from "../../topology/ports.ts";
import { failedAnswer, withoutAnswer } from "../http/failed-call.ts";
import type { Failure } from "../http/failed-call.ts";
import type { HttpClient } from "../http/http-client.ts";
import { objectOf, parseJson, textOf } from "../../processors/json.ts";
import { checkGrant, privateParts, tokenForm, type Grant } from "./grants.ts";
import { isKnownHost } from "./salesforce-hosts.ts";

/** Where and how tokens are fetched. */
export interface OAuthOptions {
  readonly http: HttpClient;
  /** Origin of the login host, such as https://login.salesforce.com. */
  readonly loginUrl: string;
  readonly grant: Grant;
  /** Addresses whose hosts may stand in a login's instance_url, beside those of Salesforce's own domains. */
  readonly knownAddresses: readonly string[];
  readonly log: Log;
  /** A hold is kept by the monotonic one: a clock that is set back must not lengthen it. */
  readonly clock: Pick<Clock, "now" | "monotonicMs">;
}

/**
 * The process-wide token. A refused login holds the next one back, for longer each time: until then callers are given the same
 * refusal. Any other failure is not remembered: the next call asks again. Only a login that succeeds forgets the refusals before it.
 */
export interface AccessTokens {
  /** The current token, fetched when there is none. Concurrent callers share one fetch. */
  get(signal: AbortSignal): Promise<Outcome<string>>;
  /**
   * A token other than `refused`. When another caller has renewed it meanwhile, that one at once; else one fetch for all
   * who ask.
   */
  renew(refused: string, signal: AbortSignal): Promise<Outcome<string>>;
}

const aborted: Failure = {
  kind: "retry",
  detail: "aborted",
  status: null,
  mayHaveHappened: false,
  retryAfterMs: null,
};

/** Wait after the first refused login; doubles with each further one up to the longest, which is an org's usual lock-out. */
const firstHoldMs = 5_000;
const longestHoldMs = 15 * 60_000;

/** Tokens by OAuth. Opens nothing before the first call. Throws when the key of the grant is none. */
export function createAccessTokens(options: OAuthOptions): AccessTokens {
  checkGrant(options.grant);
  let current: string | null = null;
  let fetching: Promise<Outcome<string>> | null = null;
  let refused: { readonly outcome: Failure; readonly times: number; readonly untilMs: number } | null = null;

  async function fetchToken(): Promise<Outcome<string>> {
    try {
      const outcome = await login(options);
      if (outcome.kind === "done") current = outcome.value;
      else options.log.warn({ outcome: outcome.kind, detail: outcome.detail }, "Salesforce login failed");
      // Trouble in between does not tell that the login is right again.
      if (outcome.kind === "done") refused = null;
      else if (outcome.kind === "refused")
        refused = heldBack(outcome, refused?.times ?? 0, options.clock.monotonicMs());
      return outcome;
    } finally {
      fetching = null;
    }
  }

  // The fetch belongs to all who wait for it: one caller that goes away must not cancel it for the others.
  function shared(signal: AbortSignal): Promise<Outcome<string>> {
    if (refused !== null && options.clock.monotonicMs() < refused.untilMs) return Promise.resolve(refused.outcome);
    fetching ??= fetchToken();
    return unlessAborted(fetching, signal);
  }

  return {
    async get(signal) {
      return current === null ? shared(signal) : { kind: "done", value: current };
    },
    async renew(stale, signal) {
      if (current === stale) current = null;
      return current === null ? shared(signal) : { kind: "done", value: current };
    },
  };
}

function heldBack(outcome: Failure, timesBefore: number, nowMs: number) {
  const holdMs = Math.min(longestHoldMs, firstHoldMs * 2 ** Math.min(timesBefore, 20));
  return { outcome, times: timesBefore + 1, untilMs: nowMs + holdMs };
}

async function login(options: OAuthOptions): Promise<Outcome<string>> {
  const { grant } = options;
  const form = new URLSearchParams(tokenForm(grant, options.loginUrl, options.clock.now()));
  const answer = await options.http.call(
    {
      method: "POST",
      url: `${options.loginUrl}/services/oauth2/token`,
      headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
      body: form.toString(),
    },
    null,
  );
  if (answer.kind === "noAnswer") return loginFailure(withoutAnswer(answer));
  const body = objectOf(parseJson(answer.body));
  if (answer.status !== 200) return loginFailure(failedAnswer(answer, reasonOf(body, grant)));
  const token = textOf(body.access_token);
  if (token === null) return { kind: "broken", detail: "Salesforce login: no access_token", status: 200 };
  const instance = textOf(body.instance_url);
  // A token of an org that we never asked is not sent anywhere. Calls go to SFC_BASE_URL whatever the answer says.
  if (instance !== null && !isKnownHost(instance, options.knownAddresses))
    return { kind: "broken", detail: "Salesforce login: instance_url names a host that is not known", status: 200 };
  return { kind: "done", value: token };
}

/** A login changes nothing: whatever came of it, what it was for has not happened. */
function loginFailure(failure: Failure): Failure {
  const detail = `Salesforce login: ${failure.detail}`;
  return failure.kind === "retry" ? { ...failure, detail, mayHaveHappened: false } : { ...failure, detail };
}

/**
 * `error: error_description` as Salesforce words them, such as `invalid_grant: authentication failure`. A description that
 * quotes what was sent is left out.
 */
function reasonOf(body: Readonly<Record<string, unknown>>, grant: Grant): string | null {
  const code = textOf(body.error);
  if (code === null || !/^[a-z_]{1,60}$/.test(code)) return null;
  const description = textOf(body.error_description) ?? "";
  const quotes = privateParts(grant).some((value) => description.includes(value));
  return !quotes && /^[\w ,.'/-]{1,120}$/.test(description) ? `${code}: ${description}` : code;
}

function unlessAborted(work: Promise<Outcome<string>>, signal: AbortSignal): Promise<Outcome<string>> {
  if (signal.aborted) return Promise.resolve(aborted);
  const { promise, resolve, reject } = Promise.withResolvers<Outcome<string>>();
  const onAbort = () => resolve(aborted);
  signal.addEventListener("abort", onAbort, { once: true });
  work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  return promise;
}
