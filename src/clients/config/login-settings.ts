// Which grant the service logs in to Salesforce with, and what that grant needs. The single settings are
// salesforce-settings.ts's. Called by together.ts and settings-shape.ts.
import { createPrivateKey } from "node:crypto";

import type { SettingValues } from "./schema.ts";

/** A grant and what it needs. */
export type LoginSettings =
  | {
      readonly kind: "password";
      readonly clientId: string;
      readonly clientSecret: string;
      readonly username: string;
      readonly password: string;
      /** Empty when there is none. */
      readonly securityToken: string;
    }
  | { readonly kind: "client_credentials"; readonly clientId: string; readonly clientSecret: string }
  | {
      readonly kind: "jwt_bearer";
      readonly clientId: string;
      readonly username: string;
      /** RSA private key, PEM. */
      readonly key: string;
    };

type GrantName = LoginSettings["kind"];
type LoginValues = Partial<SettingValues>;

const needs = {
  password: ["SFC_CLIENT_SECRET", "SFC_USERNAME", "SFC_PASSWORD"],
  client_credentials: ["SFC_CLIENT_SECRET"],
  jwt_bearer: ["SFC_USERNAME", "SFC_JWT_KEY"],
} as const;

function grantOf(values: LoginValues): GrantName {
  if (typeof values.SFC_GRANT === "string") return values.SFC_GRANT;
  // Undefined: given, but of a wrong form; that mistake is told already.
  if (values.SFC_PASSWORD !== null) return "password";
  return values.SFC_JWT_KEY !== null ? "jwt_bearer" : "client_credentials";
}

/** What the grant lacks. */
export function loginContradictions(
  values: LoginValues,
): readonly { readonly name: string; readonly problem: string }[] {
  const grant = grantOf(values);
  const why =
    values.SFC_GRANT === null ? `with the grant ${grant}, which SFC_GRANT defaults to` : `with SFC_GRANT ${grant}`;
  const lacking = needs[grant].filter((name) => values[name] === null);
  const found = lacking.map((name) => ({ name, problem: `is required ${why}` }));
  const key = grant === "jwt_bearer" ? values.SFC_JWT_KEY : null;
  if (typeof key === "string" && !isRsaKey(key)) found.push({ name: "SFC_JWT_KEY", problem: "must be an RSA key" });
  return found;
}

/** The form is looked at before; whether there is a key in it shows here. */
function isRsaKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === "rsa";
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
}

/** The grant with what it needs; loginContradictions found nothing. */
export function arrangeLogin(values: SettingValues): LoginSettings {
  const clientId = values.SFC_CLIENT_ID;
  const clientSecret = values.SFC_CLIENT_SECRET ?? "";
  const username = values.SFC_USERNAME ?? "";
  const kind = grantOf(values);
  switch (kind) {
    case "password": {
      const password = values.SFC_PASSWORD ?? "";
      return { kind, clientId, clientSecret, username, password, securityToken: values.SFC_SECURITY_TOKEN ?? "" };
    }
    case "client_credentials":
      return { kind, clientId, clientSecret };
    case "jwt_bearer":
      return { kind, clientId, username, key: values.SFC_JWT_KEY ?? "" };
  }
}
