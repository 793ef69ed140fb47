// Waits for something no longer than a deadline: the edge answers its callers in time, whatever the part behind it does.

/** Settles as `work` does, or rejects with DeadlinePassed after `timeoutMs`; what comes of `work` later is nobody's. */
export async function within<Value>(timeoutMs: number, work: Promise<Value>): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new DeadlinePassed(timeoutMs)), timeoutMs);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The part behind the edge did not answer in time; what was asked of it may have happened. */
class DeadlinePassed extends Error {
  override readonly name = "DeadlinePassed";

  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs.toString()} ms`);
  }
}
