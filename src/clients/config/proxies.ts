// HTTP_PROXY, HTTPS_PROXY and NO_PROXY: names that every program shares, so without prefix, and in small letters too. Which call
// takes which proxy is clients/http/proxy.ts's. Called by settings.ts.

/** The environment's proxies. */
export interface ProxySettings {
  readonly http: string | null;
  readonly https: string | null;
  /** Entries of NO_PROXY. */
  readonly direct: readonly string[];
}

interface ProxyMistake {
  readonly name: string;
  readonly problem: string;
  readonly example: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads them; capitals win, as in Go. An address without scheme is http. A mistake never holds the value: it may have a password. */
export function proxiesOf(environment: Environment): {
  readonly settings: ProxySettings;
  readonly mistakes: readonly ProxyMistake[];
} {
  const mistakes: ProxyMistake[] = [];
  const address = (name: string): string | null => {
    const raw = either(environment, name);
    if (raw === "") return null;
    const written = /^[a-z][a-z0-9+.-]*:\/\//i.test(raw) ? raw : `http://${raw}`;
    const url = URL.parse(written);
    if (url !== null && /^https?:$/.test(url.protocol) && url.hostname !== "") return url.href;
    mistakes.push({ name, problem: "must be the http or https address of a proxy", example: "http://proxy:3128" });
    return null;
  };
  const settings = {
    http: address("HTTP_PROXY"),
    https: address("HTTPS_PROXY"),
    direct: either(environment, "NO_PROXY")
      .split(",")
      .map((entry) => entry.trim())
      .filter((entry) => entry !== ""),
  };
  return { settings, mistakes };
}

function either(environment: Environment, name: string): string {
  return (environment[name] ?? "").trim() || (environment[name.toLowerCase()] ?? "").trim();
}
