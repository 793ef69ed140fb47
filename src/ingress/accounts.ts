// POST /v1/authenticate and GET /v1/tokens/check, with the original's bodies and texts.
import { failure, type Answer } from "./answer.ts";
import { firstJsonValue, readShape } from "./go-json.ts";
import type { LoginFailures } from "./login-failures.ts";
import type { Caller, Tokens } from "./tokens.ts";

/** The fields of its body. */
export const credentialsShape = { username: "string", password: "string", role: "string" } as const;

/** Answers a log-in. A `role` in the body grants nothing; it only changes the text of a refusal, as in the original. */
export function authenticate(tokens: Tokens, failures: LoginFailures, body: Buffer): Answer {
  const json = firstJsonValue(body);
  const read = json.ok ? readShape("Credentials", credentialsShape, json.value) : json;
  if (!read.ok) return failure(400, `Invalid payload received : ${read.problem}`);
  const { username, password, role } = read.value;
  const waitMs = failures.waitMs(username);
  if (waitMs > 0) {
    const answer = failure(429, "too many log-ins have failed, try again later");
    return { ...answer, headers: { "retry-after": String(Math.ceil(waitMs / 1000)) } };
  }
  const result = tokens.logIn(username, password);
  if ("token" in result) return { status: 200, body: { token: result.token } };
  failures.failed(username);
  const unknownName = result.refused === "username" && role === "";
  return failure(401, unknownName ? "username Invalid" : "Invalid credentials.");
}

/** Answers who a token stands for. */
export function tokenCheck({ username, role }: Caller): Answer {
  return { status: 200, body: { username, role } };
}
