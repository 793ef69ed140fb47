// Owns the switches with which a visitor breaks the world: what each does, when it switches itself off, and the log of what was broken with
// the evidence that it healed. Breaks through the world, the services and the fleet; knows none of the page. Called by page.ts.
import { NotPossible } from "../world/live-agent/session.ts";
import { faultKinds, type Breakable, type Evidence, type FaultKind, type Undo } from "./fault-kinds.ts";
import type { FaultView, Incident } from "./protocol.ts";

/** The board. */
export interface FaultBoard {
  /** Switches it on, for so many seconds or until it is switched off; on already: the time begins anew. A moment just happens. */
  breakIt(name: string, seconds: number | null): Promise<void>;
  /** Switches it off. Harmless when it is off. */
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
  readonly undo: Undo;
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
    const incident = { ...entered, note: waitsFor };
    incidents = [incident, ...incidents].slice(0, KEPT_INCIDENTS);
    return incident;
  };
  const mend = async (name: string): Promise<void> => {
    const found = on.get(name);
    if (found === undefined) return;
    on.delete(name);
    clearTimeout(found.timer);
    found.incident.struck = (await found.undo()) ?? null;
    found.incident.endedAt = now();
  };
  const switchOffAfter = (one: On, name: string, seconds: number | null): void => {
    clearTimeout(one.timer);
    one.offAt = seconds === null ? null : now() + seconds * 1_000;
    one.timer = seconds === null ? undefined : setTimeout(() => void mend(name), seconds * 1_000);
  };

  return {
    async breakIt(name, seconds) {
      const kind = kindOf(name);
      const known = on.get(name);
      if (known !== undefined) {
        switchOffAfter(known, name, seconds);
        return;
      }
      const incident = enter(kind);
      const undo = await kind.breakIt();
      if (undo === undefined) {
        incident.endedAt = now();
        return;
      }
      const entered: On = { undo, incident, offAt: null, timer: undefined };
      on.set(name, entered);
      switchOffAfter(entered, name, seconds);
    },
    mend,
    observe(evidence) {
      for (const incident of incidents) {
        if (incident.endedAt === null || incident.healedAt !== null) continue;
        const sign = kindOf(incident.fault).healedBy(evidence, incident.endedAt);
        if (sign === undefined) continue;
        incident.healedAt = now();
        incident.note = sign;
      }
    },
    faults: () =>
      kinds.map(({ name, title, does, heals, kind }) => {
        const found = on.get(name);
        return { name, title, does, heals, kind, isOn: found !== undefined, offAt: found?.offAt ?? null };
      }),
    incidents: () => incidents.map((incident) => ({ ...incident })),
    async close() {
      for (const name of [...on.keys()]) await mend(name);
    },
  };
}
