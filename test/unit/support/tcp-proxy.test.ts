// The proxy of the chaos runs does to a connection what it says, and no more: a healthy link changes nothing, each fault is seen by the
// client as it would be from the network, and what it struck is counted.
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { startTcpProxy, type TcpProxy } from "../../support/tcp-proxy.ts";

interface Peer {
  /** All that it got. */
  readonly received: () => string;
  readonly socket: Socket;
  readonly ended: () => boolean;
  readonly failed: () => string | undefined;
}

const open: { proxy?: TcpProxy; close: (() => void)[]; served: Peer[] } = { close: [], served: [] };

beforeEach(async () => {
  open.served = [];
  // Answers each piece in capitals, so that an answer shows that the request was carried out.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.served.push(watch(socket));
    socket.on("data", (bytes) => socket.write(bytes.toString().toUpperCase()));
    socket.on("end", () => socket.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.proxy = await startTcpProxy();
  open.proxy.leadTo(`127.0.0.1:${String((server.address() as AddressInfo).port)}`);
  open.close.push(() => server.close());
});

afterEach(async () => {
  await proxy().close();
  for (const close of open.close.splice(0)) close();
});

function proxy(): TcpProxy {
  if (open.proxy === undefined) throw new Error("no proxy");
  return open.proxy;
}

function watch(socket: Socket): Peer {
  const seen: { text: string; ended: boolean; failed: string | undefined } = {
    text: "",
    ended: false,
    failed: undefined,
  };
  socket.on("data", (bytes) => (seen.text += bytes.toString()));
  socket.on("end", () => (seen.ended = true));
  socket.on("error", (error: NodeJS.ErrnoException) => (seen.failed = error.code));
  open.close.push(() => socket.destroy());
  return { socket, received: () => seen.text, ended: () => seen.ended, failed: () => seen.failed };
}

function client(): Peer {
  return watch(connect({ host: "127.0.0.1", port: proxy().port, allowHalfOpen: true }));
}

async function answered(peer: Peer, request: string): Promise<void> {
  const before = peer.received().length;
  peer.socket.write(request);
  await vi.waitFor(() => expect(peer.received().slice(before)).toBe(request.toUpperCase()));
}

describe("a healthy link", () => {
  it("passes bytes both ways, and each end by itself", async () => {
    const peer = client();
    await answered(peer, "hello");
    peer.socket.end("bye");
    await vi.waitFor(() => expect(peer.ended()).toBe(true));
    expect(peer.received()).toBe("HELLOBYE");
    expect(open.served[0]?.ended()).toBe(true);
    expect(proxy().passedBytes()).toBe(16);
    expect(proxy().damage()).toEqual({ cutConnections: 0, delayedBytes: 0, stalledBytes: 0, droppedBytes: 0 });
  });

  it("passes much at once, whole", async () => {
    const peer = client();
    await answered(peer, "x".repeat(3_000_000));
  });

  it("resets who comes where nobody listens behind it", async () => {
    const gone = await startTcpProxy();
    const port = gone.port;
    await gone.close();
    proxy().leadTo(`127.0.0.1:${String(port)}`);
    const peer = client();
    await vi.waitFor(() => expect(peer.failed()).toBe("ECONNRESET"));
  });

  it("passes a reset on", async () => {
    const peer = client();
    await answered(peer, "hello");
    peer.socket.resetAndDestroy();
    await vi.waitFor(() => expect(open.served[0]?.failed()).toBe("ECONNRESET"));
  });
});

describe("a link that is cut", () => {
  it("resets what is open and what comes, until it is healed", async () => {
    const before = client();
    await answered(before, "hello");
    proxy().fail({ kind: "cut" });
    await vi.waitFor(() => expect([before.failed(), open.served[0]?.failed()]).toEqual(["ECONNRESET", "ECONNRESET"]));
    const during = client();
    await vi.waitFor(() => expect(during.failed()).toBe("ECONNRESET"));
    proxy().heal();
    await answered(client(), "again");
    expect(proxy().damage().cutConnections).toBe(2);
    expect(open.served).toHaveLength(2);
  });
});

describe("a link that is slow", () => {
  it("brings everything, later, in order", async () => {
    const peer = client();
    await answered(peer, "hello");
    proxy().fail({ kind: "delay", delayMs: 60 });
    const started = performance.now();
    peer.socket.write("a");
    peer.socket.write("b");
    await vi.waitFor(() => expect(peer.received()).toBe("HELLOAB"));
    expect(performance.now() - started).toBeGreaterThan(115);
    expect(proxy().damage().delayedBytes).toBeGreaterThan(0);
  });
});

describe("a link that is stalled", () => {
  it("takes connections and bytes and keeps them; healed, nothing is missing", async () => {
    const before = client();
    await answered(before, "hello");
    proxy().fail({ kind: "stall" });
    const during = client();
    before.socket.write("one");
    during.socket.write("two");
    await vi.waitFor(() => expect(proxy().damage().stalledBytes).toBe(6));
    expect([before.received(), before.failed(), during.failed()]).toEqual(["HELLO", undefined, undefined]);
    proxy().heal();
    await vi.waitFor(() => expect([before.received(), during.received()]).toEqual(["HELLOONE", "TWO"]));
  });

  it("hides an end from the other side", async () => {
    const peer = client();
    await answered(peer, "hello");
    proxy().fail({ kind: "stall" });
    peer.socket.end();
    await answered(freshPastProxy(), "meanwhile");
    expect(open.served[0]?.ended()).toBe(false);
    proxy().heal();
    await vi.waitFor(() => expect(open.served[0]?.ended()).toBe(true));
  });
});

describe("a link that drops answers", () => {
  it("lets requests be carried out, keeps the answer away, and resets the connection when it is healed", async () => {
    const peer = client();
    await answered(peer, "hello");
    proxy().fail({ kind: "drop" });
    peer.socket.write("do it");
    await vi.waitFor(() => expect(proxy().damage().droppedBytes).toBe(5));
    expect(open.served[0]?.received(), "it was asked").toBe("hellodo it");
    expect([peer.received(), peer.failed()]).toEqual(["HELLO", undefined]);
    proxy().heal();
    await vi.waitFor(() => expect(peer.failed()).toBe("ECONNRESET"));
    await answered(client(), "again");
  });

  it("leaves connections alone that asked for nothing meanwhile", async () => {
    const peer = client();
    await answered(peer, "hello");
    proxy().fail({ kind: "drop" });
    proxy().heal();
    await answered(peer, "still here");
  });
});

/** A second way to the server: time passes there while the link is stalled. */
function freshPastProxy(): Peer {
  const { port } = open.served[0]?.socket.address() as AddressInfo;
  return watch(connect({ host: "127.0.0.1", port, allowHalfOpen: true }));
}
