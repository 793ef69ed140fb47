// The one failure that the store port may reject with: its outcome is unknown, and the same call again is safe. Made by the
// implementations of the port; told from other errors by its name.

/** `detail` is a code, never a key or a value. */
export interface StoreUnavailable extends Error {
  readonly name: "StoreUnavailable";
  readonly detail: string;
}

/** The rejection of a call whose outcome is unknown. */
export function storeUnavailable(detail: string): StoreUnavailable {
  return Object.assign(new Error(`the store did not answer: ${detail}`), {
    name: "StoreUnavailable" as const,
    detail,
  });
}
