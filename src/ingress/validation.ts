// The sentences in which the original's validator names a field and the rule that it breaks, and the bounds that we add to its
// rules. Which fields have which rules is said by the routes.

/** One rule of one field, with whether it is broken. */
export interface Rule {
  /** The original's name of the field, such as UserID; of one within others with the way to it, such as Sender.ID. */
  readonly field: string;
  readonly tag: "required" | "oneof" | "max" | "required_without";
  readonly broken: boolean;
}

/** A text that must be there; an empty one counts as missing. */
export function required(field: string, value: string): Rule {
  return { field, tag: "required", broken: value === "" };
}

/** A text of at most so many UTF-8 bytes. */
export function atMost(field: string, value: string | null | undefined, bytes: number): Rule {
  return { field, tag: "max", broken: value !== null && value !== undefined && Buffer.byteLength(value) > bytes };
}

/** All broken rules as the original's text, a line each; null when none is. */
export function brokenRules(struct: string, rules: readonly Rule[]): string | null {
  const lines = rules
    .filter(({ broken }) => broken)
    .map(({ field, tag }) => {
      const name = field.slice(field.lastIndexOf(".") + 1);
      return `Key: '${struct}.${field}' Error:Field validation for '${name}' failed on the '${tag}' tag`;
    });
  return lines.length === 0 ? null : lines.join("\n");
}

/** Longest user id in bytes: it is a record key and part of Redis keys. */
export const userIdBytes = 255;
/** Longest name, address or id in bytes. */
export const wordBytes = 1024;
/** Longest text of a message in bytes. */
export const textBytes = 256 * 1024;
/** Longest address of a file in bytes. */
export const addressBytes = 8 * 1024;
