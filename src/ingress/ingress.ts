// The HTTP edge: a Fastify server with the service's routes, its limits, and what is answered when something goes wrong. Owns
// the way from request to handler and back; what each route does is in files of its own. Made and closed by composition.ts.
import { STATUS_CODES, type IncomingHttpHeaders } from "node:http";

import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type InjectOptions,
  type LightMyRequestResponse,
} from "fastify";

import type { Clock, Log } from "../topology/ports.ts";
import { checkAccess } from "./access.ts";
import { authenticate, tokenCheck } from "./accounts.ts";
import { failure, success, type Answer } from "./answer.ts";
import { createChats } from "./chats.ts";
import { createContextRoute } from "./context.ts";
import type { ExtraDataRule } from "./extra-data.ts";
import { createFacebookWebhook } from "./facebook.ts";
import { createLoginFailures } from "./login-failures.ts";
import { isAddressed, otherAnswer } from "./other-paths.ts";
import type { IngressPorts } from "./ports.ts";
import type { RefusalStatus } from "./reply-answers.ts";
import { routes, webhookPaths, type Route } from "./routes.ts";
import { createSignatureCheck, type Signatures } from "./signatures.ts";
import { createTokens, type Account, type Caller, type Tokens } from "./tokens.ts";
import { createWebhookRegistration } from "./webhook-registration.ts";
import { createWhatsappWebhook } from "./whatsapp.ts";

