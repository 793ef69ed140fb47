// The stand-in for a user in logs: a keyed hash, so that lines of one user can be found together while nobody who has only the
// logs learns a phone number, not even by trying them all.
import { createHmac, createSecretKey, randomBytes } from "node:crypto";

/** Gives the value of the field `user` for a user id. With the same key the same everywhere; without one, for this start only. */
export function createUserHash(key: string | null): (userId: string) => string {
  // Made once: a key given as text is made anew for each hash, which costs more than the hash.
  const secret = key === null ? createSecretKey(randomBytes(32)) : createSecretKey(key, "utf8");
  return (userId) => createHmac("sha256", secret).update(`user:${userId}`).digest("hex").slice(0, 16);
}
