/**
 * Ids as Salesforce and the channels form them, from a seed, so that two runs with one seed give equal ids.
 * Not a source of secrets: nothing here guards anything outside the sandbox.
 * Called by the record store, OAuth, Live Agent sessions and the channel.
 */

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const CHECK_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/** Where all ids of one world come from. */
export interface Ids {
  /** A fresh 18-character record id; `prefix` is the object's three characters (003 for a contact). */
  record(prefix: string): string;
  /** A fresh id in the form of a UUID. */
  uuid(): string;
  /** `length` random hexadecimal digits. */
  hex(length: number): string;
  /** A number in [0, 1). */
  readonly random: () => number;
}

/** Ids from a seed (any integer). */
export function seededIds(seed: number): Ids {
  let state = seed | 0;
  // mulberry32: small, fast and good enough to spread ids
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  // two worlds with different seeds should not give out the same record ids
  let lastRecord = Math.floor(random() * 1_000_000_000);
  const hex = (length: number): string => {
    let digits = "";
    while (digits.length < length) {
      digits += Math.floor(random() * 0x1_0000_0000)
        .toString(16)
        .padStart(8, "0");
    }
    return digits.slice(0, length);
  };
  return {
    record(prefix) {
      lastRecord += 1;
      return longId(prefix + "5g" + base62(lastRecord).padStart(10, "0"));
    },
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`,
    hex,
    random,
  };
}

/**
 * The 18-character form of a 15-character record id: three check characters tell the letter case apart
 * (Salesforce help, "What are the differences between 15 and 18 character record IDs").
 */
function longId(shortId: string): string {
  let suffix = "";
  for (let block = 0; block < 3; block++) {
    let bits = 0;
    for (let place = 0; place < 5; place++) {
      const character = shortId.charAt(block * 5 + place);
      if (character >= "A" && character <= "Z") {
        bits |= 1 << place;
      }
    }
    suffix += CHECK_ALPHABET.charAt(bits);
  }
  return shortId + suffix;
}

/** True for text that has the form of a record id, 15 or 18 characters. */
export function looksLikeRecordId(value: string): boolean {
  return /^[0-9A-Za-z]{15}([0-9A-Z]{3})?$/.test(value);
}

/** The 15 characters that identify a record, whichever of its two forms is given. */
export function shortId(value: string): string {
  return value.slice(0, 15);
}

function base62(value: number): string {
  let digits = "";
  for (let rest = value; rest > 0; rest = Math.floor(rest / 62)) {
    digits = ALPHABET.charAt(rest % 62) + digits;
  }
  return digits;
}
