// Reads the Retry-After header (RFC 9110, section 10.2.3). Pure. Used by the HTTP clients of this folder.

/** A longer wait is asked for anew when it is over: a wrong clock or a page of a proxy must not hold a user back for hours. */
const longestMs = 60_000;

/**
 * The wait that the other side asked for, milliseconds, not negative and a minute at most; null when it asked for none or wrote
 * what is neither whole seconds nor a date. `nowMs` is epoch milliseconds.
 */
export function retryAfterMs(header: string | null | undefined, nowMs: number): number | null {
  const text = header?.trim() ?? "";
  if (/^\d+$/.test(text)) return Math.min(longestMs, Number(text) * 1_000);
  // A date must name a weekday or month: Date.parse also takes things such as "-5" for a date.
  if (!/[A-Za-z]{3}/.test(text)) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.min(longestMs, Math.max(0, at - nowMs));
}
