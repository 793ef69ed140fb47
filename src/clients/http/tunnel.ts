// A connection through a CONNECT proxy, for undici's clients. Node's own agents tunnel by themselves. Used by connections.ts.
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";

import { buildConnector } from "undici";

/**
 * Opens sockets to the origin through `proxy`. A proxy that refuses, or does not answer within `connectTimeoutMs`, is an error
 * with a code, as it is with Node's agents (ERR_PROXY_TUNNEL): nothing was sent to the origin.
 */
export function tunnelConnector(proxy: URL, connectTimeoutMs: number): buildConnector.connector {
  const direct = buildConnector({ allowH2: false, timeout: connectTimeoutMs });
  return (target, callback) => {
    const secure = target.protocol === "https:";
    const authority = `${target.hostname}:${target.port === "" ? (secure ? "443" : "80") : target.port}`;
    const request = (proxy.protocol === "https:" ? httpsRequest : httpRequest)({
      host: proxy.hostname.replace(/^\[|\]$/g, ""),
      port: proxy.port === "" ? (proxy.protocol === "https:" ? 443 : 80) : proxy.port,
      method: "CONNECT",
      path: authority,
      headers: { host: authority, ...proxyAuthorization(proxy) },
      agent: false,
      timeout: connectTimeoutMs,
    });
    request.once("connect", (response, socket) => {
      if (response.statusCode !== 200) {
        socket.destroy();
        callback(refusal(), null);
      } else if (secure) {
        direct({ ...target, httpSocket: socket }, callback);
      } else {
        callback(null, socket);
      }
    });
    // A proxy that answers CONNECT as if it were a request.
    request.once("response", () => request.destroy(refusal()));
    request.once("timeout", () => request.destroy(refusal()));
    request.once("error", (error) => callback(error, null));
    request.end();
  };
}

function refusal(): Error {
  return Object.assign(new Error("the proxy opened no tunnel"), { code: "ERR_PROXY_TUNNEL" });
}

/** The header by which a proxy knows us; none without credentials in its address. */
export function proxyAuthorization(proxy: URL): Readonly<Record<string, string>> {
  if (proxy.username === "" && proxy.password === "") return {};
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { "proxy-authorization": `Basic ${Buffer.from(credentials).toString("base64")}` };
}
