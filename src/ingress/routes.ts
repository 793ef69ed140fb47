// The routes as data: method, path, who may call. The handlers are bound to them in ingress.ts; what happens beside them (404,
// 405, OPTIONS, redirects) follows from the same table in other-paths.ts.
import type { Role } from "./tokens.ts";

/** One route. */
export interface Route {
  readonly name:
    | "welcome"
    | "authenticate"
    | "tokenCheck"
    | "connect"
    | "outcome"
    | "finish"
    | "context"
    | "whatsapp"
    | "facebook"
    | "registerWebhook"
    | "removeWebhook";
  readonly method: "GET" | "POST" | "DELETE";
  /** Segments beginning with a colon are parameters; they are never empty. */
  readonly path: string;
  /** What parameters look like, where not everything is one. */
  readonly parameter?: RegExp;
  /** Null: anybody, without a token. */
  readonly roles: readonly Role[] | null;
}

/** Where the Integrations API sends messages, by provider. */
export const webhookPaths = {
  whatsapp: "/v1/integrations/whatsapp/webhook",
  facebook: "/v1/integrations/facebook/webhook",
} as const;

/** All routes. `outcome` is ours; the others are the original's. */
export const routes: readonly Route[] = [
  { name: "welcome", method: "GET", path: "/v1/welcome", roles: null },
  { name: "authenticate", method: "POST", path: "/v1/authenticate", roles: null },
  { name: "tokenCheck", method: "GET", path: "/v1/tokens/check", roles: ["YALO_ROLE", "SALESFORCE_ROLE"] },
  { name: "connect", method: "POST", path: "/v1/chats/connect", roles: ["YALO_ROLE"] },
  {
    name: "outcome",
    method: "GET",
    path: "/v1/chats/:requestId",
    // So that GET /v1/chats/connect stays a wrong method of connect.
    parameter: /^[0-9a-f-]{36}$/i,
    roles: ["YALO_ROLE"],
  },
  { name: "finish", method: "DELETE", path: "/v1/chat/finish/:user_id", roles: ["YALO_ROLE"] },
  { name: "context", method: "GET", path: "/v1/context/:user_id", roles: ["YALO_ROLE"] },
  { name: "whatsapp", method: "POST", path: webhookPaths.whatsapp, roles: null },
  { name: "facebook", method: "POST", path: webhookPaths.facebook, roles: null },
  {
    name: "registerWebhook",
    method: "POST",
    path: "/v1/integrations/webhook/register/:provider",
    roles: ["YALO_ROLE"],
  },
  {
    name: "removeWebhook",
    method: "DELETE",
    path: "/v1/integrations/webhook/remove/:provider",
    roles: ["YALO_ROLE"],
  },
];
