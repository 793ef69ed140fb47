// The time for everything that shows how long something has lasted: once a second. Read by the components.
import { signal } from "@preact/signals";

/** Epoch milliseconds, a second old at most. */
export const now = signal(Date.now());

setInterval(() => {
  now.value = Date.now();
}, 1_000);
