// Owns the switches with which a visitor breaks the world: what each does, when it switches itself off, and the log of what was broken with
// the evidence that it healed. Breaks through the world, the services and the fleet; knows none of the page. Called by page.ts.
import { NotPossible } from "../world/live-agent/session.ts";
import { faultKinds, type Breakable, type Evidence, type FaultKind, type Undo } from "./fault-kinds.ts";
import type { FaultView, Incident } from "./protocol.ts";

/** The board. */
export interface FaultBoard {
  /**
   * Switches it on, for so many seconds or until it is switched off; on already: the time begins anew. A moment just happens. Rejects when
   * that fails; then the log says why.
   */
  breakIt(name: string, seconds: number | null): Promise<void>;
  /** Switches it off. Harmless when it is off. Rejects as breakIt does. */
  mend(name: string): Promise<void>;
  /** What was just seen outside: tells whether something has healed. */
  observe(evidence: Evidence): void;
  faults(): readonly FaultView[];
  /** Newest first; at most 20. */
  incidents(): readonly Incident[];
  /** Switches everything off. */
  close(): Promise<void>;
}

const KEPT_INCIDENTS = 20;

interface On {
  /** Of its cause, which is under way at first. */
  readonly caused: Promise<Undo | undefined>;
  isCaused: boolean;
  readonly incident: OpenIncident;
  offAt: number | null;
  timer: NodeJS.Timeout | undefined;
}

type OpenIncident = { -readonly [Field in keyof Incident]: Incident[Field] };

/** A board on which everything is off. */
export function createFaultBoard(breakable: Breakable, now: () => number = Date.now): FaultBoard {
  const kinds = faultKinds(breakable);
  const on = new Map<string, On>();
  let incidents: OpenIncident[] = [];
  let numbers = 0;

  const kindOf = (name: string): FaultKind => {
    const found = kinds.find((kind) => kind.name === name);
    if (found === undefined) {
      throw new NotPossible(`no such fault; there are ${kinds.map((kind) => kind.name).join(", ")}`);
    }
    return found;
  };
  const enter = ({ name, title, waitsFor }: FaultKind): OpenIncident => {
    numbers += 1;
    const entered = { id: numbers, fault: name, title, at: now(), struck: null, endedAt: null, healedAt: null };
    const incident = { ...entered, isFailed: false, note: waitsFor };
    incidents = [incident, ...incidents].slice(0, KEPT_INCIDENTS);
    return incident;
  };
  const fail = (incident: OpenIncident, error: unknown): void => {
    incident.isFailed = true;
    incident.note = error instanceof Error ? error.message : String(error);
  };
  const mend = async (name: string): Promise<void> => {
    const found = on.get(name);
    if (found === undefined) return;
    // What could not be caused need not be undone.
    const [caused] = await Promise.allSettled([found.caused]);
    const undo = caused.status === "fulfilled" ? caused.value : undefined;
    if (undo === undefined || on.get(name) !== found) return;
    on.delete(name);
    clearTimeout(found.timer);
    try {
      found.incident.struck = (await undo()) ?? null;
    } catch (error) {
      fail(found.incident, error);
      throw error;
    } finally {
      found.incident.endedAt = now();
    }
  };
  const switchOffAfter = (one: On, name: string, seconds: number | null): void => {
    clearTimeout(one.timer);
    one.offAt = seconds === null ? null : now() + seconds * 1_000;
    // What fails then stands in the log, and nowhere else.
    one.timer = seconds === null ? undefined : setTimeout(() => void Promise.allSettled([mend(name)]), seconds * 1_000);
  };
  const cause = async (name: string, kind: FaultKind): Promise<On> => {
    const entered: On = {
      caused: kind.breakIt(),
      isCaused: false,
      incident: enter(kind),
      offAt: null,
      timer: undefined,
    };
    // Entered before it is caused: who asks for it meanwhile waits for the same.
    on.set(name, entered);
    try {
      entered.isCaused = (await entered.caused) !== undefined;
    } catch (error) {
      fail(entered.incident, error);
      throw error;
    } finally {
      if (!entered.isCaused) {
        on.delete(name);
        entered.incident.endedAt = now();
      }
    }
    return entered;
  };

  return {
    async breakIt(name, seconds) {
      const kind = kindOf(name);
      const known = on.get(name);
      if (known !== undefined) await known.caused;
      const one = known ?? (await cause(name, kind));
      if (on.get(name) === one) switchOffAfter(one, name, seconds);
    },
    mend,
    observe(evidence) {
      for (const incident of incidents) {
        if (incident.endedAt === null || incident.healedAt !== null || incident.isFailed) continue;
        const sign = kindOf(incident.fault).healedBy(evidence, incident.endedAt);
        if (sign === undefined) continue;
        incident.healedAt = now();
        incident.note = sign;
      }
    },
    faults: () =>
      kinds.map(({ name, title, does, heals, kind }) => {
        const found = on.get(name);
        return { name, title, does, heals, kind, isOn: found?.isCaused === true, offAt: found?.offAt ?? null };
      }),
    incidents: () => incidents.map((incident) => ({ ...incident })),
    async close() {
      await Promise.allSettled([...on.keys()].map(mend));
    },
  };
}
