// Owns calling the page's API. A refusal is shown to the visitor in the server's own words. Called by everything that can be clicked.
import { notice } from "./state/view.ts";

type Method = "GET" | "POST" | "PUT" | "DELETE";

/** Calls a route below /api; the answer, or undefined when it was refused, which the visitor is told. */
export async function call(method: Method, path: string, body?: unknown): Promise<unknown> {
  try {
    const response = await fetch(`/api${path}`, {
      method,
      ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const answer = text === "" ? null : (JSON.parse(text) as unknown);
    if (response.ok) return answer;
    notice.value = reasonIn(answer) ?? `The sandbox answered ${String(response.status)}.`;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    notice.value = "The sandbox does not answer. Does it still run?";
  }
  return undefined;
}

/** Fire and forget: what comes of it comes over the stream. */
export function act(method: Method, path: string, body: unknown = {}): void {
  void call(method, path, method === "DELETE" ? undefined : body);
}

function reasonIn(answer: unknown): string | undefined {
  const error = typeof answer === "object" && answer !== null && "error" in answer ? answer.error : undefined;
  return typeof error === "string" ? `Not possible: ${error}.` : undefined;
}