/** How the edge is made. */
export interface IngressOptions {
  /** CLIENT: goes into every record. */
  readonly client: string;
  readonly host: string;
  /** 0 is any free port. */
  readonly port: number;
  /** Longest wait of connect and finish for their outcome. */
  readonly replyTimeoutMs: number;
  readonly lateStatus: 202 | 500;
  readonly refusalStatus: RefusalStatus;
  /** What of a connect's extraData the service reads, and what it must be; nothing when left out. */
  readonly extraDataRules?: readonly ExtraDataRule[];
  readonly ignoredTypes: readonly string[];
  /** What webhooks must be signed with; nothing when left out. */
  readonly signatures?: Signatures;
  readonly auth: {
    readonly secretKey: string;
    readonly tokenTtlMs: number;
    readonly legacyTokens: "accept" | "refuse";
    readonly accounts: readonly Account[];
  };
  /** Longest time in which a request must have come in whole; 10 s when left out. */
  readonly requestTimeoutMs?: number;
  /** Longest wait for broker or store; defaultPartTimeoutMs when left out. */
  readonly partTimeoutMs?: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** The edge. */
export interface Ingress {
  /** Opens the port, which is logged. Rejects when it cannot be bound. */
  listen(): Promise<{ readonly host: string; readonly port: number }>;
  /** Takes no more requests, answers those that wait with 202 after `graceMs`, and resolves when all are answered. Safe to repeat. */
  close(graceMs: number): Promise<void>;
  /** For tests: answers without a socket. */
  inject(request: InjectOptions): Promise<LightMyRequestResponse>;
}

/** A caller knows within 5 s that the broker does not answer. */
export const defaultPartTimeoutMs = 4_500;
const bodyBytes = 1024 * 1024;
/** A token that is far too long is refused as a token, and not as a header. */
const headerBytes = 128 * 1024;
const mostHeaders = 100;
/** Within this a request must have come in whole, headers and body. */
const defaultRequestTimeoutMs = 10_000;

/** Those who still wait at the end of the grace are answered within this time; then their connections are cut. */
const lastAnswersMs = 500;
const noSignatures: Signatures = { fixed: null, metaSecret: null, standardKeys: [] };
const unsigned = failure(401, "Invalid webhook signature.");

/** A request as handlers see it. */
interface Call {
  readonly body: Buffer;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly headers: IncomingHttpHeaders;
  /** Who calls; null on routes for anybody. */
  readonly caller: Caller | null;
}

type Handlers = Readonly<Record<Route["name"], (call: Call) => Answer | Promise<Answer>>>;

/** Makes the edge; nothing is opened before listen. */
export function createIngress(ports: IngressPorts, options: IngressOptions): Ingress {
  const tokens = createTokens({ ...options.auth, now: () => options.clock.now() });
  const stopping = Promise.withResolvers<undefined>();
  const handlers = createHandlers(ports, options, tokens, stopping.promise);
  const app = createServer(options);
  const admit = createAdmission(tokens, ports);
  for (const route of routes) addRoute(app, route, handlers[route.name], admit);
  measure(app, ports, options.log);
  let closing = false;
  // Or a connection that was busy when the close began would stay open, and hold it up, until its keep-alive ran out.
  app.addHook("onSend", (_request, reply, _payload, done) => {
    if (closing) reply.header("connection", "close");
    done();
  });
  return {
    inject: (request) => app.inject(request),
    async listen() {
      await app.listen({ host: options.host, port: options.port });
      const address = app.server.address();
      const port = address !== null && typeof address === "object" ? address.port : options.port;
      options.log.info({ host: options.host, port }, "public port open");
      return { host: options.host, port };
    },
    async close(graceMs) {
      closing = true;
      const cancelGrace = options.clock.after(graceMs, () => stopping.resolve(undefined));
      // Node enforces no time-out of headers or bodies any more once a close has begun: a socket that says nothing would hold it up.
      const cancelCut = options.clock.after(graceMs + lastAnswersMs, () => app.server.closeAllConnections());
      await app.close();
      cancelGrace();
      cancelCut();
    },
  };
}

function createHandlers(
  ports: IngressPorts,
  options: IngressOptions,
  tokens: Tokens,
  stopping: Promise<undefined>,
): Handlers {
  const partTimeoutMs = options.partTimeoutMs ?? defaultPartTimeoutMs;
  const shared = { client: options.client, partTimeoutMs, clock: options.clock, log: options.log };
  const { replyTimeoutMs, lateStatus, refusalStatus, extraDataRules = [] } = options;
  const chats = createChats(ports, {
    ...shared,
    ...{ replyTimeoutMs, lateStatus, refusalStatus, extraDataRules, stopping },
  });
  const whatsapp = createWhatsappWebhook(ports, { ...shared, ignoredTypes: options.ignoredTypes });
  const facebook = createFacebookWebhook(ports, shared);
  const { clock, log } = options;
  const registration = createWebhookRegistration(ports, { paths: webhookPaths, replyTimeoutMs, stopping, clock, log });
  const isSigned = createSignatureCheck(options.signatures ?? noSignatures, () => clock.now());
  const context = createContextRoute(ports.context, shared);
  const usernames = options.auth.accounts.map(({ username }) => username);
  const failures = createLoginFailures(usernames, () => clock.monotonicMs());
  return {
    // One JSON document; the original sent two back to back, which no client reads.
    welcome: () => success("Welcome to API!"),
    authenticate: ({ body }) => authenticate(tokens, failures, body),
    tokenCheck: ({ caller }) => tokenCheck(known(caller)),
    connect: ({ body, headers }) => chats.connect(body, headers["idempotency-key"]),
    outcome: ({ params, query }) => chats.outcome(params["requestId"] ?? "", query["asked"]),
    finish: ({ params, caller, headers }) =>
      chats.finish(params["user_id"] ?? "", known(caller), headers["idempotency-key"]),
    context: ({ params }) => context(params["user_id"] ?? ""),
    whatsapp: ({ body, headers }) => (isSigned(headers, body) ? whatsapp(body) : unsigned),
    facebook: ({ body, headers }) => (isSigned(headers, body) ? facebook(body) : unsigned),
    registerWebhook: ({ params }) => registration.register(params["provider"] ?? ""),
    removeWebhook: ({ params }) => registration.remove(params["provider"] ?? ""),
  };
}

function known(caller: Caller | null): Caller {
  if (caller === null) throw new Error("a route that needs a caller was declared for anybody");
  return caller;
}

function createServer(options: IngressOptions): FastifyInstance {
  const requestTimeoutMs = options.requestTimeoutMs ?? defaultRequestTimeoutMs;
  const app = fastify({
    bodyLimit: bodyBytes,
    requestTimeout: requestTimeoutMs,
    // A caller who waits for an outcome is silent all that time.
    connectionTimeout: options.replyTimeoutMs + requestTimeoutMs,
    forceCloseConnections: "idle",
    exposeHeadRoutes: false,
    // Whatever the header bound lets in comes to its route: who may not call hears that first.
    routerOptions: { maxParamLength: headerBytes },
    http: {
      maxHeaderSize: headerBytes,
      headersTimeout: requestTimeoutMs,
      // How often Node looks for requests that take too long.
      connectionsCheckingInterval: 1_000,
    },
    // What is no HTTP, or not in time, has no request to answer: a few bytes on the socket, and its end.
    clientErrorHandler: (error, socket) => {
      if (socket.destroyed || !socket.writable) return;
      const [status, text] = unreadable.get(error.code) ?? [400, "the request is not readable"];
      const body = JSON.stringify({ ErrorDescription: text });
      const head = [
        `HTTP/1.1 ${status.toString()} ${STATUS_CODES[status] ?? ""}`,
        "Content-Type: application/json",
        `Content-Length: ${Buffer.byteLength(body).toString()}`,
        "Connection: close",
      ];
      socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
    },
    frameworkErrors: (_error, _request, reply) => {
      sendAnswer(reply, failure(400, "the address is not readable"));
    },
  });
  // 0: all are counted, and too many are refused below; with a bound Node drops the rest without a word.
  app.server.maxHeadersCount = 0;
  // The original reads JSON whatever the header says; the bytes stay as they came, so that a signature over them can be checked.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  app.addHook("onRequest", (request, reply, done) => {
    if (request.raw.rawHeaders.length / 2 > mostHeaders) {
      sendAnswer(reply, failure(431, `more than ${mostHeaders.toString()} headers`));
      return;
    }
    request.headers["content-type"] = "application/json";
    done();
  });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 400 && status < 500) return sendAnswer(reply, failure(status, tellable(error)));
    options.log.error({ path: request.routeOptions.url, error }, "a route failed by a defect of ours");
    return sendAnswer(reply, failure(500, "internal error"));
  });
  app.setNotFoundHandler((request, reply) => {
    const { status, headers, text } = otherAnswer(routes, request.method, request.raw.url ?? "/");
    return reply.code(status).headers(headers).send(text);
  });
  return app;
}

