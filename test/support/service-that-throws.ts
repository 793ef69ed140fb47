// The service itself, which throws outside of everything when it gets SIGUSR2: how a process ends by an error that nobody has handled. An
// entry of its own, started as a process by test/integration/sentry.test.ts.
import { thrownWords } from "./thrown-words.ts";

process.on("SIGUSR2", () => {
  throw new TypeError(thrownWords);
});

await import("../../src/main.ts");
