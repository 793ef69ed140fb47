// What is answered where no route matches, as the original's router did: a redirect to the right spelling, Allow for OPTIONS and
// wrong methods, else 404. Derived from the route table; pure.
import type { Route } from "./routes.ts";

/** An answer without JSON. */
export interface PlainAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

const plainText = { "content-type": "text/plain; charset=utf-8" };

/** True when the parameters of a matched route are what the route takes; an empty one never is. */
export function isAddressed({ parameter }: Route, parameters: Readonly<Record<string, string>>): boolean {
  return Object.values(parameters).every((value) => value !== "" && (parameter?.test(value) ?? true));
}

/** The answer to a request that no route takes. `target` is the request's path with its query, as it was sent. */
export function otherAnswer(routes: readonly Route[], method: string, target: string): PlainAnswer {
  const queryAt = target.indexOf("?");
  const path = queryAt < 0 ? target : target.slice(0, queryAt);
  const query = queryAt < 0 ? "" : target.slice(queryAt);
  const allowed = routes.filter((route) => respell(route, path) === path).map((route) => route.method);
  const right = routes
    .filter((route) => route.method === method)
    .map((route) => respell(route, path))
    .find((respelled) => respelled !== null);
  if (right !== undefined && right !== path) {
    return { status: method === "GET" ? 301 : 307, headers: { location: right + query }, text: "" };
  }
  if (allowed.length === 0) return { status: 404, headers: plainText, text: "404 page not found\n" };
  const allow = [...new Set<string>([...allowed, "OPTIONS"])].sort().join(", ");
  if (method === "OPTIONS") return { status: 200, headers: { allow }, text: "" };
  return { status: 405, headers: { ...plainText, allow }, text: "Method Not Allowed\n" };
}

/** The path as the route spells it, parameters as sent; null when it is another path. Never begins with two slashes. */
function respell(route: Route, path: string): string | null {
  const wanted = route.path.split("/");
  const given = path
    .replace(/\/{2,}/g, "/")
    .replace(/\/$/, "")
    .split("/");
  if (wanted.length !== given.length) return null;
  const segments = wanted.map((segment, index) => {
    const sent = given[index] ?? "";
    if (segment.startsWith(":")) return isAddressed(route, { [segment]: sent }) ? sent : null;
    return segment.toLowerCase() === sent.toLowerCase() ? segment : null;
  });
  return segments.includes(null) ? null : segments.join("/");
}
