// A link that can fail: a TCP proxy on 127.0.0.1 between one client and one server. It can be cut, delayed, stalled, and made to drop what
// the server answers after it has done what it was asked. Counts what each fault did, so that a test can prove that it struck.
// Knows no protocol. Called by the chaos runs.
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** What a link does to those who use it. */
export type LinkFault =
  /** Every connection is reset, new ones as soon as they come. */
  | { readonly kind: "cut" }
  /** Every piece of data comes so much later, in both directions. */
  | { readonly kind: "delay"; readonly delayMs: number }
  /** Connections are taken and stay, and nothing passes, not even their end: the other side seems to think. Healed, all of it passes. */
  | { readonly kind: "stall" }
  /** Requests pass and are carried out; answers vanish. Healed, connections that lost something are reset. */
  | { readonly kind: "drop" };

/** What faults have done so far. */
export interface LinkDamage {
  /** Connections reset by a cut, those that came while it lasted included. */
  readonly cutConnections: number;
  readonly delayedBytes: number;
  readonly stalledBytes: number;
  readonly droppedBytes: number;
}

/** A running proxy. */
export interface TcpProxy {
  readonly port: number;
  /** `127.0.0.1:port`. */
  readonly address: string;
  /** Where new connections lead, `host:port`. Until it is said they are reset. */
  leadTo(target: string): void;
  /** From now on, instead of what was before. */
  fail(fault: LinkFault): void;
  /** The link is as good as new. */
  heal(): void;
  damage(): LinkDamage;
  /** Bytes passed on in both directions. */
  passedBytes(): number;
  /** Resets what is open and listens no more. */
  close(): Promise<void>;
}

type Direction = "there" | "back";

interface Connection {
  readonly client: Socket;
  readonly server: Socket;
  /** An answer was dropped: what would come next can't be understood any more. */
  hasHole: boolean;
}

interface State {
  target: { readonly host: string; readonly port: number } | undefined;
  fault: LinkFault | undefined;
  /** Resolves when the fault is over or another; replaced then. */
  changed: PromiseWithResolvers<undefined>;
  readonly connections: Set<Connection>;
  readonly damage: { -readonly [Name in keyof LinkDamage]: LinkDamage[Name] };
  passedBytes: number;
}

/** Starts one on any free port. */
export async function startTcpProxy(): Promise<TcpProxy> {
  const state: State = {
    target: undefined,
    fault: undefined,
    changed: Promise.withResolvers(),
    connections: new Set(),
    damage: { cutConnections: 0, delayedBytes: 0, stalledBytes: 0, droppedBytes: 0 },
    passedBytes: 0,
  };
  // Ends are passed on one direction at a time, as the two sides would see them without us.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    accept(state, client);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const change = (fault: LinkFault | undefined): void => {
    const { changed } = state;
    state.fault = fault;
    state.changed = Promise.withResolvers();
    changed.resolve(undefined);
    for (const connection of state.connections) if (connection.hasHole) reset(connection);
  };
  return {
    port,
    address: `127.0.0.1:${String(port)}`,
    leadTo(target) {
      const colon = target.lastIndexOf(":");
      state.target = { host: target.slice(0, colon), port: Number(target.slice(colon + 1)) };
    },
    fail(fault) {
      change(fault);
      if (fault.kind !== "cut") return;
      state.damage.cutConnections += state.connections.size;
      for (const connection of state.connections) reset(connection);
    },
    heal() {
      change(undefined);
    },
    damage: () => ({ ...state.damage }),
    passedBytes: () => state.passedBytes,
    close: () =>
      new Promise((resolve) => {
        change({ kind: "cut" });
        server.close(() => {
          resolve();
        });
        for (const connection of state.connections) reset(connection);
      }),
  };
}

function accept(state: State, client: Socket): void {
  // The pump that reads a socket hears of its end; without a listener an error would end the process.
  client.on("error", noteNothing);
  if (state.target === undefined || state.fault?.kind === "cut") {
    state.damage.cutConnections += state.fault === undefined ? 0 : 1;
    client.resetAndDestroy();
    return;
  }
  const server = connect({ ...state.target, allowHalfOpen: true, noDelay: true });
  server.on("error", noteNothing);
  const connection: Connection = { client, server, hasHole: false };
  state.connections.add(connection);
  void Promise.all([pump(state, connection, "there"), pump(state, connection, "back")]).then(() => {
    state.connections.delete(connection);
  });
}

/** Passes one direction on to its end; an end in disorder ends both directions. */
async function pump(state: State, connection: Connection, direction: Direction): Promise<void> {
  const { client, server } = connection;
  const [from, to] = direction === "there" ? [client, server] : [server, client];
  try {
    for await (const bytes of from as AsyncIterable<Buffer>) {
      if (await passes(state, connection, direction, bytes)) {
        state.passedBytes += bytes.length;
        await written(to, bytes);
      }
      if (to.destroyed) break;
    }
    await stallOver(state, 0);
    to.end();
  } catch {
    // Reset by either side, or by us: the other side has to see the same.
    reset(connection);
  }
}

/** Waits as long as the link makes data wait; false where it is dropped. */
async function passes(
  state: State,
  connection: Connection,
  direction: Direction,
  { length }: Buffer,
): Promise<boolean> {
  await stallOver(state, length);
  const { fault } = state;
  if (fault?.kind === "delay") {
    state.damage.delayedBytes += length;
    await delay(fault.delayMs);
    await stallOver(state, 0);
  }
  if (direction === "there" || state.fault?.kind !== "drop") return !connection.hasHole || direction === "there";
  state.damage.droppedBytes += length;
  return !(connection.hasHole = true);
}

async function stallOver(state: State, length: number): Promise<void> {
  if (state.fault?.kind === "stall") state.damage.stalledBytes += length;
  while (state.fault?.kind === "stall") await state.changed.promise;
}

/** Resolves when the bytes are on their way, or never will be. */
function written(to: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    to.write(bytes, () => {
      resolve();
    });
  });
}

function reset({ client, server }: Connection): void {
  client.resetAndDestroy();
  server.resetAndDestroy();
}

function noteNothing(): void {
  // What an error means for the connection is seen by the pump that reads it.
}
