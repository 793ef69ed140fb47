// What the tests of the Salesforce clients share: HTTP clients with short limits, a log that remembers, example commands.
import { createHttpClient } from "../../../../src/clients/http/http-client.ts";
import type { HttpClient } from "../../../../src/clients/http/http-client.ts";
import type { PasswordGrant } from "../../../../src/clients/salesforce/grants.ts";
import type { SalesforceLimits } from "../../../../src/clients/salesforce/limits.ts";
import type { EnsureCase, EnsureContact } from "../../../../src/processors/interconnection/commands.ts";
import type { Log } from "../../../../src/topology/ports.ts";

/** A client that waits long enough for a busy machine; a test of silence gives a shorter time. */
export function shortClient(responseTimeoutMs = 3_000): HttpClient {
  return createHttpClient({
    connectTimeoutMs: 3_000,
    responseTimeoutMs,
    maxConnections: 10,
    maxBodyBytes: 1_000_000,
    now: () => 0,
  });
}

/** The data API without limits. */
export const freely: { readonly limits: SalesforceLimits; readonly urgency: "new chat" } = {
  limits: { admit: () => Promise.resolve(null), heard: () => undefined },
  urgency: "new chat",
};

/** A log that keeps its lines as JSON. */
export function rememberingLog(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  const keep = (fields: Readonly<Record<string, unknown>>, text: string) =>
    void lines.push(JSON.stringify({ ...fields, text }));
  return { log: { info: keep, warn: keep, error: keep }, lines };
}

/** The grant of the examples. */
export const grant: PasswordGrant = {
  kind: "password",
  clientId: "the-client",
  clientSecret: "the-secret",
  username: "service@example.org",
  password: "pass&word",
  securityToken: "TOKEN+1",
};

/** A signal that never fires. */
/** A clock that stands still. */
export const still = { now: () => 0, monotonicMs: () => 0 };
export const never: AbortSignal = new AbortController().signal;

const openedAt = Date.UTC(2026, 10, 22, 12, 0, 0, 500);

const openBudgetMs = 8_000;

/** The contact command of the examples. */
export const contactCommand: EnsureContact = {
  lane: "desk",
  kind: "EnsureContact",
  seq: 1,
  chatId: "chat-1",
  giveUpAt: openedAt + openBudgetMs,
  name: "Ana O'Neil",
  email: "ana+bot@example.org",
  phoneNumber: "5512345678",
  extraData: {},
  channel: "whatsapp",
};

/** The case command of the examples. */
export const caseCommand: EnsureCase = {
  lane: "desk",
  kind: "EnsureCase",
  seq: 2,
  chatId: "chat-1",
  giveUpAt: openedAt + openBudgetMs,
  contactId: "003000000000001AAA",
  channel: "whatsapp",
  subject: "Ayuda",
  description: "Caso levantado por el Bot : Ayuda",
  notBefore: openedAt,
  ownerId: "005000000000001AAA",
  extraData: {},
};
