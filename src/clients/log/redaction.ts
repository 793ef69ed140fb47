// What may stand in a log line. Callers hand over fields that are fit for a log; this is the net below them: names that hold
// secrets or people are emptied, and texts of errors, which are others' words, lose what looks like an address, a number of a
// person or a token.

const redacted = "[redacted]";

/** Fields that the line itself has. */
const reserved = ["message", "severity", "time"];

const forbiddenName =
  /^(texts?|caption|body|payload|content|names?|visitorName|e-?mail|phone\w*|user_?id|extraData|headers?|cookies?|authorization|key|value|route|state|history|said|context)$|password|passwd|secret|token|jwt|affinity|session_?key|api_?key/i;

const patterns: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/\b(Bearer|Basic)\s+\S+/gi, `$1 ${redacted}`],
  [/\beyJ[\w-]+\.[\w-]*(\.[\w-]*)?/g, redacted],
  [/(\bhttps?:\/\/)[^\s/@]+@/gi, `$1${redacted}@`],
  [/(\bhttps?:\/\/[^\s?#"')]+)[?#][^\s"')]*/gi, "$1"],
  [/[^\s@"'<>:=]+@[^\s@"'<>]+\.[a-z]{2,}/gi, redacted],
  [/(?<![\w.-])\+?\d{9,16}(?![\w-])/g, redacted],
];

const deepest = 4;
const mostEntries = 50;
const longestText = 1000;

/**
 * The fields as they may be logged, with `user`, what `userHash` makes of it, for `userId`. Never throws on what it is given; keeps the
 * order.
 */
export function safeFields(
  fields: Readonly<Record<string, unknown>>,
  userHash: (userId: string) => string,
): Record<string, unknown> {
  const kept = Object.entries(fields).filter(([name]) => !reserved.includes(name));
  return Object.fromEntries(
    kept.map(([name, value]) =>
      name === "userId"
        ? ["user", typeof value === "string" ? userHash(value) : null]
        : [name, safeEntry(name, value, 0)],
    ),
  );
}

/** A text without what looks like a person's number or address, a token, or the query of an address. */
function safeText(text: string): string {
  const cut = text.length > longestText ? `${text.slice(0, longestText)}…` : text;
  return patterns.reduce((clean, [pattern, instead]) => clean.replaceAll(pattern, instead), cut);
}

function safeEntry(name: string, value: unknown, depth: number): unknown {
  // A count or a flag under such a name gives nobody away.
  const telling = typeof value !== "number" && typeof value !== "boolean" && value !== null && value !== undefined;
  return telling && forbiddenName.test(name) ? redacted : safeValue(value, depth);
}

function safeValue(value: unknown, depth: number): unknown {
  if (typeof value === "string") return safeText(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return typeof value === "function" ? "[function]" : value;
  if (value instanceof Error) return safeError(value, depth);
  if (value instanceof Date) return value.getTime();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength.toString()} bytes]`;
  if (depth >= deepest) return "[deep]";
  if (Array.isArray(value)) return value.slice(0, mostEntries).map((entry: unknown) => safeValue(entry, depth + 1));
  const entries = Object.entries(value).slice(0, mostEntries);
  return Object.fromEntries(
    entries.map(([name, entry]: [string, unknown]) => [name, safeEntry(name, entry, depth + 1)]),
  );
}

// Own properties of errors hold requests, responses and connection options: only these are known to be harmless.
const harmless = ["code", "status", "statusCode", "refused", "errno", "syscall", "retriable"] as const;

function safeError(error: Error, depth: number): unknown {
  const own = error as Error & Readonly<Record<string, unknown>>;
  const facts = harmless.flatMap((name) => {
    const fact: unknown = own[name];
    return typeof fact === "string" || typeof fact === "number" || typeof fact === "boolean" ? [[name, fact]] : [];
  });
  // A SyntaxError quotes what it could not read: that may be anybody's words. The first lines of a stack repeat the message.
  const stack = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  return {
    type: error.name,
    text: error instanceof SyntaxError ? "not readable" : safeText(error.message),
    ...(Object.fromEntries(facts) as Record<string, unknown>),
    stack: stack.slice(0, 12).map((line) => line.trim()),
    ...(error.cause === undefined || depth >= deepest ? {} : { cause: safeValue(error.cause, depth + 1) }),
    ...(error instanceof AggregateError && depth < deepest ? { errors: safeValue(error.errors, depth + 1) } : {}),
  };
}
