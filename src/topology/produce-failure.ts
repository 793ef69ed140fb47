// The one failure that the Producer port rejects with. Made by the implementations of the port (clients/kafka and the in-memory log),
// recognised by the runtime and the ingress.
import type { ProduceFailure } from "./ports.ts";

/** The rejection of a produce call; `detail` is a code or a sentence of ours, never a key or a value. */
export function produceFailure(detail: string, refused: boolean, cause?: unknown): ProduceFailure {
  const text = refused ? `the broker refuses these records: ${detail}` : `records were not acknowledged: ${detail}`;
  return Object.assign(new Error(text, cause === undefined ? undefined : { cause }), {
    name: "ProduceFailure" as const,
    refused,
  });
}

/** True for a rejection of the Producer port. */
export function isProduceFailure(error: unknown): error is ProduceFailure {
  return error instanceof Error && error.name === "ProduceFailure";
}
