// In the simulation nothing may know the real time or real chance: whatever asks for them throws, wherever it stands. Called once, in a
// thread or process that does nothing else, before the code under test is imported.
import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import nodeTimers from "node:timers";
import timersPromises from "node:timers/promises";

/** What is asked for although it may not be. */
class Impurity extends Error {
  constructor(what: string) {
    super(`${what} was asked for inside the simulation: time, timers and chance come from the ports`);
    this.name = "Impurity";
  }
}

/** Closes the ways to real time and chance, for good. `setImmediate` stays: the virtual clock settles by it, and it tells no time. */
export function forbidImpurity(): void {
  const forbidden = (what: string) => (): never => {
    throw new Impurity(what);
  };
  globalThis.Date = pureDate();
  Math.random = forbidden("Math.random");
  performance.now = forbidden("performance.now");
  process.hrtime = Object.assign(forbidden("process.hrtime"), { bigint: forbidden("process.hrtime.bigint") });
  const close = (owners: readonly object[], names: readonly string[]): void => {
    for (const owner of owners)
      for (const name of names)
        Object.defineProperty(owner, name, { value: forbidden(name), configurable: true, writable: true });
  };
  close([globalThis, nodeTimers, timersPromises], ["setTimeout", "setInterval"]);
  close([crypto], ["randomBytes", "randomUUID", "randomInt", "randomFillSync"]);
  close([globalThis.crypto], ["randomUUID", "getRandomValues"]);
  syncBuiltinESMExports();
}

/** A date of a given moment is a value like others; only the present moment is none of the simulation's business. */
function pureDate(): DateConstructor {
  return new Proxy(Date, {
    construct(target, args: readonly unknown[]) {
      if (args.length === 0) throw new Impurity("new Date()");
      return Reflect.construct(target, args) as Date;
    },
    apply() {
      throw new Impurity("Date()");
    },
    get(target, name) {
      if (name === "now") throw new Impurity("Date.now");
      return Reflect.get(target, name) as unknown;
    },
  });
}
