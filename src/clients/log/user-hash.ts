// The stand-in for a user in logs: a keyed hash, so that lines of one user can be found together while nobody who has only the
// logs learns a phone number, not even by trying them all.
import { createHmac, randomBytes } from "node:crypto";

/** Gives the value of the field `user` for a user id. With the same key the same everywhere; without one, for this start only. */
export function createUserHash(key: string | null): (userId: string) => string {
  const secret = key ?? randomBytes(32);
  return (userId) => createHmac("sha256", secret).update(`user:${userId}`).digest("hex").slice(0, 16);
}
