// How long things are kept that several parts must agree on. Milliseconds.

/** What users and bot have said is context for so long, from when it was received: a day. */
export const contextLifeMs = 86_400_000;
