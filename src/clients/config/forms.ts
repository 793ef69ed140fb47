// The written forms of single settings: text, addresses, Go booleans and durations, whole numbers, lists, maps, closed words.
// Each turns the raw text into a value, or says what it expected; none repeats what it received, which may be a secret. Forms
// with a grammar of their own: source-flows.ts, message-texts.ts, state-keys.ts.
import { z } from "zod";

/** A setting's form: raw text in, value out. */
export type Form<Value> = z.ZodType<Value, string>;

/** Makes a form: `expected` says what it takes, `read` gives the value, or undefined when the text does not have the form. */
export function form<Value>(expected: string, read: (raw: string) => Value | undefined): Form<Value> {
  return z.string().transform((raw, context) => {
    const value = read(raw);
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", message: expected });
    return z.NEVER;
  });
}

/** Any text but none. Blanks at both ends are kept: a password may have them. */
export const text: Form<string> = form("a text that is not empty", (raw) => (raw === "" ? undefined : raw));

/** Any text, also none. Blanks at its ends are dropped. */
export const anyText: Form<string> = form("a text", (raw) => raw.trim());

/** A text without blanks at its ends, such as a name or an id. */
export const word: Form<string> = form("a text that is not empty", (raw) =>
  raw.trim() === "" ? undefined : raw.trim(),
);

/** An http or https address; a slash at its end is dropped, so that paths can be appended. */
export const httpAddress: Form<string> = form("an address with http:// or https://, without query", (raw) => {
  const parsed = URL.canParse(raw.trim()) ? new URL(raw.trim()) : null;
  const sound = parsed !== null && /^https?:$/.test(parsed.protocol) && parsed.search === "" && parsed.hash === "";
  return sound ? raw.trim().replace(/\/+$/, "") : undefined;
});

/** `host:port`; without a host it is localhost, as Go dials. */
export const hostAndPort: Form<string> = form("host:port", (raw) => {
  const address = raw.trim().replace(/^:/, "localhost:");
  return isHostAndPort(address) ? address : undefined;
});

/** True for `host:port` with a port from 1 to 65535; IPv6 hosts stand in brackets. */
export function isHostAndPort(value: string): boolean {
  const port = /^(?:\[[^\]\s]+\]|[^\s:/,;]+):(\d{1,5})$/.exec(value)?.[1];
  return port !== undefined && Number(port) >= 1 && Number(port) <= 65_535;
}

/** An address to listen on; an empty one is every address, as Go's listener and Node's have it. */
export const listenAddress: Form<string> = form("an address or a name", (raw) => raw.trim());

/** A port to listen on; 0 is any free one. */
export const listenPort: Form<number> = wholeNumber(0, 65_535);

/** The same; an empty one is any free one too, as Go's listener has it. */
export const goListenPort: Form<number> = form("a whole number from 0 to 65535", (raw) =>
  raw === "" ? 0 : readWhole(raw, 0, 65_535),
);

/** A whole number within bounds, in digits: an empty text is none. */
export function wholeNumber(least: number, most: number): Form<number> {
  return form(`a whole number from ${least.toString()} to ${most.toString()}`, (raw) => readWhole(raw, least, most));
}

/** Whole seconds, as milliseconds. */
export function seconds(least: number, most: number): Form<number> {
  return form(`seconds as a whole number from ${least.toString()} to ${most.toString()}, without a unit`, (raw) => {
    const value = readWhole(raw, least, most);
    return value === undefined ? undefined : value * 1000;
  });
}

/** Whole seconds of any size, as milliseconds; fewer than none is none, as Go sleeps. */
export const goSeconds: Form<number> = form("seconds as a whole number, without a unit", (raw) => {
  const value = readGoWhole(raw);
  return value === undefined ? undefined : value * 1000;
});

/** A whole number of any size; less than 0 is 0. */
export const goWholeNumber: Form<number> = form("a whole number", readGoWhole);

/** So many a second, as Go reads decimals. */
export const rate: Form<number> = form("a number above 0, such as 20 or 0.5", (raw) => {
  const value = /^\+?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(raw.trim()) ? Number(raw.trim()) : 0;
  return value > 0 && Number.isFinite(value) ? value : undefined;
});

function readWhole(raw: string, least: number, most: number): number | undefined {
  const value = /^\d{1,15}$/.test(raw.trim()) ? Number(raw.trim()) : Number.NaN;
  return value >= least && value <= most ? value : undefined;
}

