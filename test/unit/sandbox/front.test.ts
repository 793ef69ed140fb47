// The balancer before the instances: a caller can neither end it nor reach another host through it, and no page from elsewhere reaches it.
import { createServer, request, type IncomingHttpHeaders, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { startFront, type Front } from "../../../sandbox/instance/front.ts";

const state: { servers: Server[]; front: Front | undefined; asked: string[]; rejections: unknown[] } = {
  servers: [],
  front: undefined,
  asked: [],
  rejections: [],
};
const onRejection = (reason: unknown): void => void state.rejections.push(reason);

/** A server that notes what it is asked, under its name; its URL. */
async function backend(name: string): Promise<string> {
  const server = createServer((incoming, response) => {
    state.asked.push(`${name} ${incoming.url ?? ""}`);
    response.writeHead(404).end(name);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  state.servers.push(server);
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

function front(): Front {
  if (state.front === undefined) throw new Error("no front");
  return state.front;
}

/** The status of a call with exactly this target and these headers. */
function status(path: string, headers: IncomingHttpHeaders = {}): Promise<number> {
  const { hostname, port, host } = new URL(front().url);
  return new Promise((resolve, reject) => {
    const call = request({ hostname, port, path, headers: { host, ...headers } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    call.once("error", reject);
    call.end();
  });
}

beforeEach(async () => {
  state.asked = [];
  state.rejections = [];
  // What would end the sandbox's process.
  process.on("unhandledRejection", onRejection);
  const service = await backend("service");
  state.front = await startFront(() => [service]);
});
afterEach(async () => {
  process.off("unhandledRejection", onRejection);
  await state.front?.close();
  for (const server of state.servers.splice(0)) server.close();
});

describe("the balancer", () => {
  it("passes the target on as it came, also one that is no address", async () => {
    expect([await status("//"), await status("/v1/welcome?a=%20")]).toEqual([404, 404]);
    expect(state.asked).toEqual(["service //", "service /v1/welcome?a=%20"]);
    expect(state.rejections).toEqual([]);
  });

  it("calls no other host, whatever the target says", async () => {
    const other = await backend("other");
    expect(await status(`//${new URL(other).host}/x`)).toBe(404);
    expect(await status(`${other}/x`)).toBe(404);
    expect(state.asked.filter((line) => line.startsWith("other"))).toEqual([]);
  });

  it("goes on when a caller is gone in the middle of its body", async () => {
    const socket = connect(Number(new URL(front().url).port), "127.0.0.1");
    await once(socket, "connect");
    socket.write("POST /x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\nhalf");
    // Answered after it: the half body is read by then.
    expect(await status("/v1/welcome")).toBe(404);
    socket.resetAndDestroy();
    await once(socket, "close");
    expect(await status("/v1/welcome")).toBe(404);
    expect(state.rejections).toEqual([]);
  });

  it("answers 403 to a page from elsewhere and to a name that is not this machine's", async () => {
    expect(await status("/v1/welcome", { origin: "https://evil.example" })).toBe(403);
    expect(await status("/v1/welcome", { host: "evil.example" })).toBe(403);
    expect(state.asked).toEqual([]);
    expect(await status("/v1/welcome", { host: "localhost", origin: "http://localhost:8070" })).toBe(404);
  });
});
