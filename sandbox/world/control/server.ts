/**
 * The control API's server: everything that tests, the play and the page need, over JSON on 127.0.0.1.
 * Collects the routes of its neighbours; documented in docs/sandbox.md. Started by the world; the page serves the same routes itself.
 */
import type { AddressInfo } from "node:net";

import fastify from "fastify";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import { NotPossible } from "../live-agent/session.ts";
import type { WorldParts } from "../world-parts.ts";
import { agentRoutes } from "./agent-routes.ts";
import { deskRoutes } from "./desk-routes.ts";
import { faultRoutes } from "./fault-routes.ts";
import { guardLoopback } from "./loopback-guard.ts";
import { phoneRoutes } from "./phone-routes.ts";
import { ControlError } from "./routes.ts";
import type { Route } from "./routes.ts";
import { worldRoutes } from "./world-routes.ts";

const BODY_LIMIT_BYTES = 32 * 1024 * 1024;

/** The running server. */
export interface Control {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts the control API; port 0 takes any free one. */
export async function startControl(parts: WorldParts, port: number): Promise<Control> {
  const app = fastify({ forceCloseConnections: true });
  guardLoopback(app);
  serveRoutes(app, controlRoutes(parts), "");
  await app.listen({ host: "127.0.0.1", port });
  const { port: boundPort } = app.server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${boundPort}`, close: () => app.close() };
}

/** All routes of a world. */
export function controlRoutes(parts: WorldParts): readonly Route[] {
  const routes: readonly Route[] = [
    ...worldRoutes(parts, () => routes),
    ...faultRoutes(parts),
    ...deskRoutes(parts),
    ...agentRoutes(parts),
    ...phoneRoutes(parts),
  ];
  return routes;
}

/** Serves routes under a prefix, JSON in and out. `NotPossible` becomes 409. Called once for an instance of fastify. */
export function serveRoutes(app: FastifyInstance, routes: readonly Route[], prefix: string): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "string", bodyLimit: BODY_LIMIT_BYTES }, (_request, body, done) => {
    done(null, body);
  });
  for (const route of routes) {
    addRoute(app, route, prefix);
  }
  app.setErrorHandler(answerError);
}

function addRoute(app: FastifyInstance, route: Route, prefix: string): void {
  app.route({
    method: route.method,
    url: `${prefix}${route.path}`,
    handler: async (request, reply) => {
      const mark = request.url.indexOf("?");
      const made: unknown = await route.handle({
        params: request.params as Record<string, string>,
        query: new URLSearchParams(mark < 0 ? "" : request.url.slice(mark + 1)),
        body: bodyOf(request),
      });
      return made === undefined ? reply.code(204).send() : reply.send(made);
    },
  });
}

function bodyOf(request: FastifyRequest): unknown {
  if (typeof request.body !== "string" || request.body === "") {
    return undefined;
  }
  try {
    return JSON.parse(request.body) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new ControlError(400, "the body is not JSON");
    }
    throw error;
  }
}

function answerError(error: unknown, _request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof ControlError) {
    return reply.code(error.status).send({ error: error.message });
  }
  if (error instanceof NotPossible) {
    return reply.code(409).send({ error: error.message });
  }
  return reply.code(500).send({ error: error instanceof Error ? error.message : String(error) });
}
