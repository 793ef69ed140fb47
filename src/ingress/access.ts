// Who may call a route: finds the token in header or query, asks tokens.ts who it is, compares the role. In the order of the
// original's checks, with its texts; a malformed token is 401 as every other bad one, not 500.
import { failure, type Answer } from "./answer.ts";
import type { Caller, Role, Tokens } from "./tokens.ts";

/** What was asked of a route: the caller, or the answer that refuses them. */
export type Access = { readonly caller: Caller } | { readonly refusal: Answer };

/** The parts of a request that carry a token. */
export interface Credentials {
  /** Authorization header. */
  readonly authorization: string | undefined;
  /** Value of `?token=`; the header wins when it is not empty. */
  readonly queryToken: unknown;
}

/** Checks a request against the roles of its route. */
export function checkAccess(
  tokens: Tokens,
  roles: readonly Role[],
  { authorization, queryToken }: Credentials,
): Access {
  const fromQuery = firstText(queryToken);
  let token = fromQuery;
  if (authorization !== undefined && authorization !== "") {
    const [scheme, credentials, ...more] = authorization.split(" ");
    if (scheme !== "Bearer" || credentials === undefined || more.length > 0) {
      return { refusal: failure(401, "Invalid Authorization token, header invalid.") };
    }
    token = credentials;
  } else if (fromQuery === "") {
    return { refusal: failure(401, "An Authorization header or an Query Param with name token is required.") };
  }
  const caller = tokens.callerOf(token);
  if (caller === null) return { refusal: failure(401, "Invalid Authorization token.") };
  return roles.includes(caller.role) ? { caller } : { refusal: failure(403, "Invalid Authorization token.") };
}

function firstText(value: unknown): string {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === "string" ? first : "";
}
