// Who a caller is: log-in by name and password, tokens that say so afterwards, and whether one is genuine. Accepts the tokens of
// the service before this one while told so. How a token travels and what a role may do is access.ts's.
import { createHash, createHmac, createSecretKey, randomBytes, timingSafeEqual } from "node:crypto";

import jwt from "jsonwebtoken";

/** Roles of callers. */
export type Role = "YALO_ROLE" | "SALESFORCE_ROLE";

/** Somebody who may call. */
export interface Account {
  readonly username: string;
  readonly password: string;
  readonly role: Role;
}

/** Who a token stands for. */
export interface Caller {
  readonly username: string;
  readonly role: Role;
  /** True for a token of the service before this one. */
  readonly legacy: boolean;
}

/** What tokens are made with. */
export interface TokenOptions {
  readonly secretKey: string;
  readonly tokenTtlMs: number;
  readonly legacyTokens: "accept" | "refuse";
  readonly accounts: readonly Account[];
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Tokens and passwords of the configured accounts. */
export interface Tokens {
  /** A token, or why there is none: nobody has the name, or the password is another. */
  logIn(username: string, password: string): { readonly token: string } | { readonly refused: "username" | "password" };
  /** The caller; null for a token that is forged, malformed, expired, or of an account that has changed. */
  callerOf(token: string): Caller | null;
}

/** Makes both. Tokens are HS384; they hold no password, and die with TOKEN_TTL or with the account's password. */
export function createTokens(options: TokenOptions): Tokens {
  const { secretKey, accounts, now } = options;
  const key = createSecretKey(secretKey, "utf8");
  const accountMark = (account: Account): string =>
    createHmac("sha384", key)
      .update(`account\0${account.username}\0${account.password}`)
      .digest("base64url")
      .slice(0, 22);

  return {
    logIn(username, password) {
      const named = accounts.filter((account) => sameText(account.username, username));
      // With one name for both the original lets the Salesforce account win.
      const account = named.find(({ role }) => role === "SALESFORCE_ROLE") ?? named[0];
      if (account === undefined) return { refused: "username" };
      if (!sameText(account.password, password)) return { refused: "password" };
      const issuedAt = Math.floor(now() / 1000);
      const expiresAt = Math.floor((now() + options.tokenTtlMs) / 1000);
      const { role } = account;
      const claims = { acc: accountMark(account), exp: expiresAt, iat: issuedAt, role, username: account.username };
      return { token: jwt.sign(claims, key, { algorithm: "HS384" }) };
    },
    callerOf(token) {
      const verified = verify(token, key, now());
      if (verified === null) return null;
      const { claims, algorithm } = verified;
      const account = accounts.find(({ role }) => role === claims["role"]);
      if (account === undefined || !sameText(account.username, claims["username"])) return null;
      const { username, role } = account;
      if (claims["password"] === undefined) {
        const ours = algorithm === "HS384" && typeof claims["exp"] === "number";
        return ours && sameText(accountMark(account), claims["acc"]) ? { username, role, legacy: false } : null;
      }
      // As the original's library has it. Ours are not asked: instances' clocks differ.
      if (typeof claims["iat"] === "number" && claims["iat"] > Math.floor(now() / 1000)) return null;
      const accepted = options.legacyTokens === "accept" && sameText(sha1(account.password), claims["password"]);
      return accepted ? { username, role, legacy: true } : null;
    },
  };
}

function verify(
  token: string,
  key: ReturnType<typeof createSecretKey>,
  nowMs: number,
): { claims: Readonly<Record<string, unknown>>; algorithm: string } | null {
  try {
    const { header, payload } = jwt.verify(token, key, {
      // What the original accepted; none and the asymmetric ones are out.
      algorithms: ["HS256", "HS384", "HS512"],
      clockTimestamp: Math.floor(nowMs / 1000),
      complete: true,
    });
    return typeof payload === "string" ? null : { claims: payload, algorithm: header.alg };
  } catch {
    // Whatever the library says of a token, with whichever error class: it is none of ours.
    return null;
  }
}

// The hash that the original's tokens carry.
function sha1(password: string): string {
  return createHash("sha1").update(password).digest("hex");
}

const compareKey = randomBytes(32);

/** Compares in a time that tells nothing about where the texts differ. */
function sameText(expected: string, given: unknown): boolean {
  if (typeof given !== "string") return false;
  const digest = (text: string): Buffer => createHmac("sha256", compareKey).update(text).digest();
  return timingSafeEqual(digest(expected), digest(given));
}
