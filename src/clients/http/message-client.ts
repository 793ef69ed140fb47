// The calls that every message of a chat makes: a text to the desk, a text to the channel. The same meaning as http-client.ts, whose got
// costs 0.6 ms of CPU for a call where undici costs 0.15, which was a third of what a message cost. Hands on to that client what it does
// not do itself: calls by a proxy, and bodies that are made while they are sent. Made in composition.ts.
import { promisify } from "node:util";
import { brotliDecompress, unzip } from "node:zlib";

import type { Dispatcher } from "undici";

import { openPool } from "./connections.ts";
import type { HttpAnswer, HttpClient, HttpClientOptions, HttpRequest, NoAnswer } from "./http-client.ts";
import { retryAfterMs } from "./retry-after.ts";
import { transportFailure } from "./transport-failure.ts";

type Answer = HttpAnswer | NoAnswer;
type Controller = Dispatcher.DispatchController;

/** What has come of a call so far. */
interface Heard {
  status: number | null;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly chunks: Buffer[];
  sizeBytes: number;
}

const aborted = (mayHaveHappened: boolean): NoAnswer => ({ kind: "noAnswer", detail: "aborted", mayHaveHappened });

/** A client with its own connections; nothing is opened before the first call. `others` stays its owner's to close. */
export function createMessageClient(options: HttpClientOptions, others: HttpClient): HttpClient {
  const pools = new Map<string, Dispatcher>();

  function poolOf(origin: string): Dispatcher {
    const known = pools.get(origin);
    if (known !== undefined) return known;
    const pool = openPool(origin, options);
    pools.set(origin, pool);
    return pool;
  }

  return {
    call(request, signal) {
      const url = URL.parse(request.url);
      const direct = url !== null && (options.proxyFor?.(url) ?? null) === null;
      if (!direct || (request.body !== undefined && typeof request.body !== "string"))
        return others.call(request, signal);
      if (signal?.aborted === true) return Promise.resolve(aborted(false));
      return send(poolOf(url.origin), { request, path: url.pathname + url.search, signal }, options);
    },
    close() {
      for (const pool of pools.values()) void pool.destroy();
      pools.clear();
    },
  };
}

interface Call {
  readonly request: HttpRequest;
  readonly path: string;
  readonly signal: AbortSignal | null;
}

/** One call; resolves once, with what is known when it ends or is aborted. */
function send(pool: Dispatcher, { request, path, signal }: Call, options: HttpClientOptions): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const heard: Heard = { status: null, headers: {}, chunks: [], sizeBytes: 0 };
  /** Set when the request is about to be written: before that it waits for a connection. */
  let writing: Controller | null = null;
  let over = false;

  const end = (answer: Answer | Promise<Answer>): void => {
    if (over) return;
    over = true;
    signal?.removeEventListener("abort", abort);
    clearTimeout(deadline);
    resolve(answer);
  };
  const cut = (): void => writing?.abort(new Error("the call is over"));
  const abort = (): void => {
    end(aborted(writing !== null));
    cut();
  };
  // Waiting for one of the capped connections counts here only.
  const deadline = setTimeout(
    () => {
      end({ kind: "noAnswer", detail: "ETIMEDOUT (request)", mayHaveHappened: writing !== null });
      cut();
    },
    3 * options.connectTimeoutMs + 2 * options.responseTimeoutMs,
  );
  signal?.addEventListener("abort", abort, { once: true });

  const { method, headers } = request;
  const body = typeof request.body === "string" ? request.body : null;
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(controller) {
      writing = controller;
      // What was given up while it waited must not be sent now.
      if (over) cut();
    },
    onResponseStart(_controller, status, answered) {
      heard.status = status;
      heard.headers = answered;
    },
    onResponseData(_controller, chunk) {
      heard.sizeBytes += chunk.length;
      if (heard.sizeBytes <= options.maxBodyBytes) {
        heard.chunks.push(chunk);
        return;
      }
      end(answerOf(heard, null, options.now()));
      cut();
    },
    onResponseEnd() {
      end(bodyOf(heard, options.maxBodyBytes).then((text) => answerOf(heard, text, options.now())));
    },
    onResponseError(_controller, error) {
      if (heard.status !== null) end(answerOf(heard, null, options.now()));
      else end(failureOf(error));
    },
  };
  pool.dispatch({ path, method, headers: { "user-agent": "salesforce-integration", ...headers }, body }, handler);
  return promise;
}

function failureOf(error: Error): NoAnswer {
  return { kind: "noAnswer", ...transportFailure(error) };
}

function answerOf({ status, headers }: Heard, body: string | null, now: number): HttpAnswer {
  const retryAfter = headers["retry-after"];
  return {
    kind: "answer",
    status: status ?? 0,
    body,
    retryAfterMs: retryAfterMs(Array.isArray(retryAfter) ? retryAfter[0] : retryAfter, now),
  };
}

const decoders: Readonly<Record<string, (packed: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>>> = {
  gzip: promisify(unzip),
  deflate: promisify(unzip),
  br: promisify(brotliDecompress),
};

/** Nothing packed is asked for; an answer that is packed all the same is unpacked within the limit. Null: it can't be, or is too large. */
async function bodyOf({ headers, chunks }: Heard, maxOutputLength: number): Promise<string | null> {
  const whole = Buffer.concat(chunks);
  const encoding = headers["content-encoding"];
  if (encoding === undefined || whole.length === 0) return whole.toString("utf8");
  const decode = decoders[String(encoding).toLowerCase()];
  if (decode === undefined) return null;
  try {
    const plain = await decode(whole, { maxOutputLength });
    return plain.toString("utf8");
  } catch {
    return null; // zlib says in this way that it is damaged or larger than allowed
  }
}
