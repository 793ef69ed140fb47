// How long things are kept that several parts must agree on. Milliseconds.

/** A day. */
export const dayMs = 86_400_000;
/** What users and bot have said is context for so long, from when it was received. */
export const contextLifeMs = dayMs;
