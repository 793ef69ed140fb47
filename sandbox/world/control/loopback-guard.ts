/**
 * Keeps web pages of others away from servers on this machine: a browser names the host it was told to call and the page that calls, and
 * only this machine's own names pass. That is what stops DNS rebinding and forms posted from elsewhere; programs send no Origin.
 * Used by the control API, the sandbox's page and the balancer before the service.
 */
import type { IncomingHttpHeaders } from "node:http";

import type { FastifyInstance } from "fastify";

const OWN_NAMES = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** Refuses with 403, and a sentence that says why, every call whose Host or Origin is not this machine's. */
export function guardLoopback(app: FastifyInstance): void {
  app.addHook("onRequest", async ({ headers }, reply) => {
    const error = strangerIn(headers);
    return error === undefined ? undefined : reply.code(403).send({ error });
  });
}

/** What in these headers is not this machine's, as a sentence for the caller; undefined when the call may pass. */
export function strangerIn({ host, origin }: IncomingHttpHeaders): string | undefined {
  if (!isOwn(`http://${host ?? ""}`)) return "call it by 127.0.0.1 or localhost: Host is another name";
  if (origin !== undefined && !isOwn(origin)) {
    return "pages from elsewhere may not call this: Origin is another host";
  }
  return undefined;
}

/** Whether an address, in the form of Origin, has one of this machine's own names. */
function isOwn(address: string): boolean {
  return URL.canParse(address) && OWN_NAMES.has(new URL(address).hostname);
}
