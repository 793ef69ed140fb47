// How the service proves to Salesforce who it is: the three OAuth grants, and the form that each one sends to the token
// resource. Facts: Salesforce help, "OAuth 2.0 Username-Password Flow", "Client Credentials Flow" and "JWT Bearer Flow".
// Sends nothing itself. Used by oauth.ts.
import { createPrivateKey } from "node:crypto";

import jwt from "jsonwebtoken";

/** The integration user's own password; what the original does. */
export interface PasswordGrant {
  readonly kind: "password";
  readonly clientId: string;
  readonly clientSecret: string;
  readonly username: string;
  readonly password: string;
  /** Follows the password without a separator; empty where the network is trusted. */
  readonly securityToken: string;
}

/** The connected app alone; the org names the user it runs as. */
export interface ClientCredentialsGrant {
  readonly kind: "client_credentials";
  readonly clientId: string;
  readonly clientSecret: string;
}

/** A signed statement instead of a password: the org holds the certificate of `key`. */
export interface JwtBearerGrant {
  readonly kind: "jwt_bearer";
  readonly clientId: string;
  readonly username: string;
  /** RSA private key, PEM. */
  readonly key: string;
}

/** How the service proves who it is. */
export type Grant = PasswordGrant | ClientCredentialsGrant | JwtBearerGrant;

/** Salesforce takes assertions that end within three minutes; the two clocks may differ. */
const assertionLifeSeconds = 120;

/** Throws when the grant's key is none that can sign: a mistake of the settings, told at the start. */
export function checkGrant(grant: Grant): void {
  if (grant.kind !== "jwt_bearer") return;
  try {
    if (createPrivateKey(grant.key).asymmetricKeyType === "rsa") return;
  } catch (error) {
    throw new Error("SFC_JWT_KEY can't be read as a private key", { cause: error });
  }
  throw new Error("SFC_JWT_KEY is no RSA key");
}

/** The fields of a token request, for a grant that checkGrant took. `nowMs` is epoch milliseconds. */
export function tokenForm(grant: Grant, loginUrl: string, nowMs: number): Readonly<Record<string, string>> {
  switch (grant.kind) {
    case "password":
      return {
        grant_type: "password",
        client_id: grant.clientId,
        client_secret: grant.clientSecret,
        username: grant.username,
        password: grant.password + grant.securityToken,
      };
    case "client_credentials":
      return { grant_type: "client_credentials", client_id: grant.clientId, client_secret: grant.clientSecret };
    case "jwt_bearer":
      return {
        grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
        assertion: assertion(grant, loginUrl, Math.floor(nowMs / 1000)),
      };
  }
}

function assertion(grant: JwtBearerGrant, audience: string, nowSeconds: number): string {
  const claims = { iss: grant.clientId, sub: grant.username, aud: audience, exp: nowSeconds + assertionLifeSeconds };
  return jwt.sign(claims, grant.key, { algorithm: "RS256", noTimestamp: true });
}

/** What a grant holds that no text of an error may quote. */
export function privateParts(grant: Grant): readonly string[] {
  const { kind: _kind, ...parts } = grant;
  return Object.values(parts).filter((part) => part !== "");
}
