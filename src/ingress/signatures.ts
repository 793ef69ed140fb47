// Who sent a webhook: three forms of signature, each asked for where its secret is set. Over the bytes as they came, before anybody
// parses them, compared in constant time. Called by ingress.ts. Replays within the window are the processor's, by message id.
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** What webhooks must be signed with. */
export interface Signatures {
  /** What the header x-yalochat-signature must be (INTEGRATIONS_SIGNATURE). */
  readonly fixed: string | null;
  /** App secret of X-Hub-Signature-256 (Meta, "Validating Payloads"). */
  readonly metaSecret: string | null;
  /** Keys of Standard Webhooks 1.0, any of which may have signed. */
  readonly standardKeys: readonly Buffer[];
}

/** The recommendation of Standard Webhooks. */
const windowSeconds = 300;

/** True when the request has every signature that is asked for. Never throws. */
export type SignatureCheck = (headers: IncomingHttpHeaders, body: Buffer) => boolean;

/** Makes the check; `now` is epoch milliseconds. */
export function createSignatureCheck(signatures: Signatures, now: () => number): SignatureCheck {
  const { fixed, metaSecret, standardKeys } = signatures;
  return (headers, body) =>
    (fixed === null || hasText(headers["x-yalochat-signature"], fixed)) &&
    (metaSecret === null || isSignedForMeta(headers["x-hub-signature-256"], body, metaSecret)) &&
    (standardKeys.length === 0 || isSignedByStandard(headers, body, { keys: standardKeys, nowMs: now() }));
}

function hasText(header: unknown, wanted: string): boolean {
  // Node reads headers as Latin-1: this gives back the bytes that were sent.
  return typeof header === "string" && same(Buffer.from(header, "latin1"), Buffer.from(wanted, "utf8"));
}

function isSignedForMeta(header: unknown, body: Buffer, secret: string): boolean {
  const hex = typeof header === "string" ? /^sha256=([0-9a-f]{64})$/.exec(header)?.[1] : undefined;
  return hex !== undefined && same(Buffer.from(hex, "hex"), createHmac("sha256", secret).update(body).digest());
}

function isSignedByStandard(
  headers: IncomingHttpHeaders,
  body: Buffer,
  { keys, nowMs }: { readonly keys: readonly Buffer[]; readonly nowMs: number },
): boolean {
  const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature } = headers;
  if (typeof id !== "string" || typeof timestamp !== "string" || typeof signature !== "string") return false;
  if (id === "" || !/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(nowMs / 1000 - Number(timestamp)) > windowSeconds) return false;
  const given = signature
    .split(" ")
    .filter((entry) => entry.startsWith("v1,"))
    .map((entry) => Buffer.from(entry.slice("v1,".length), "utf8"));
  const wanted = keys.map((key) =>
    Buffer.from(
      createHmac("sha256", key).update(`${id}.${timestamp}.`, "latin1").update(body).digest("base64"),
      "utf8",
    ),
  );
  return wanted.some((one) => given.some((other) => same(one, other)));
}

/** Digests first: timingSafeEqual takes equal lengths only, and a length tells something too. */
function same(one: Buffer, other: Buffer): boolean {
  return timingSafeEqual(digest(one), digest(other));
}

function digest(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}