const unreadable = new Map<string | undefined, readonly [number, string]>([
  ["ERR_HTTP_REQUEST_TIMEOUT", [408, "the request did not come in whole in time"]],
  ["HPE_HEADER_OVERFLOW", [431, "the headers are larger than 128 KiB"]],
]);

function tellable(error: FastifyError): string {
  return error.code === "FST_ERR_CTP_BODY_TOO_LARGE" ? "the body is larger than 1 MiB" : "the request is not readable";
}

/** Who calls, or the answer that refuses them; null on routes for anybody. */
type Admit = (route: Route, request: FastifyRequest) => Caller | Answer | null;

function createAdmission(tokens: Tokens, ports: IngressPorts): Admit {
  return ({ roles }, request) => {
    if (roles === null) return null;
    const { token: queryToken } = request.query as { readonly token?: unknown };
    const access = checkAccess(tokens, roles, { authorization: request.headers.authorization, queryToken });
    if ("refusal" in access) return access.refusal;
    if (access.caller.legacy) ports.metrics.count("legacy_tokens", { role: access.caller.role });
    return access.caller;
  };
}

function addRoute(app: FastifyInstance, route: Route, handler: Handlers[Route["name"]], admit: Admit): void {
  const callers = new WeakMap<FastifyRequest, Caller>();
  app.route<{ Params: Record<string, string>; Querystring: Record<string, unknown>; Body: Buffer | undefined }>({
    method: route.method,
    url: route.path,
    // Before the body is read: who may not call costs nothing more.
    onRequest: async (request, reply) => {
      if (!isAddressed(route, request.params)) {
        reply.callNotFound();
        return reply;
      }
      const admitted = admit(route, request);
      if (admitted === null) return;
      if ("status" in admitted) return sendAnswer(reply, admitted);
      callers.set(request, admitted);
    },
    handler: async (request, reply) => {
      const answer = await handler({
        body: request.body ?? Buffer.alloc(0),
        params: request.params,
        query: request.query,
        headers: request.headers,
        caller: callers.get(request) ?? null,
      });
      return sendAnswer(reply, answer);
    },
  });
}

function sendAnswer(reply: FastifyReply, { status, body, headers }: Answer): FastifyReply {
  return (
    reply
      .code(status)
      .headers({ "content-type": "application/json", ...headers })
      // As bytes: to a text Fastify would add a charset that the original does not name.
      .send(Buffer.from(JSON.stringify(body)))
  );
}

/** Counts every request; logs all but accepted webhooks, which come by the thousand. Route patterns only: paths name users. */
function measure(app: FastifyInstance, ports: IngressPorts, log: Log): void {
  const webhooks: readonly string[] = Object.values(webhookPaths);
  app.addHook("onResponse", (request, reply, done) => {
    const { url } = request.routeOptions;
    const [method, path, status] = [methodOf(request), url ?? "other", reply.statusCode];
    ports.metrics.count("http_requests", { method, route: path, status: status.toString() });
    ports.metrics.observeMs("http_request", reply.elapsedTime, { method, route: path });
    if (url === undefined || !webhooks.includes(url) || status >= 400) {
      log.info({ method, path, status, ms: Math.round(reply.elapsedTime) }, "request");
    }
    done();
  });
}

// Callers choose the method's name; a label must not grow with their fancy.
function methodOf(request: FastifyRequest): string {
  return ["GET", "POST", "DELETE", "OPTIONS", "HEAD", "PUT", "PATCH"].includes(request.method)
    ? request.method
    : "other";
}
