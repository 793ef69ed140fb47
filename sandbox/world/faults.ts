/**
 * Faults that can be switched on: which calls they strike, how often, and what they do to them.
 * Decides only; the exchange carries them out. Hand-over and session loss belong to Live Agent and are not here.
 * Set over the control API, asked by the exchange for every call.
 */
import type { Call } from "./answers.ts";
import type { Identity, SystemName } from "./journal.ts";

/** Before the system acts on the call, or after it has acted (a lost reply after the write). */
export type FaultMoment = "before" | "after";

/** What a fault does to a call. */
export type FaultEffect =
  | {
      readonly kind: "status";
      readonly status: number;
      readonly body?: string;
      readonly contentType?: string;
      readonly retryAfterS?: number;
    }
  | { readonly kind: "delay"; readonly delayMs: number }
  /** No answer until the caller gives up. */
  | { readonly kind: "hang" }
  /** The connection is reset. */
  | { readonly kind: "reset" }
  /** Half of the answer, then a reset. */
  | { readonly kind: "cut-body" }
  /** Status 200 with something that is not the expected body. */
  | { readonly kind: "garbage"; readonly body?: string };

/** Which calls a fault strikes. Fields left out match everything. */
export interface FaultScope {
  readonly system?: SystemName;
  /** Operation name; `*` stands for any run of characters. */
  readonly operation?: string;
  readonly method?: string;
  /** Path without query; `*` stands for any run of characters. */
  readonly path?: string;
  readonly user?: string;
  readonly session?: string;
}

/** A fault as it is switched on. */
export interface FaultOrder extends FaultScope {
  readonly effect: FaultEffect;
  /** Default: before. */
  readonly when?: FaultMoment;
  /** How many calls it strikes; left out: until it is cleared. */
  readonly times?: number;
  /** How many matching calls pass first. */
  readonly skip?: number;
  /** Share of matching calls that are struck, 0 to 1. */
  readonly share?: number;
}

/** A fault as it is listed. */
export interface Fault extends FaultOrder {
  readonly id: string;
  /** Calls struck so far. */
  readonly struck: number;
}

/** A fault that strikes one call. */
export interface Strike {
  readonly id: string;
  readonly when: FaultMoment;
  readonly effect: FaultEffect;
}

/** The switches. */
export interface Faults {
  add(order: FaultOrder): Fault;
  remove(id: string): boolean;
  clear(): void;
  list(): readonly Fault[];
  /** The faults that strike this call; counts them. */
  strike(system: SystemName, call: Pick<Call, "method" | "path">, identity: Identity): readonly Strike[];
}

interface Switch {
  readonly order: FaultOrder;
  readonly id: string;
  readonly matches: (system: SystemName, call: Pick<Call, "method" | "path">, identity: Identity) => boolean;
  passed: number;
  struck: number;
}

/** Switches, all off. `random` gives numbers in [0, 1) for `share`. */
export function faultSwitches(random: () => number): Faults {
  const switches = new Map<string, Switch>();
  let lastId = 0;
  return {
    add(order) {
      lastId += 1;
      const added = { order, id: `fault-${lastId}`, matches: matcher(order), passed: 0, struck: 0 };
      switches.set(added.id, added);
      return listed(added);
    },
    remove: (id) => switches.delete(id),
    clear() {
      switches.clear();
    },
    list: () => [...switches.values()].map(listed),
    strike(system, call, identity) {
      const strikes: Strike[] = [];
      for (const one of switches.values()) {
        if (one.matches(system, call, identity) && due(one, random)) {
          one.struck += 1;
          strikes.push({ id: one.id, when: one.order.when ?? "before", effect: one.order.effect });
        }
      }
      return strikes;
    },
  };
}

function listed(one: Switch): Fault {
  return { ...one.order, id: one.id, struck: one.struck };
}

function due(one: Switch, random: () => number): boolean {
  if (one.order.times !== undefined && one.struck >= one.order.times) {
    return false;
  }
  if (one.passed < (one.order.skip ?? 0)) {
    one.passed += 1;
    return false;
  }
  return one.order.share === undefined || random() < one.order.share;
}

function matcher(scope: FaultScope): Switch["matches"] {
  const operation = pattern(scope.operation);
  const path = pattern(scope.path);
  return (system, call, identity) =>
    is(scope.system, system) &&
    is(scope.method, call.method) &&
    is(scope.user, identity.user) &&
    is(scope.session, identity.session) &&
    operation(identity.operation) &&
    path(call.path);
}

function is(wanted: string | undefined, value: string | undefined): boolean {
  return wanted === undefined || wanted === value;
}

function pattern(source: string | undefined): (value: string) => boolean {
  if (source === undefined) {
    return () => true;
  }
  if (!source.includes("*")) {
    return (value) => value === source;
  }
  const expression = new RegExp(`^${source.split("*").map(escaped).join(".*")}$`, "s");
  return (value) => expression.test(value);
}

function escaped(literal: string): string {
  return literal.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
