// What no caller can do to the edge: hold it with slow, idle or many sockets, stall it with large or deep bodies, smuggle a request
// behind another, or reach a prototype. Raw sockets where a client would not send such a thing.
import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { monitorEventLoopDelay } from "node:perf_hooks";

import { describe, expect, it, onTestFinished } from "vitest";

import { eventually } from "../../support/eventually.ts";
import { createEdge, type Edge } from "./edge.ts";

const whatsapp = "/v1/integrations/whatsapp/webhook";
const facebook = "/v1/integrations/facebook/webhook";
const requestTimeoutMs = 300;
/** Of one body (catalogue S14), in the best of so many tries: other processes share the cores, and what the service does it does each time. */
const [longestStallMs, tries] = [50, 10];
/** Node looks once a second for requests that take too long. */
const closedWithinMs = requestTimeoutMs + 2_500;

async function listening(edge: Edge): Promise<number> {
  return (await edge.ingress.listen()).port;
}

interface Line {
  readonly socket: Socket;
  /** All that came so far. */
  readonly heard: () => string;
  /** Resolves with all that came when the other side has closed. */
  readonly closed: Promise<string>;
}

async function open(port: number): Promise<Line> {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  const chunks: Buffer[] = [];
  const heard = (): string => Buffer.concat(chunks).toString();
  socket.on("data", (chunk: Buffer) => void chunks.push(chunk));
  socket.on("error", () => undefined);
  const closed = new Promise<string>((resolve) => socket.once("close", () => resolve(heard())));
  await once(socket, "connect");
  return { socket, heard, closed };
}

async function exchange(port: number, sent: string): Promise<string> {
  const line = await open(port);
  line.socket.write(sent);
  return line.closed;
}

const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
const request = (head: string, body = ""): string => `${head}\r\nHost: x\r\nConnection: close\r\n${body}`;

