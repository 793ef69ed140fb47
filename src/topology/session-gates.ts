// Whether posts may go to a chat's session now: not from the moment that its route was found void, by a poll or by a post, until the
// desk has answered the resync that follows a reconnect (Live Agent fact sheet, section 11), and what it told first there is decided. Between the poller of a chat, which
// reconnects, and its lane, which posts. A session that nobody polls has no gate.

/** The gate of one session, in the hands of its poller. */
export interface SessionGate {
  /** Nothing is posted from now on. */
  close(): void;
  /** Posts go out again, to that generation of the session only. */
  open(generation: string): void;
  /** Nobody polls it any more. A gate that another has replaced is left alone. */
  forget(): void;
}

/** The gates of an instance. */
export interface SessionGates {
  /** A poll begins. `routeVoid` is called when a post has met a void route while the gate was open; it is closed then. */
  watch(chatId: string, generation: string, routeVoid: () => void): SessionGate;
  /** Whether a post of that chat may go to that generation of its session. */
  mayPost(chatId: string, generation: string): boolean;
  /** Whether that chat is polled. */
  isWatched(chatId: string): boolean;
  /** Resolves when that chat's gate opens or goes, or when the signal aborts. */
  opened(chatId: string, signal: AbortSignal): Promise<void>;
  /** A post was told that the route of that generation is void. One of before the last reconnect says nothing. */
  metVoidRoute(chatId: string, generation: string): void;
}

interface Standing {
  generation: string;
  isOpen: boolean;
  readonly routeVoid: () => void;
}

/** No gates yet. */
export function createSessionGates(): SessionGates {
  const gates = new Map<string, Standing>();
  const waiting = new Map<string, Set<() => void>>();
  const tellOpened = (chatId: string): void => waiting.get(chatId)?.forEach((goOn) => goOn());
  return {
    watch(chatId, generation, routeVoid) {
      const standing: Standing = { generation, isOpen: true, routeVoid };
      gates.set(chatId, standing);
      tellOpened(chatId);
      return {
        close() {
          standing.isOpen = false;
        },
        open(reached) {
          standing.generation = reached;
          standing.isOpen = true;
          tellOpened(chatId);
        },
        forget() {
          if (gates.get(chatId) === standing) gates.delete(chatId);
          tellOpened(chatId);
        },
      };
    },
    mayPost(chatId, generation) {
      const gate = gates.get(chatId);
      return gate === undefined || (gate.isOpen && gate.generation === generation);
    },
    isWatched: (chatId) => gates.has(chatId),
    async opened(chatId, signal) {
      if (signal.aborted) return;
      const told = Promise.withResolvers<undefined>();
      const goOn = (): void => told.resolve(undefined);
      const all = waiting.get(chatId) ?? new Set();
      waiting.set(chatId, all.add(goOn));
      signal.addEventListener("abort", goOn, { once: true });
      await told.promise;
      signal.removeEventListener("abort", goOn);
      all.delete(goOn);
      if (all.size === 0 && waiting.get(chatId) === all) waiting.delete(chatId);
    },
    metVoidRoute(chatId, generation) {
      const gate = gates.get(chatId);
      if (gate?.isOpen !== true || gate.generation !== generation) return;
      gate.isOpen = false;
      gate.routeVoid();
    },
  };
}
