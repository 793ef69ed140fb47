// Reading of Retry-After, as seconds and as a date.
import { expect, it } from "vitest";

import { retryAfterMs } from "../../../../src/clients/http/retry-after.ts";

const now = Date.UTC(2026, 10, 22, 12, 0, 0);

it.each([
  ["0", 0],
  [" 20 ", 20_000],
  ["61", 60_000],
  ["86400", 60_000],
  ["9999999999999999999999", 60_000],
  ["Mon, 23 Nov 2026 12:00:00 GMT", 60_000],
  ["Sun, 22 Nov 2026 12:00:30 GMT", 30_000],
  ["Sun, 22 Nov 2026 11:59:00 GMT", 0],
  ["-5", null],
  ["1.5", null],
  ["soon", null],
  ["", null],
  [undefined, null],
])("Retry-After %j", (header, expected) => {
  expect(retryAfterMs(header, now)).toBe(expected);
});
