// The form of SENTRY_DSN: `https://<public key>[:<secret>]@<host>[/<path>]/<project>`. Pure; used by the settings and by error-reports.ts.

/** Where events go. */
export interface SentryDsn {
  /** Address of the project's envelopes. */
  readonly url: string;
  readonly publicKey: string;
}

/** Reads one; null when it is none. */
export function readDsn(text: string): SentryDsn | null {
  const url = URL.parse(text.trim());
  if (url === null || !/^https?:$/.test(url.protocol) || url.username === "" || url.search !== "") return null;
  const found = /^(?<path>.*)\/(?<project>[\w-]+)\/?$/.exec(url.pathname)?.groups;
  if (found?.["project"] === undefined) return null;
  return {
    url: `${url.origin}${found["path"] ?? ""}/api/${found["project"]}/envelope/`,
    publicKey: decodeURIComponent(url.username),
  };
}
