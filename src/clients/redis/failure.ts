// What a failed Redis command means to the rest of the service: its outcome is unknown. ioredis hangs the command with its
// arguments (states, texts, keys with phone numbers) on the error, so the error itself goes no further than this file.
import { type StoreUnavailable, storeUnavailable } from "../../topology/store-unavailable.ts";

/** The failure that the ports know, with a code fit for a log in place of the error. */
export function asStoreUnavailable(error: unknown): StoreUnavailable {
  return storeUnavailable(redisFailureCode(error));
}

/** A code for a log: Redis's own first word (READONLY, OOM, NOAUTH …), the system's (ECONNREFUSED …), or ours. */
export function redisFailureCode(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  if (error.name === "ReplyError") return /^[A-Z]+/.exec(error.message)?.[0] ?? "ERR";
  if ("code" in error && typeof error.code === "string") return error.code;
  if (error.message === "Command timed out") return "timeout";
  if (error.message.startsWith("Socket timeout")) return "socket_timeout";
  return "disconnected";
}
