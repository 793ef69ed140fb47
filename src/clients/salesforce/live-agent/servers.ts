// The servers of Live Agent (fact sheet 11.3): new sessions are opened where the setting says, or where the desk has sent us since;
// a session stays where it was opened. Owns how a session's route holds both: its affinity token, and behind a blank its server
// where that is not the setting's. Used by the other files of this folder.
import { isKnownHost } from "../salesforce-hosts.ts";

/** Where the sessions of one deployment are. */
export interface Servers {
  /** Origin at which new sessions are opened. */
  current(): string;
  /** Origin and affinity token of a route. */
  read(route: string): { readonly origin: string; readonly affinity: string };
  /** The route of a session that was opened, or is still, at that origin. */
  routeOf(affinity: string, origin: string): string;
  /** Opens new sessions where a SwitchServer says, such as `https://d.la9-c9-xyz.salesforceliveagent.com/chat`; false for a host that is not believed. */
  moveTo(newUrl: string | null): boolean;
  /** That origin did not answer a new session: the next one asks where the setting says, which sends us on if need be. */
  unanswered(origin: string): void;
}

/** The servers of a deployment that nobody has sent elsewhere yet. A restart begins at the setting again, and is sent on again. */
export function createServers(configured: string, knownAddresses: readonly string[]): Servers {
  let moved = configured;
  return {
    current: () => moved,
    read(route) {
      const [affinity = "", origin = configured] = route.split(" ");
      return { origin, affinity };
    },
    routeOf: (affinity, origin) => (origin === configured ? affinity : `${affinity} ${origin}`),
    moveTo(newUrl) {
      if (newUrl === null || !isKnownHost(newUrl, knownAddresses)) return false;
      moved = new URL(newUrl).origin;
      return true;
    },
    unanswered(origin) {
      if (moved === origin) moved = configured;
    },
  };
}
