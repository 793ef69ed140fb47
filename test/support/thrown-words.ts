// What an error says that nobody handles: words, a number and a token that may reach nobody outside. Shared by the process and its test.

/** Of service-that-throws.ts. */
export const thrownWords = "hola-canary 5215599887766 eyJhbGciOiJIUzM4NCJ9.canary.canary";
