// Texts that others choose, as one segment of a URL's path. Used by the clients of outside systems.

/** The text as one segment; null for those that a URL would take for a step, and for none. */
export function pathSegment(text: string): string | null {
  return text === "" || text === "." || text === ".." ? null : encodeURIComponent(text.toWellFormed());
}
