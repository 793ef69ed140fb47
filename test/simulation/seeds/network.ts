// How long calls travel in a seed. Every call of a port is two events of the scheduler, and nothing but the seed says in which order
// the calls of all instances arrive. Calls to our own services can be late: then the client has given up, and they happen all the same.
import type { PortCall, Route } from "../../../src/topology/in-memory/instance-gate.ts";
import { produceFailure } from "../../../src/topology/produce-failure.ts";
import { storeUnavailable } from "../../../src/topology/store-unavailable.ts";
import type { Dice } from "./dice.ts";
import type { NetworkParameters } from "./swarm.ts";

/** Routes of calls. */
export interface Network {
  route(call: PortCall): Route | null;
  /** From now on nothing is slow or lost. */
  calm(): void;
}

const storeTimeoutMs = 2_000;
/** Shorter than what is left of a claimant's wait when the right to act of the owner before has ended. */
const outsideMs = 300;

/** A network as the parameters have it. */
export function createNetwork({ usualMs, slowShare, slowMs, lostShare }: NetworkParameters, dice: Dice): Network {
  let isCalm = false;

  const usual = (): number => (usualMs === 0 ? 0 : dice.below(usualMs + 1));

  /** To our own services. */
  function near(late: Route["late"]): Route {
    const requestMs = !isCalm && dice.chance(slowShare) ? dice.below(slowMs) : usual();
    const replyMs = late !== null && !isCalm && dice.chance(lostShare) ? Number.POSITIVE_INFINITY : usual();
    return { requestMs, replyMs, late };
  }

  return {
    route({ name }) {
      const [port = ""] = name.split(".");
      switch (port) {
        case "store":
          return near({ afterMs: storeTimeoutMs, error: () => storeUnavailable("no answer in time") });
        case "broker":
          // The producer above has a deadline of its own; this only frees what would wait for ever.
          return near({ afterMs: 3 * slowMs, error: () => produceFailure("no answer", false) });
        case "consumer":
        case "changelog":
          return near(null);
        case "producer":
        case "effects":
          return null;
        default:
          return { requestMs: dice.chance(0.05) ? dice.below(outsideMs) : usual(), replyMs: usual(), late: null };
      }
    },
    calm() {
      isCalm = true;
    },
  };
}
