// What can go wrong in a seed. faults.ts does it.

/** All kinds. */
export const faultNames = [
  "crash",
  "stop",
  "hold",
  "store outcome unknown",
  "store away",
  "store empty",
  "store back in time",
  "produce fails",
  "broker away",
  "changelog compacted",
  "registry away",
  "session moves",
  "session forgotten",
  "desk fails",
  "channel fails",
  "bot fails",
] as const;

/** One kind. */
export type FaultName = (typeof faultNames)[number];
