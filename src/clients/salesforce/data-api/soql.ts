// Text of SOQL queries: quoting of values, and the address of a query. Pure. Facts: SOQL and SOSL Reference, "Quoted String
// Escape Sequences"; REST API Guide, "Query". Used by contacts.ts and cases.ts; nothing else writes SOQL.

const escapes: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "'": "\\'",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\b": "\\b",
  "\f": "\\f",
};

/** The value as a SOQL string literal, quotes included. What a user wrote can't leave the literal. */
export function soqlString(value: string): string {
  return `'${value.replaceAll(/[\\'\n\r\t\b\f]/g, (character) => escapes[character] ?? character)}'`;
}

/** The moment as a SOQL date-time literal, rounded down to the second: records carry no finer time. */
export function soqlDateTime(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
}

/** The number as a SOQL literal; null for one that only an exponent could write. */
export function soqlNumber(value: number): string | null {
  const written = String(value);
  return /^-?\d+(\.\d+)?$/.test(written) ? written : null;
}

/**
 * Path and query of a SOQL query, percent-encoded: `+`, `&`, `#` and `%` reach the query as they are, and `@{…}` of a value
 * can't be taken for a composite reference. Half a surrogate pair becomes U+FFFD.
 */
export function queryPath(apiVersion: string, soql: string): string {
  return `/services/data/v${apiVersion}.0/query/?q=${encodeURIComponent(soql.toWellFormed())}`;
}
