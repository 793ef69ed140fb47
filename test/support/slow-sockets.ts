// A caller who means no good, as a thread of its own so that it does not hold up who is measured beside it: opens many sockets, of which a third says
// nothing, a third never ends its headers and a third never ends its body, and keeps them for as long as the other side does. Then tells how long that was.
import { once } from "node:events";
import { connect } from "node:net";
import { parentPort, workerData } from "node:worker_threads";

/** What to do, as the thread's data. Its one message is the milliseconds that each socket was held. */
export interface SlowSockets {
  readonly url: string;
  /** Of a route that takes bodies. */
  readonly path: string;
  readonly sockets: number;
}

/** More at a time than a listener's backlog takes would only show how the kernel tries again. */
const openedAtOnce = 100;
/** A byte now and then buys no time. */
const dripEveryMs = 2_000;

const { url, path, sockets } = workerData as SlowSockets;
const { hostname, port } = new URL(url);
const head = `POST ${path} HTTP/1.1\r\nHost: x\r\n`;
const beginnings = ["", `${head}X-Slow: `, `${head}Content-Length: 1000\r\n\r\n{`];

const ends: Promise<number>[] = [];
while (ends.length < sockets)
  await Promise.all(Array.from({ length: Math.min(openedAtOnce, sockets - ends.length) }, (_, i) => hold(i)));
parentPort?.postMessage(await Promise.all(ends));

async function hold(n: number): Promise<void> {
  const beginning = beginnings[n % beginnings.length] ?? "";
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined).resume();
  await once(socket, "connect");
  const startedMs = performance.now();
  socket.write(beginning);
  const drip = beginning === "" ? undefined : setInterval(() => void socket.write("x"), dripEveryMs);
  const ended = Promise.withResolvers<number>();
  socket.once("close", () => {
    clearInterval(drip);
    ended.resolve(performance.now() - startedMs);
  });
  ends.push(ended.promise);
}
