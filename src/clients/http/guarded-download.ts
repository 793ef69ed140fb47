// Downloads from addresses that strangers name. Owns the guard: http and https only, no credentials, each address checked in the
// look-up of the very connection (so that a name that resolves anew helps nobody), redirects followed by hand and checked like the
// first address, bounds of size and time. A connection is used for one request. Given to the desk gateway by composition.ts.
import { lookup as systemLookup, type LookupAddress } from "node:dns";
import { isIP, type LookupFunction } from "node:net";

import { Client, type Dispatcher } from "undici";

import type { Download, DownloadedFile } from "../../processors/desk/files.ts";
import type { Outcome } from "../../processors/outcome.ts";
import { isPublicAddress } from "./public-addresses.ts";
import type { ProxyFor } from "./proxy.ts";
import { retryAfterMs } from "./retry-after.ts";
import { transportFailure } from "./transport-failure.ts";
import { proxyAuthorization, tunnelConnector } from "./tunnel.ts";

/** Limits, and what is allowed in spite of the guard. */
export interface DownloadOptions {
  /** Larger files are refused as soon as that shows. */
  readonly maxBytes: number;
  /** Longest wait for look-up, connection and TLS handshake of each request. */
  readonly connectTimeoutMs: number;
  /** Longest wait for the head of each answer. */
  readonly answerTimeoutMs: number;
  /** Longest whole download, redirects and all. */
  readonly totalTimeoutMs: number;
  /** `host` or `host:port`: these may be anywhere, also in private space. */
  readonly allowedHosts: readonly string[];
  /** Resolves names; tests put their own. */
  readonly lookup?: (host: string, done: LookedUp) => void;
  /** Which downloads go by a proxy; none when left out. */
  readonly proxyFor?: ProxyFor;
  /** Epoch milliseconds, to read Retry-After dates. */
  readonly now: () => number;
}

