// The form of STATE_ENCRYPTION_KEY: one key, or several with ids while rotating. Only reads them; sealing is sealer.ts's.
import { form, listEntries, type Form } from "./forms.ts";

/** A key of the state's encryption. */
export interface StateKey {
  /** Name under which sealed texts refer to it. */
  readonly id: string;
  /** 32 bytes. */
  readonly key: Buffer;
}

/** Id of a key that was given without one. */
const onlyKeyId = "1";

/** `base64` of 32 bytes, or `id:base64,id:base64`: the first one seals, all of them open. An empty text means no key. */
export const stateKeys: Form<readonly StateKey[]> = form(
  "32 bytes in base64, or id:key,id:key with each id once",
  (raw) => {
    const keys = listEntries(raw).map((entry) => {
      const [id, key] = entry.includes(":") ? entry.split(":", 2) : [onlyKeyId, entry];
      return { id: id?.trim() ?? "", key: Buffer.from(key ?? "", "base64") };
    });
    const sound = keys.every(({ id, key }) => /^[A-Za-z0-9_-]{1,32}$/.test(id) && key.length === 32);
    return sound && new Set(keys.map(({ id }) => id)).size === keys.length ? keys : undefined;
  },
);