// Beyond nine digits are times that no calendar has.
function readGoWhole(raw: string): number | undefined {
  return /^[+-]?\d{1,9}$/.test(raw.trim()) ? Math.max(0, Number(raw.trim())) : undefined;
}

const unitsMs: Readonly<Record<string, number>> = {
  ...{ ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3 },
  ...{ ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 },
};

/** A duration with units, as Go reads it (`10s`, `1h30m`, `.5h`, `500us`, `0`) and with days (`7d`), as whole milliseconds. */
export function duration(leastMs: number, mostMs: number): Form<number> {
  const expected = `a duration with a unit (ms, s, m, h, d) from ${inWords(leastMs)} to ${inWords(mostMs)}`;
  return form(expected, (raw) => {
    const value = readDuration(raw.trim());
    return value !== undefined && value >= leastMs && value <= mostMs ? value : undefined;
  });
}

/** A pause of any length; one of less than nothing is none, as Go sleeps. */
export const goPause: Form<number> = form("a duration with a unit (ms, s, m, h, d)", (raw) => {
  const [, minus, text = ""] = /^(-?)(.*)$/.exec(raw.trim()) ?? [];
  const value = readDuration(text);
  return value !== undefined && minus === "-" ? 0 : value;
});

function readDuration(text: string): number | undefined {
  if (!/^\+?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:[nuµμm]s|[smhd]))+)$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+\.?\d*|\.\d+)([nuµμm]s|[smhd])/g)];
  const sum = parts.reduce((total, [, amount, unit]) => total + Number(amount) * (unitsMs[unit ?? ""] ?? 0), 0);
  return Math.round(sum);
}

function inWords(ms: number): string {
  const unit = Object.entries(unitsMs)
    .reverse()
    .find(([, size]) => size >= 1 && ms >= size && ms % size === 0);
  return unit === undefined ? `${ms.toString()}ms` : `${(ms / unit[1]).toString()}${unit[0]}`;
}

const goTrue = ["1", "t", "T", "TRUE", "true", "True"];
const goFalse = ["0", "f", "F", "FALSE", "false", "False"];

/** The words that Go's strconv.ParseBool takes. */
export const goBoolean: Form<boolean> = form("true or false", (raw) => {
  if (goTrue.includes(raw.trim())) return true;
  return goFalse.includes(raw.trim()) ? false : undefined;
});

/** One of a closed set of words, in any case. */
export function oneOf<const Word extends string>(...words: readonly Word[]): Form<Word> {
  return form(`one of ${words.join(", ")}`, (raw) =>
    words.find((candidate) => candidate.toLowerCase() === raw.trim().toLowerCase()),
  );
}

/** `a,b,c`; blanks around entries are dropped, and so are empty entries. An empty text is an empty list. */
export const list: Form<readonly string[]> = form("entries with commas between them", (raw) => listEntries(raw));

/** `host,host:port`, lower case: names, IPv4 addresses, or IPv6 addresses in brackets. */
export const hostList: Form<readonly string[]> = form("host or host:port entries with commas between them", (raw) => {
  const hosts = listEntries(raw).map((host) => host.toLowerCase());
  return hosts.every((host) => /^(?:\[[0-9a-f:.]+\]|[^\s:/@[\]]+)(?::\d{1,5})?$/.test(host)) ? hosts : undefined;
});

/** The entries of a comma-separated list. */
export function listEntries(raw: string): string[] {
  return raw
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

/**
 * `key:value,key:value`; blanks around keys and values are dropped. A value holds neither comma nor colon, and may be empty. The last of a key
 * that is there twice holds, as in Go.
 */
export const map: Form<Readonly<Record<string, string>>> = form("key:value pairs with commas between them", (raw) => {
  const pairs = listEntries(raw).map((entry) => entry.split(":").map((part) => part.trim()));
  const sound = pairs.every((pair) => pair.length === 2 && pair[0] !== "");
  return sound ? Object.fromEntries(pairs.map(([key = "", value = ""]) => [key, value])) : undefined;
});

/** An IANA time zone that this Node knows; as Go loads them an empty one is UTC, and `Local` the process's own. */
export const timeZone: Form<string> = form("an IANA time zone name", (raw) => {
  const name = raw.trim();
  const zone = name === "Local" ? {} : { timeZone: name === "" ? "UTC" : name };
  try {
    return new Intl.DateTimeFormat("en", zone).resolvedOptions().timeZone;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
});

/** The value of a JSON text; undefined when it is none. */
export function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
