// The access token of the data API: one for the whole process, fetched on first use, renewed once for all callers when
// Salesforce refuses it. Parity sheet 7.2 (password grant). Owns no retry and no schedule. Used by data-api/api-call.ts.
import type { Outcome } from "../../processors/outcome.ts";
import type { Log } from "../../topology/ports.ts";
import { failedAnswer, withoutAnswer } from "../http/failed-call.ts";
import type { Failure } from "../http/failed-call.ts";
import type { HttpClient } from "../http/http-client.ts";
import { objectOf, parseJson, textOf } from "../http/json.ts";

/** How the service proves who it is. Further grants become further kinds. */
export interface PasswordGrant {
  readonly kind: "password";
  readonly clientId: string;
  readonly clientSecret: string;
  readonly username: string;
  readonly password: string;
  /** Follows the password without a separator; empty where the network is trusted. */
  readonly securityToken: string;
}

/** Where and how tokens are fetched. */
export interface OAuthOptions {
  readonly http: HttpClient;
  /** Origin of the login host, such as https://login.salesforce.com. */
  readonly loginUrl: string;
  readonly grant: PasswordGrant;
  readonly log: Log;
}

/** The process-wide token. A failure is never remembered: the next call asks again. */
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

/** Tokens by OAuth. Opens nothing before the first call. */
export function createAccessTokens(options: OAuthOptions): AccessTokens {
  let current: string | null = null;
  let fetching: Promise<Outcome<string>> | null = null;

  async function fetchToken(): Promise<Outcome<string>> {
    try {
      const outcome = await login(options);
      if (outcome.kind === "done") current = outcome.value;
      else options.log.warn({ outcome: outcome.kind, detail: outcome.detail }, "Salesforce login failed");
      return outcome;
    } finally {
      fetching = null;
    }
  }

  // The fetch belongs to all who wait for it: one caller that goes away must not cancel it for the others.
  function shared(signal: AbortSignal): Promise<Outcome<string>> {
    fetching ??= fetchToken();
    return unlessAborted(fetching, signal);
  }

  return {
    async get(signal) {
      return current === null ? shared(signal) : { kind: "done", value: current };
    },
    async renew(refused, signal) {
      if (current === refused) current = null;
      return current === null ? shared(signal) : { kind: "done", value: current };
    },
  };
}

async function login(options: OAuthOptions): Promise<Outcome<string>> {
  const { grant } = options;
  const form = new URLSearchParams({
    grant_type: grant.kind,
    client_id: grant.clientId,
    client_secret: grant.clientSecret,
    username: grant.username,
    password: grant.password + grant.securityToken,
  });
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
function reasonOf(body: Readonly<Record<string, unknown>>, grant: PasswordGrant): string | null {
  const code = textOf(body.error);
  if (code === null || !/^[a-z_]{1,60}$/.test(code)) return null;
  const description = textOf(body.error_description) ?? "";
  const { clientId, clientSecret, username, password, securityToken } = grant;
  const sent = [clientId, clientSecret, username, password, securityToken];
  const quotes = sent.some((value) => value !== "" && description.includes(value));
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
