// Which outgoing proxy a call takes: HTTP_PROXY, HTTPS_PROXY and NO_PROXY as Go programs read them (golang.org/x/net/http/httpproxy),
// because the environment is the one that the original had. Pure; connections.ts opens the connections.
import { BlockList, isIP } from "node:net";

/** The environment's proxies. */
export interface ProxySettings {
  /** For http addresses; null: none. May hold credentials: never logged. */
  readonly http: string | null;
  /** For https addresses; null: none. */
  readonly https: string | null;
  /** Entries of NO_PROXY: `*`, host, .domain, address or network, each but the last with or without port. */
  readonly direct: readonly string[];
}

/** The proxy for an address, or null for a direct connection. */
export type ProxyFor = (url: URL) => URL | null;

/**
 * Makes the choice. A name stands for itself and all below it, `.name` only for what is below; localhost and loopback
 * addresses never go by a proxy.
 */
export function createProxyFor(settings: ProxySettings): ProxyFor {
  const proxies = { "http:": parsed(settings.http), "https:": parsed(settings.https) };
  const rules = settings.direct.map((entry) => ruleOf(entry.trim().toLowerCase()));
  return (url) => {
    const proxy = url.protocol === "https:" ? proxies["https:"] : proxies["http:"];
    if (proxy === null) return null;
    const host = url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
    const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
    return isLoopback(host) || rules.some((holds) => holds(host, port)) ? null : proxy;
  };
}

type Rule = (host: string, port: string) => boolean;

function ruleOf(entry: string): Rule {
  if (entry === "*") return () => true;
  const network = /^([0-9a-f.:]+)\/(\d{1,3})$/.exec(entry);
  if (network !== null) return inNetwork(network[1] ?? "", Number(network[2]));
  const [host, port] = isIP(entry) === 6 ? [entry] : entry.split(/:(?=\d+$)/);
  const wanted = (host ?? "").replace(/^\[|\]$/g, "").replace(/^\*\./, ".");
  const below = wanted.startsWith(".") ? wanted : `.${wanted}`;
  return (name, at) =>
    wanted !== "" &&
    (port === undefined || port === at) &&
    (name === wanted || (isIP(name) === 0 && name.endsWith(below)));
}

function inNetwork(address: string, prefix: number): Rule {
  const family = isIP(address);
  if (family === 0 || prefix > (family === 4 ? 32 : 128)) return () => false;
  const network = new BlockList();
  network.addSubnet(address, prefix, family === 4 ? "ipv4" : "ipv6");
  return (host) => isIP(host) !== 0 && network.check(host, isIP(host) === 4 ? "ipv4" : "ipv6");
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

function parsed(address: string | null): URL | null {
  return address === null ? null : new URL(address);
}
