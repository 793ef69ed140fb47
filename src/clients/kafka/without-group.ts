// Calls of a KafkaJS consumer that need its group, at a moment at which it may have none: between the end of a run and the next join, when
// KafkaJS restarts after an error that it takes for passing. Called by consumer.ts, which restores positions and pauses after each join.

const words = "Consumer group was not initialized";

/** Calls; where the consumer has no group just now nothing happens. Throws what else the call throws. */
export function unlessWithoutGroup(call: () => void): void {
  try {
    call();
  } catch (error) {
    // KafkaJS has no other mark of it: the error is its general one, that does not bear a repeat.
    if (!(error instanceof Error && error.message.startsWith(words))) throw error;
  }
}
