// Owns asking a service whether it answers, in its own protocol. Called while a service starts; there is no event for "ready" that all
// three give, so waitUntil asks until a deadline. Starts nothing.
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const ASK_TIMEOUT_MS = 2_000;
const ASK_EVERY_MS = 50;
const METADATA = 3;
const METADATA_VERSION = 1;

/** Asks once; true when the service answers as it should. Never rejects for a service that is not there yet. */
export type Probe = () => Promise<boolean>;

/**
 * Asks again and again until the probe says yes.
 *
 * @returns false when the deadline passed or `stopped` settled first.
 */
export async function waitUntil(probe: Probe, timeoutMs: number, stopped: Promise<unknown>): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  const over = stopped.then(() => "over" as const);
  for (;;) {
    if (await probe()) return true;
    if (Date.now() > deadline) return false;
    if ((await Promise.race([delay(ASK_EVERY_MS), over])) === "over") return false;
  }
}

/** Redis: PING, by its inline protocol. LOADING is not yet an answer. */
export function redisAnswers(port: number): Probe {
  return async () => {
    const answer = await exchange(port, Buffer.from("PING\r\n"), (received) => received.includes("\r\n"));
    return answer?.toString("latin1").startsWith("+PONG") ?? false;
  };
}

/** Registry: its list of subjects. */
export function registryAnswers(url: string): Probe {
  return async () => {
    try {
      const response = await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });
      await response.arrayBuffer();
      return response.ok;
    } catch {
      // Not there yet: refused, reset or timed out, which is the answer to the question asked.
      return false;
    }
  };
}

/** Kafka: Metadata lists a broker, so it is registered and unfenced. Kafka protocol guide, Metadata v1. */
export function kafkaAnswers(port: number): Probe {
  return async () => {
    const answer = await exchange(
      port,
      metadataRequest(),
      (received) => received.length >= 4 && received.length >= 4 + received.readInt32BE(0),
    );
    return answer !== undefined && answer.length >= 12 && answer.readInt32BE(8) > 0;
  };
}

/** Length, header v1 (key, version, correlation, client id), and "no topics" (an empty list in v1). */
function metadataRequest(): Buffer {
  const client = Buffer.from("probe");
  const request = Buffer.alloc(4 + 2 + 2 + 4 + 2 + client.length + 4);
  request.writeInt32BE(request.length - 4, 0);
  request.writeInt16BE(METADATA, 4);
  request.writeInt16BE(METADATA_VERSION, 6);
  request.writeInt32BE(1, 8);
  request.writeInt16BE(client.length, 12);
  client.copy(request, 14);
  request.writeInt32BE(0, 14 + client.length);
  return request;
}

/** Sends and collects until `isWhole`; undefined when the connection failed, ended or took too long. */
function exchange(port: number, request: Buffer, isWhole: (received: Buffer) => boolean): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    let received = Buffer.alloc(0);
    const socket = connect({ host: "127.0.0.1", port });
    const end = (answer: Buffer | undefined): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(ASK_TIMEOUT_MS, () => end(undefined));
    socket.once("error", () => end(undefined));
    socket.once("close", () => end(undefined));
    socket.once("connect", () => socket.write(request));
    socket.on("data", (bytes) => {
      received = Buffer.concat([received, bytes]);
      if (isWhole(received)) end(received);
    });
  });
}
