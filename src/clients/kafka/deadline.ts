// Waiting with an end, on the clock port. Called by the clients of this folder.
import type { Clock } from "../../topology/ports.ts";

/** How a wait ended. */
export type Ended<Value> =
  | { readonly kind: "done"; readonly value: Value }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "late" };

/** The promise's end, or `late` when it has none within the time; a rejection after that is taken and dropped. Never rejects. */
export async function within<Value>(clock: Clock, timeoutMs: number, promise: Promise<Value>): Promise<Ended<Value>> {
  let cancel = (): void => undefined;
  const deadline = new Promise<Ended<Value>>((resolve) => {
    cancel = clock.after(timeoutMs, () => {
      resolve({ kind: "late" });
    });
  });
  const end = promise.then(
    (value): Ended<Value> => ({ kind: "done", value }),
    (error: unknown): Ended<Value> => ({ kind: "failed", error }),
  );
  const first = await Promise.race([end, deadline]);
  cancel();
  return first;
}

/** Resolves after the time. */
export async function pause(clock: Clock, delayMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    clock.after(delayMs, resolve);
  });
}
