/**
 * OAuth of the simulated org: the username-password grant, and the access tokens it gave out.
 * Tokens live a set time and can be expired at once. Facts from Salesforce help, "OAuth 2.0 Username-Password Flow".
 * Used by the Salesforce system: the token resource, and the check before every data call.
 */
import { json } from "../answers.ts";
import type { Answer, Call } from "../answers.ts";
import type { Clock } from "../clock.ts";
import type { Ids } from "../ids.ts";
import { DataError } from "./errors.ts";

/** Who may log in, and for how long. */
export interface OauthSettings {
  readonly organizationId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly username: string;
  readonly password: string;
  /** Glued to the password in the request. */
  readonly securityToken: string;
  /** Milliseconds; null: until expired on demand. */
  readonly tokenLifeMs: number | null;
}

/** The token side of the org. */
export interface Oauth {
  /** POST /services/oauth2/token */
  token(call: Call, instanceUrl: string): Answer;
  /** Throws INVALID_SESSION_ID unless the call carries a living token. */
  check(authorization: string | undefined): void;
  /** Ends all tokens given out so far. */
  expireAll(): void;
  /** How many tokens were given out. */
  issued(): number;
}

/** OAuth with these settings. */
export function oauth(settings: OauthSettings, clock: Clock, ids: Ids): Oauth {
  const living = new Map<string, number>();
  let issued = 0;
  return {
    token(call, instanceUrl) {
      const refusal = refusalOf(call, settings);
      if (refusal !== undefined) {
        return json(400, { error: refusal[0], error_description: refusal[1] });
      }
      const accessToken = `${settings.organizationId.slice(0, 15)}!AQ0A${ids.hex(80)}`;
      living.set(accessToken, settings.tokenLifeMs === null ? Infinity : clock.nowMs() + settings.tokenLifeMs);
      issued += 1;
      return json(200, {
        access_token: accessToken,
        instance_url: instanceUrl,
        id: `${instanceUrl}/id/${settings.organizationId}/0055g000000APIUSRA`,
        token_type: "Bearer",
        issued_at: String(clock.nowMs()),
        signature: Buffer.from(ids.hex(32), "hex").toString("base64"),
      });
    },
    check(authorization) {
      const token = /^(?:Bearer|OAuth) (.+)$/.exec(authorization ?? "")?.[1];
      if (token === undefined) {
        throw new DataError(401, "INVALID_AUTH_HEADER", "INVALID_AUTH_HEADER");
      }
      const untilMs = living.get(token);
      if (untilMs === undefined || untilMs <= clock.nowMs()) {
        living.delete(token);
        throw new DataError(401, "INVALID_SESSION_ID", "Session expired or invalid");
      }
    },
    expireAll() {
      living.clear();
    },
    issued: () => issued,
  };
}

function refusalOf(call: Call, settings: OauthSettings): readonly [error: string, description: string] | undefined {
  if (call.method !== "POST") {
    return ["invalid_request", "must use HTTP POST"];
  }
  const contentType = call.headers["content-type"] ?? "";
  if (!contentType.startsWith("application/x-www-form-urlencoded")) {
    return ["invalid_request", "content type must be application/x-www-form-urlencoded"];
  }
  const form = new URLSearchParams(call.body.toString("utf8"));
  const grant = form.get("grant_type");
  if (grant !== "password") {
    return grant === null
      ? ["invalid_request", "grant type missing"]
      : ["unsupported_grant_type", "grant type not supported"];
  }
  for (const name of ["client_id", "client_secret", "username", "password"]) {
    if ((form.get(name) ?? "") === "") {
      return ["invalid_request", `${name} missing`];
    }
  }
  if (form.get("client_id") !== settings.clientId) {
    return ["invalid_client_id", "client identifier invalid"];
  }
  if (form.get("client_secret") !== settings.clientSecret) {
    return ["invalid_client", "invalid client credentials"];
  }
  const isUser =
    form.get("username") === settings.username && form.get("password") === settings.password + settings.securityToken;
  return isUser ? undefined : ["invalid_grant", "authentication failure"];
}
