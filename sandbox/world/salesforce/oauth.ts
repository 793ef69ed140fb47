/**
 * OAuth of the simulated org: the grants username-password, client credentials and JWT bearer, and the access tokens it gave out.
 * Tokens live a set time and can be expired at once. Facts from Salesforce help, "OAuth 2.0 Username-Password Flow", "Client
 * Credentials Flow" and "JWT Bearer Flow".
 * Used by the Salesforce system: the token resource, and the check before every data call.
 */
import { verify } from "node:crypto";

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
  /** PEM of the key that assertions are signed with; null: the connected app has no certificate. */
  readonly jwtPublicKey: string | null;
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
      const refusal = refusalOf(call, settings, instanceUrl, clock.nowMs());
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

type Refusal = readonly [error: string, description: string] | undefined;

const JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";

function refusalOf(call: Call, settings: OauthSettings, audience: string, nowMs: number): Refusal {
  if (call.method !== "POST") {
    return ["invalid_request", "must use HTTP POST"];
  }
  const contentType = call.headers["content-type"] ?? "";
  if (!contentType.startsWith("application/x-www-form-urlencoded")) {
    return ["invalid_request", "content type must be application/x-www-form-urlencoded"];
  }
  const form = new URLSearchParams(call.body.toString("utf8"));
  switch (form.get("grant_type")) {
    case null:
      return ["invalid_request", "grant type missing"];
    case "password":
      return (
        refusalOfApp(form, settings, ["client_id", "client_secret", "username", "password"]) ??
        refusalOfUser(form, settings)
      );
    case "client_credentials":
      return refusalOfApp(form, settings, ["client_id", "client_secret"]);
    case JWT_GRANT:
      return refusalOfAssertion(form.get("assertion") ?? "", settings, audience, nowMs);
    default:
      return ["unsupported_grant_type", "grant type not supported"];
  }
}

function refusalOfApp(form: URLSearchParams, settings: OauthSettings, fields: readonly string[]): Refusal {
  const missing = fields.find((name) => (form.get(name) ?? "") === "");
  if (missing !== undefined) {
    return ["invalid_request", `${missing} missing`];
  }
  if (form.get("client_id") !== settings.clientId) {
    return ["invalid_client_id", "client identifier invalid"];
  }
  return form.get("client_secret") === settings.clientSecret
    ? undefined
    : ["invalid_client", "invalid client credentials"];
}

function refusalOfUser(form: URLSearchParams, settings: OauthSettings): Refusal {
  const isUser =
    form.get("username") === settings.username && form.get("password") === settings.password + settings.securityToken;
  return isUser ? undefined : ["invalid_grant", "authentication failure"];
}

/** Longest time that an assertion may have left. */
const ASSERTION_MAX_SECONDS = 180;

function refusalOfAssertion(assertion: string, settings: OauthSettings, audience: string, nowMs: number): Refusal {
  const [head = "", body = "", signature = ""] = assertion.split(".");
  const header = jsonOf(head);
  const claims = jsonOf(body);
  const signed =
    settings.jwtPublicKey !== null &&
    header.alg === "RS256" &&
    verify("sha256", Buffer.from(`${head}.${body}`), settings.jwtPublicKey, Buffer.from(signature, "base64url"));
  if (!signed) {
    return ["invalid_grant", "invalid assertion"];
  }
  if (claims.iss !== settings.clientId) {
    return ["invalid_client_id", "client identifier invalid"];
  }
  if (claims.aud !== audience) {
    return ["invalid_grant", "audience is invalid"];
  }
  const leftSeconds = Number(claims.exp) - nowMs / 1000;
  if (!(leftSeconds > 0 && leftSeconds <= ASSERTION_MAX_SECONDS)) {
    return ["invalid_grant", "assertion expired or too far in the future"];
  }
  return claims.sub === settings.username ? undefined : ["invalid_grant", "user hasn't approved this consumer"];
}

function jsonOf(part: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch (error) {
    if (error instanceof SyntaxError) {
      return {};
    }
    throw error;
  }
}
