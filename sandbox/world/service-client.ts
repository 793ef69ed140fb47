/**
 * The bot platform's calls to the service: log in, ask for an agent, learn what became of a late request, and what was said.
 * Called by the bot. Bodies and texts per the parity sheet, section 1.
 */
import { isObject, parseJson } from "./answers.ts";
import type { JsonObject } from "./answers.ts";
import { pause } from "./clock.ts";
import type { Clock } from "./clock.ts";
import type { Person } from "./people.ts";

/** The service that the bot works with. */
export interface ServiceAddress {
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

/** What became of a request for an agent. */
export type ConnectResult =
  | { readonly kind: "connected" }
  | { readonly kind: "refused"; readonly status: number; readonly reason: string }
  /** The service could not be asked, or did not say in time. */
  | { readonly kind: "unknown" };

/** The client. */
export interface ServiceClient {
  /** Asks for an agent; repeats while the service cannot be reached. */
  connect(person: Person, botSlug: string, botId: string): Promise<ConnectResult>;
  /** What the service has kept of the talk with a user, oldest first; undefined when it could not be asked. */
  context(userId: string): Promise<readonly JsonObject[] | undefined>;
}

/** What the client works with. */
export interface ServiceClientParts {
  readonly clock: Clock;
  readonly address: () => ServiceAddress | undefined;
  readonly stopped: AbortSignal;
}

interface Reply {
  readonly status: number;
  readonly body: JsonObject;
  readonly list: readonly JsonObject[];
}

const CALL_TIMEOUT_MS = 20_000;
const RETRY_PAUSE_MS = 250;
const RETRY_FOR_MS = 60_000;

/** A client without a token yet. */
export function serviceClient(parts: ServiceClientParts): ServiceClient {
  const state: Login = { token: undefined };
  return {
    async connect(person, botSlug, botId) {
      const { userId, name, email, phoneNumber, channel, extraData } = person;
      const body = {
        userID: userId,
        name,
        provider: channel,
        botSlug,
        botId,
        email,
        phoneNumber,
        extraData: extraData ?? {},
      };
      const untilMs = parts.clock.monotonicMs() + RETRY_FOR_MS;
      while (!parts.stopped.aborted && parts.clock.monotonicMs() < untilMs) {
        const reply = await authorised(parts, state, { method: "POST", path: "/v1/chats/connect", body });
        if (reply !== undefined && !isPassing(reply.status)) {
          return reply.status === 202 ? await late(parts, state, reply, untilMs) : resultOf(reply);
        }
        await pause(parts.clock, RETRY_PAUSE_MS, parts.stopped);
      }
      return { kind: "unknown" };
    },
    async context(userId) {
      const path = `/v1/context/${encodeURIComponent(userId)}`;
      const reply = await authorised(parts, state, { method: "GET", path });
      return reply?.status === 200 ? reply.list : undefined;
    },
  };
}

interface Login {
  token: string | undefined;
}

interface Request {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: unknown;
}

function isPassing(status: number): boolean {
  return status === 503 || status === 502 || status === 429;
}

/** A request that was taken but not decided in time: asks for its outcome until it is known. */
async function late(parts: ServiceClientParts, state: Login, first: Reply, untilMs: number): Promise<ConnectResult> {
  const id = first.body["requestId"] ?? first.body["RequestId"];
  if (typeof id !== "string") {
    return { kind: "unknown" };
  }
  const path = `/v1/chats/${encodeURIComponent(id)}`;
  while (!parts.stopped.aborted && parts.clock.monotonicMs() < untilMs) {
    const reply = await authorised(parts, state, { method: "GET", path });
    if (reply !== undefined && reply.status !== 202 && !isPassing(reply.status)) {
      return resultOf(reply);
    }
    await pause(parts.clock, RETRY_PAUSE_MS, parts.stopped);
  }
  return { kind: "unknown" };
}

function resultOf(reply: Reply): ConnectResult {
  if (reply.status === 200) {
    return { kind: "connected" };
  }
  const reason = reply.body["ErrorDescription"];
  return { kind: "refused", status: reply.status, reason: typeof reason === "string" ? reason : "" };
}

async function authorised(parts: ServiceClientParts, state: Login, request: Request): Promise<Reply | undefined> {
  for (let tries = 0; tries < 2; tries++) {
    state.token ??= await logIn(parts);
    if (state.token === undefined) {
      return undefined;
    }
    const reply = await send(parts, request, state.token);
    if (reply?.status !== 401) {
      return reply;
    }
    state.token = undefined;
  }
  return { status: 401, body: { ErrorDescription: "the service does not accept its own token" }, list: [] };
}

async function logIn(parts: ServiceClientParts): Promise<string | undefined> {
  const address = parts.address();
  if (address === undefined) {
    return undefined;
  }
  const { username, password } = address;
  const reply = await send(parts, { method: "POST", path: "/v1/authenticate", body: { username, password } });
  const token = reply?.status === 200 ? reply.body["token"] : undefined;
  return typeof token === "string" ? token : undefined;
}

async function send(parts: ServiceClientParts, request: Request, token?: string): Promise<Reply | undefined> {
  const address = parts.address();
  if (address === undefined) {
    return undefined;
  }
  try {
    const response = await fetch(new URL(request.path, address.url), {
      method: request.method,
      headers: {
        "content-type": "application/json",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      signal: AbortSignal.any([parts.stopped, AbortSignal.timeout(CALL_TIMEOUT_MS)]),
    });
    const body = parseJson(await response.text());
    const list = Array.isArray(body) ? body.filter(isObject) : [];
    return { status: response.status, body: isObject(body) ? body : {}, list };
  } catch (error) {
    if (error instanceof TypeError || error instanceof DOMException) {
      return undefined;
    }
    throw error;
  }
}
