// Seals the secrets of a session so that they can stand in topics and Redis: AES-256-GCM under a ring of keys, bound to user
// and chat. Owns the text forms `v1.<keyId>.<iv>.<cipher>.<tag>` and `plain.<text>` (base64url), which are persisted. Made in
// composition-outside.ts for the desk gateway, and in composition-storage.ts for records of the Go service.
import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";

import type { Sealer } from "../processors/desk/port.ts";

/** One key of the ring. */
export interface SealingKey {
  /** Names the key inside sealed texts; letters, digits, `_` and `-`. */
  readonly id: string;
  /** 32 bytes. */
  readonly key: Buffer;
}

type Binding = Parameters<Sealer["seal"]>[1];

const ivBytes = 12;
const tagBytes = 16;
const fingerprintDomain = "salesforce-integration/fingerprint/v1\0";

/**
 * The first key seals, all of them open. Without keys texts are only encoded, for use outside production; with keys such
 * plain texts are refused, as they are bound to nobody. Throws on a key that is not 32 bytes long, an id that can't stand
 * in the text form, and an id given twice.
 */
export function createSealer(keys: readonly SealingKey[]): Sealer {
  checkRing(keys);
  const first = keys[0];
  return {
    seal: (plain, boundTo) => (first === undefined ? `plain.${encode(plain)}` : sealWith(first, plain, boundTo)),
    unseal(sealed, boundTo) {
      const parts = sealed.split(".");
      if (parts[0] === "plain") return keys.length === 0 && parts.length === 2 ? decode(parts[1]) : null;
      return parts[0] === "v1" && parts.length === 5 ? openWith(keys, parts, boundTo) : null;
    },
    fingerprint: (plain) => createHash("sha256").update(fingerprintDomain).update(plain).digest("hex").slice(0, 12),
  };
}

function checkRing(keys: readonly SealingKey[]): void {
  const ids = new Set<string>();
  for (const { id, key } of keys) {
    if (!/^[\w-]{1,64}$/.test(id)) throw new Error("the id of a sealing key is made of letters, digits, _ and -");
    if (ids.has(id)) throw new Error(`sealing key ${id} is given twice`);
    if (key.length !== 32) throw new Error(`sealing key ${id} has ${key.length} bytes, not 32`);
    ids.add(id);
  }
}

function sealWith(key: SealingKey, plain: string, boundTo: Binding): string {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv("aes-256-gcm", key.key, iv, { authTagLength: tagBytes });
  cipher.setAAD(boundData(boundTo));
  const body = Buffer.concat([cipher.update(plain, "utf8"), cipher.final()]);
  return ["v1", key.id, encode(iv), encode(body), encode(cipher.getAuthTag())].join(".");
}

function openWith(keys: readonly SealingKey[], parts: readonly string[], boundTo: Binding): string | null {
  const [, keyId, iv, body, tag] = parts.map((part, index) => (index < 2 ? part : Buffer.from(part, "base64url")));
  const key = keys.find(({ id }) => id === keyId);
  if (key === undefined || !Buffer.isBuffer(iv) || !Buffer.isBuffer(body) || !Buffer.isBuffer(tag)) return null;
  if (iv.length !== ivBytes || tag.length !== tagBytes) return null;
  const decipher = createDecipheriv("aes-256-gcm", key.key, iv, { authTagLength: tagBytes });
  decipher.setAAD(boundData(boundTo));
  decipher.setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(body), decipher.final()]).toString("utf8");
  } catch {
    // The only failure that is left is the tag's: damaged, or sealed under another key or for somebody else.
    return null;
  }
}

/** Unambiguous: `ab` + `c` is not `a` + `bc`. */
function boundData({ userId, chatId }: Binding): Buffer {
  return Buffer.from(JSON.stringify([userId, chatId]), "utf8");
}

function encode(value: string | Buffer): string {
  return (typeof value === "string" ? Buffer.from(value, "utf8") : value).toString("base64url");
}

function decode(text: string | undefined): string | null {
  return text === undefined ? null : Buffer.from(text, "base64url").toString("utf8");
}