/** Called with all addresses of a name, or with an error. */
export type LookedUp = (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void;

const maxRedirects = 3;
const forbidden = "ADDRESS_NOT_ALLOWED";

/** A download function; opens nothing before it is called, and leaves nothing open. */
export function createGuardedDownload(options: DownloadOptions): Download {
  const allowed = new Set(options.allowedHosts.map((host) => host.toLowerCase()));

  return async (url, signal) => {
    const timeout = AbortSignal.timeout(options.totalTimeoutMs);
    const limits = { ...options, signal: AbortSignal.any([signal, timeout]) };
    let next = url;
    for (let hops = 0; hops <= maxRedirects; hops += 1) {
      const target = checkedUrl(next, allowed);
      if (typeof target === "string") return refused(target);
      const result = await one(target, limits, isAllowed(target, allowed));
      if (result.kind === "retry" && timeout.aborted && !signal.aborted) return refused("too slow");
      if (result.kind !== "redirect") return result;
      if (!URL.canParse(result.location, target.href)) return refused("redirect to no address");
      next = new URL(result.location, target).href;
    }
    return refused("too many redirects");
  };
}

interface Limits extends DownloadOptions {
  readonly signal: AbortSignal;
}

function checkedUrl(text: string, allowed: ReadonlySet<string>): URL | string {
  const url = URL.parse(text);
  if (url === null) return "not an address";
  if (url.protocol !== "http:" && url.protocol !== "https:") return "neither http nor https";
  if (url.username !== "" || url.password !== "") return "credentials in the address";
  // A connection to an address asks no look-up, so it is judged here. The URL parser has undone decimal, octal and hex forms.
  const host = bare(url.hostname);
  if (isIP(host) !== 0 && !isPublicAddress(host) && !isAllowed(url, allowed)) return forbidden;
  return url;
}

function isAllowed(url: URL, allowed: ReadonlySet<string>): boolean {
  const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
  return allowed.has(url.hostname) || allowed.has(`${url.hostname}:${port}`);
}

function bare(hostname: string): string {
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
}

type OneAnswer = Outcome<DownloadedFile> | { readonly kind: "redirect"; readonly location: string };

async function one(url: URL, limits: Limits, anywhere: boolean): Promise<OneAnswer> {
  const proxy = limits.proxyFor?.(url) ?? null;
  if (proxy !== null && !anywhere && !(await mayBePublic(bare(url.hostname), limits))) return refused(forbidden);
  const { origin, path, headers, connect } =
    proxy === null ? direct(url, limits, anywhere) : byProxy(url, proxy, limits);
  const client = new Client(origin, { pipelining: 1, allowH2: false, connect });
  try {
    const response = await client.request({
      method: "GET",
      path,
      // What came packed would have to be unpacked: a small body could become any size.
      headers: { "user-agent": "salesforce-integration", accept: "*/*", "accept-encoding": "identity", ...headers },
      headersTimeout: limits.answerTimeoutMs,
      bodyTimeout: limits.answerTimeoutMs,
      signal: limits.signal,
    });
    return await read(response, limits);
  } catch (error) {
    const { detail } = transportFailure(error);
    return detail === forbidden || detail === "ENOTFOUND" ? refused(detail) : again(detail, null, null);
  } finally {
    // Whatever is left of the body is of no use, and the next hop is somebody else.
    await client.destroy();
  }
}

/** Where a request is sent, and as what. */
interface Way {
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connect: NonNullable<Client.Options["connect"]>;
}

function direct(url: URL, limits: Limits, anywhere: boolean): Way {
  const connect = { timeout: limits.connectTimeoutMs, lookup: lookupFor(limits, anywhere) };
  return { origin: url.origin, path: url.pathname + url.search, headers: {}, connect };
}

/** https through a tunnel, http handed to the proxy whole. */
function byProxy(url: URL, proxy: URL, limits: Limits): Way {
  if (url.protocol === "https:") {
    const connect = tunnelConnector(proxy, limits.connectTimeoutMs);
    return { origin: url.origin, path: url.pathname + url.search, headers: {}, connect };
  }
  const headers = { host: url.host, ...proxyAuthorization(proxy) };
  const path = `${url.origin}${url.pathname}${url.search}`;
  return { origin: proxy.origin, path, headers, connect: { timeout: limits.connectTimeoutMs } };
}

/**
 * A proxy resolves names itself, and says where one may go. What resolves here to a private address is refused all the same; a name that
 * only the proxy's side knows is the proxy's to judge.
 */
function mayBePublic(host: string, { lookup = systemLookupAll }: Limits): Promise<boolean> {
  if (isIP(host) !== 0) return Promise.resolve(true);
  return new Promise((resolve) => {
    lookup(host, (error, addresses) => {
      resolve(error !== null || addresses.every(({ address }) => isPublicAddress(address)));
    });
  });
}

async function read(response: Dispatcher.ResponseData, limits: Limits): Promise<OneAnswer> {
  const { statusCode: status, headers, body } = response;
  const location = single(headers.location);
  if ([301, 302, 303, 307, 308].includes(status) && location !== undefined) return { kind: "redirect", location };
  if (status === 408 || status === 425 || status === 429 || status >= 500)
    return again(`status ${String(status)}`, status, retryAfterMs(single(headers["retry-after"]), limits.now()));
  if (status !== 200) return { kind: "refused", detail: `status ${String(status)}`, status };
  const encoding = single(headers["content-encoding"])?.toLowerCase() ?? "identity";
  if (encoding !== "identity") return refused("packed content");
  if (Number(single(headers["content-length"]) ?? 0) > limits.maxBytes) return refused("too large");
  return whole(body, single(headers["content-type"]) ?? "", limits.maxBytes);
}

async function whole(
  body: AsyncIterable<Buffer>,
  contentType: string,
  maxBytes: number,
): Promise<Outcome<DownloadedFile>> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) return refused("too large");
    chunks.push(chunk);
  }
  if (sizeBytes === 0) return refused("empty");
  const type = contentType.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  return { kind: "done", value: { chunks, sizeBytes, contentType: type === "" ? null : type } };
}

/** Every address of the name must be public: which of them a socket takes is not ours to say. */
function lookupFor({ lookup = systemLookupAll }: Limits, anywhere: boolean): LookupFunction {
  return (host, { all }, callback) => {
    lookup(host, (error, addresses) => {
      const [first] = addresses;
      if (error !== null || first === undefined) {
        callback(error ?? failure("ENOTFOUND"), "", 0);
      } else if (!anywhere && !addresses.every(({ address }) => isPublicAddress(address))) {
        callback(failure(forbidden), "", 0);
      } else if (all === true) {
        callback(null, [...addresses]);
      } else {
        callback(null, first.address, first.family);
      }
    });
  };
}

function systemLookupAll(host: string, done: LookedUp): void {
  systemLookup(host, { all: true }, (error, addresses) => {
    done(error, error === null ? addresses : []);
  });
}

function failure(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code });
}

function refused(detail: string): Outcome<never> {
  return { kind: "refused", detail, status: null };
}

/** A download changes nothing, so nothing can have happened. */
function again(detail: string, status: number | null, retryAfterMs: number | null): Outcome<never> {
  return { kind: "retry", detail, status, mayHaveHappened: false, retryAfterMs };
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
