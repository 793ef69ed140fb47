// The one place that throws on a case that the compiler has proven impossible.

/** Ends an exhaustive switch. Reached only through data that broke its type; the caller's turn treats it as a defect. */
export function unreachable(value: never): never {
  throw new Error(`impossible case: ${typeof value}`);
}
