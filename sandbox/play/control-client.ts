// Owns talking to the world's control API: what a player can do and see. Paths and fields as docs/sandbox.md gives them. Called by
// play.ts. Decides nothing.
const CALL_TIMEOUT_MS = 10_000;

/** A line on a user's phone. `atMs` counts from an arbitrary moment, the same for all of the world. */
export interface PhoneLine {
  readonly at: number;
  readonly atMs: number;
  readonly from: "user" | "bot" | "service";
  readonly text: string;
}

/** A line on an agent's screen. */
export interface ScreenLine {
  readonly at: number;
  readonly atMs: number;
  readonly from: "visitor" | "agent";
  readonly text: string;
}

/** The world, as a player sees it. */
export interface ControlClient {
  /** Gives a phone to somebody new. */
  introduce(userId: string, person: Readonly<Record<string, unknown>>): Promise<void>;
  /** The user types; resolves when the service has taken the text. Rejects when it did not. */
  type(userId: string, text: string): Promise<void>;
  /** The same, but resolves at once: the next can be typed before the service has taken this one. */
  typeQuickly(userId: string, text: string): Promise<void>;
  /** The session that waits for an agent; undefined while there is none. */
  waitingSession(userId: string): Promise<string | undefined>;
  accept(sessionId: string, agentId: string): Promise<void>;
  say(sessionId: string, text: string): Promise<void>;
  end(sessionId: string): Promise<void>;
  /** Everything on the user's phone so far. */
  phone(userId: string): Promise<readonly PhoneLine[]>;
  /** Everything on the agents' screens about the user so far. */
  screen(userId: string): Promise<readonly ScreenLine[]>;
  /** How many of the user's and bot's texts the service has taken so far. */
  taken(userId: string): Promise<number>;
  /** States in which the bot got the user back. */
  states(userId: string): Promise<readonly string[]>;
}

/** Client of one world. `signal` ends every call. */
export function createControlClient(url: string, signal: AbortSignal): ControlClient {
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${url}${path}`, {
      method,
      signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]),
      ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`the world answered ${String(response.status)} to ${method} ${path}: ${text}`);
    return text === "" ? undefined : (JSON.parse(text) as unknown);
  };
  const user = (userId: string): string => `user=${encodeURIComponent(userId)}`;
  const entries = async (path: string): Promise<readonly unknown[]> => listIn(await call("GET", path), "entries");

  return {
    async introduce(userId, person) {
      await call("PUT", `/phones/${userId}`, person);
    },
    async type(userId, text) {
      const delivery = await call("POST", `/phones/${userId}/messages`, { text, wait: true });
      const outcome = fieldIn(delivery, "outcome");
      if (outcome !== "accepted") throw new Error(`the service did not take a text of the user (${String(outcome)})`);
    },
    async typeQuickly(userId, text) {
      await call("POST", `/phones/${userId}/messages`, { text });
    },
    async waitingSession(userId) {
      const [session] = listIn(await call("GET", `/live-agent/sessions?${user(userId)}&state=QUEUED`), "sessions");
      const id = fieldIn(session, "id");
      return typeof id === "string" ? id : undefined;
    },
    async accept(sessionId, agentId) {
      await call("POST", `/live-agent/sessions/${sessionId}/accept`, { agentId });
    },
    async say(sessionId, text) {
      await call("POST", `/live-agent/sessions/${sessionId}/say`, { text });
    },
    async end(sessionId) {
      await call("POST", `/live-agent/sessions/${sessionId}/end`, {});
    },
    phone: async (userId) => (await entries(`/phones/log?${user(userId)}&limit=1000`)).map((line) => line as PhoneLine),
    screen: async (userId) =>
      (await entries(`/live-agent/screens?${user(userId)}&limit=1000`)).map((line) => line as ScreenLine),
    taken: async (userId) => (await entries(`/webhooks/log?${user(userId)}&limit=1000`)).length,
    states: async (userId) =>
      (await entries(`/botrunner/states?${user(userId)}`)).map((given) => String(fieldIn(given, "state"))),
  };
}

function fieldIn(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

function listIn(value: unknown, name: string): readonly unknown[] {
  const found = fieldIn(value, name);
  if (!Array.isArray(found)) throw new Error(`the world's answer has no list ${name}`);
  return found as readonly unknown[];
}