describe("S13: sockets", () => {
  it.each([
    ["headers that never end", `POST ${whatsapp} HTTP/1.1\r\nHost: x\r\nX-Slow: `],
    ["a body that never comes", `POST ${whatsapp} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{`],
  ])("S13: %s: 408 and the end, within the request's time", async (_what, sent) => {
    const port = await listening(createEdge({ requestTimeoutMs }));
    const line = await open(port);
    line.socket.write(sent);
    // A byte now and then buys no time.
    const drip = setInterval(() => void line.socket.write("x"), 50);
    const startedMs = performance.now();
    const answer = await line.closed.finally(() => clearInterval(drip));
    expect(performance.now() - startedMs).toBeLessThan(closedWithinMs);
    expect([statusOf(answer), answer]).toEqual([408, expect.stringContaining("ErrorDescription")]);
  });

  it.each([
    ["headers that never end", `POST ${whatsapp} HTTP/1.1\r\nHost: x\r\nX-Slow: `],
    ["a body that never comes", `POST ${whatsapp} HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{`],
    ["nothing at all", ""],
  ])("S13: a socket with %s does not hold the stop up", async (_what, sent) => {
    const edge = createEdge();
    const port = await listening(edge);
    const line = await open(port);
    line.socket.write(sent);
    // An answer of the server shows that it has the socket.
    await (await fetch(`http://127.0.0.1:${String(port)}/v1/welcome`)).text();
    const startedMs = performance.now();
    await edge.ingress.close(200);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    await line.closed;
  });

  it("S13: 500 idle sockets keep nobody out, and are closed", async () => {
    const port = await listening(createEdge({ requestTimeoutMs }));
    const idle = await Promise.all(Array.from({ length: 500 }, () => open(port)));
    const startedMs = performance.now();
    expect((await fetch(`http://127.0.0.1:${String(port)}/v1/welcome`)).status).toBe(200);
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    await Promise.all(idle.map(({ closed }) => closed));
  });

  it("S13: pipelined requests are answered one by one, in their order", async () => {
    const port = await listening(createEdge());
    const one = (type: string): string => {
      const body = JSON.stringify({ type });
      return `POST ${whatsapp} HTTP/1.1\r\nHost: x\r\nContent-Length: ${String(body.length)}\r\n\r\n${body}`;
    };
    const last = request("GET /v1/welcome HTTP/1.1", "\r\n");
    const answer = await exchange(port, one("status") + one("notification-status") + last);
    const bodies = [...answer.matchAll(/"Message":"([^"]*)"/g)].map(([, message]) => message);
    expect(bodies).toEqual([
      "message type: status was skipped",
      "message type: notification-status was skipped",
      "Welcome to API!",
    ]);
  });

  it.each([
    ["256 kB of headers", `X-Large: ${"x".repeat(256 * 1024)}\r\n\r\n`, 431],
    ["2,000 headers", `${Array.from({ length: 2_000 }, (_, i) => `x${String(i)}:`).join("\r\n")}\r\n\r\n`, 431],
    ["101 small headers", `${Array.from({ length: 101 }, (_, i) => `x${String(i)}:`).join("\r\n")}\r\n\r\n`, 431],
    [
      "a length and chunks (smuggling)",
      "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/context/5 HTTP/1.1\r\n\r\n",
      400,
    ],
    ["two lengths", "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde", 400],
    ["chunks that are not last", "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400],
    ["a header that goes on in the next line", "X-A: b\r\n c\r\n\r\n", 400],
    ["a line feed alone", "X-A: b\nX-B: c\r\n\r\n", 400],
    ["no HTTP", "", 400],
  ])("S13: %s is refused and the socket closed, nothing behind it is read", async (what, rest, status) => {
    const edge = createEdge();
    const port = await listening(edge);
    const sent = what === "no HTTP" ? "\x16\x03\x01 hello\r\n\r\n" : request(`POST ${whatsapp} HTTP/1.1`, rest);
    const answer = await exchange(port, sent);
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(statusOf(answer)).toBe(status);
    expect(answer).toContain("ErrorDescription");
    expect(edge.seen.messages).toEqual([]);
    expect((await fetch(`http://127.0.0.1:${String(port)}/v1/welcome`)).status).toBe(200);
  });
});

describe("S14: bodies", () => {
  const item = '{"sender":{"id":"1"},"timestamp":1,"message":{"mid":"x","text":"t"}}';
  const post = (edge: Edge, url: string, payload: string): ReturnType<Edge["send"]> =>
    edge.send({ method: "POST", url, payload });
  const many = (one: string, count: number): string => Array<string>(count).fill(one).join(",");
  const ofEntries = (entries: string): string => `{"authorRole":"user","botId":"b","message":{"entry":[${entries}]}}`;

  const keys = (write: (key: string) => string, count: number): string =>
    Array.from({ length: count }, (_, i) => write(i.toString(36))).join(",");

  /** The longest stand-still of the event loop meanwhile. Its monitor ticks before and after: without a tick it has seen nothing. */
  async function watched<Result>(work: () => Promise<Result>): Promise<{ result: Result; stallMs: number }> {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    await eventually("the monitor ticks", () => delay.count > 0);
    const result = await work();
    const ticks = delay.count;
    await eventually("the monitor ticks again", () => delay.count > ticks);
    delay.disable();
    return { result, stallMs: delay.max / 1e6 };
  }

  it.each([
    ["1 MiB and a byte", whatsapp, `{"type":"status"}${" ".repeat(1024 * 1024 - 16)}`, 413],
    ["3 MB", facebook, `{"x":"${"a".repeat(3_000_000)}"}`, 413],
    ["340,000 entries", facebook, ofEntries(many("{}", 340_000)), 400],
    ["340,000 messages", facebook, ofEntries(`{"messaging":[${many("{}", 340_000)}]}`), 400],
    ["35,000 messages", facebook, ofEntries(`{"messaging":[${many("{}", 35_000)}]}`), 400],
    ["1,000 entries of 300 messages", facebook, ofEntries(many(`{"messaging":[${many("{}", 300)}]}`, 1_000)), 400],
    ["15,000 whole messages", facebook, ofEntries(`{"messaging":[${many(item, 15_000)}]}`), 400],
    ["a million opening brackets", whatsapp, "[".repeat(1_000_000), 400],
    ["500,000 brackets, closed again", facebook, ofEntries("[".repeat(500_000) + "]".repeat(500_000)), 400],
    ["120,000 keys", facebook, ofEntries(`{${keys((key) => `"${key}":1`, 120_000)}}`), 400],
    ["35,000 keys that nobody reads", facebook, ofEntries(`{${keys((key) => `"${key}":1`, 35_000)}}`), 200],
    ["90,000 objects of a key each", facebook, ofEntries(keys((key) => `{"${key}":1}`, 90_000)), 400],
    ["blanks", whatsapp, " ".repeat(1_000_000), 400],
    ["a text that never ends", whatsapp, `"${"\\".repeat(999_999)}`, 400],
  ])("S14: %s are answered at once, and nothing is produced", async (_what, url, payload, status) => {
    const edge = createEdge();
    await post(edge, url, "{}");
    const stallsMs: number[] = [];
    for (let n = 0; n < tries; n += 1) {
      const { result, stallMs } = await watched(() => post(edge, url, payload));
      expect(result.statusCode).toBe(status);
      expect(result.body.length).toBeLessThan(500);
      stallsMs.push(stallMs);
    }
    expect(edge.seen.messages).toEqual([]);
    expect(Math.min(...stallsMs), "milliseconds in which nobody else was served").toBeLessThan(longestStallMs);
  });
});

describe("S12: values that are not meant well", () => {
  const connect = async (edge: Edge, payload: string): ReturnType<Edge["send"]> => {
    const headers = { authorization: `Bearer ${await edge.token()}` };
    return edge.send({ method: "POST", url: "/v1/chats/connect", payload, headers });
  };
  const withExtra = (extraData: string): string =>
    `{"userID":"1","name":"n","provider":"whatsapp","botSlug":"b","botId":"i","email":"e","extraData":${extraData}}`;
  const deep = (depth: number): string => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;

  it.each([
    ["__proto__ in the body", `{"__proto__":{"polluted":1},${withExtra("{}").slice(1)}`, 200],
    [
      "constructor.prototype in the body",
      `{"constructor":{"prototype":{"polluted":1}},${withExtra("{}").slice(1)}`,
      200,
    ],
    ["__proto__ in extraData", withExtra('{"__proto__":{"polluted":1}}'), 400],
    ["constructor in extraData", withExtra('{"constructor":{"prototype":{"polluted":1}}}'), 200],
    ["a number beyond all numbers", withExtra('{"a":1e400}'), 400],
    ["2 to the 53 and one", withExtra('{"a":9007199254740993}'), 200],
    ["100,000 levels", withExtra(deep(100_000)), 400],
    ["10,000 values", withExtra(`{${Array.from({ length: 10_000 }, (_, i) => `"k${String(i)}":1`).join(",")}}`), 400],
    ["half a character", withExtra('{"a":"\\ud800"}'), 200],
    ["NUL", withExtra('{"a":"\\u0000"}'), 200],
    ["the same key twice", withExtra('{"a":1,"a":2}'), 200],
    ["a user of half a character", withExtra("{}").replace('"userID":"1"', '"userID":"\\ud800"'), 200],
  ])("S12: %s is refused or inert, and prototypes stay as they are", async (_what, payload, status) => {
    const edge = createEdge();
    const before = JSON.stringify(Object.getOwnPropertyNames(Object.prototype));
    expect((await connect(edge, payload)).statusCode).toBe(status);
    expect(JSON.stringify(Object.getOwnPropertyNames(Object.prototype))).toBe(before);
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
    for (const { body } of edge.seen.requests) expect(JSON.stringify(body)).not.toContain('polluted":1}}');
    expect(JSON.stringify(edge.seen.requests).isWellFormed()).toBe(true);
    expect((await connect(edge, withExtra("{}"))).statusCode, "a good request right after").toBe(200);
  });

  it.each(["__proto__", "constructor", "toString", "hasOwnProperty"])(
    "S12: a user, a username and a message id named %s are names like others",
    async (name) => {
      const edge = createEdge();
      const headers = { authorization: `Bearer ${await edge.token()}` };
      expect((await edge.send({ method: "GET", url: `/v1/context/${name}`, headers })).statusCode).toBe(200);
      expect((await edge.send({ method: "DELETE", url: `/v1/chat/finish/${name}`, headers })).statusCode).toBe(200);
      const register = { method: "POST", url: `/v1/integrations/webhook/register/${name}`, headers } as const;
      expect((await edge.send(register)).statusCode).toBe(500);
      const logIn = { method: "POST", url: "/v1/authenticate", payload: { username: name, password: name } } as const;
      expect((await edge.send(logIn)).statusCode).toBe(401);
      const message = JSON.stringify({ id: name, timestamp: "1", type: name, from: name, text: { body: name } });
      expect((await edge.send({ method: "POST", url: whatsapp, payload: message })).statusCode).toBe(200);
      expect(edge.seen.messages).toMatchObject([{ messageId: name, userId: name, type: name }]);
    },
  );
});
