// Between one instance and everything outside it: lets a test kill the instance, hold it still, and put an end to it right
// before or after any one call. A dead instance does nothing more and hears nothing more; a held one goes on where it was.
import type { Clock } from "../ports.ts";

/** A call of a port, as a test sees it: the instance's nth, such as `store.save`. */
export interface PortCall {
  readonly number: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

/** What becomes of the instance at a call. */
export type CallOrder = "go on" | "die before" | "die after" | "hold before" | "hold after";

/** The way out of one instance. */
export interface InstanceGate {
  readonly dead: AbortSignal;
  /** Kill -9. Safe to repeat. */
  kill(): void;
  /** As SIGSTOP: calls and timers wait. */
  hold(): void;
  release(): void;
  readonly held: boolean;
  /** The port with the named asynchronous methods behind the gate; signals given to them abort at death, as sockets close. */
  port<Port extends object>(name: string, port: Port, methods: readonly (keyof Port & string)[]): Port;
  /** Runs at once, when the instance is let go on, or never. */
  deliver(work: () => void): void;
  readonly clock: Clock;
}

/** A gate that stands open; `order` is asked at each call, `happened` hears of the instance's death and of a hold. */
export function createInstanceGate(
  clock: Clock,
  order: (call: PortCall) => CallOrder,
  happened: (what: "killed" | "held" | "released") => void,
): InstanceGate {
  const death = new AbortController();
  let waiting: (() => void)[] = [];
  let held = false;
  let calls = 0;

  function kill(): void {
    if (death.signal.aborted) return;
    death.abort();
    waiting = [];
    happened("killed");
  }

  function hold(): void {
    if (held || death.signal.aborted) return;
    held = true;
    happened("held");
  }

  function deliver(work: () => void): void {
    if (death.signal.aborted) return;
    if (held) waiting.push(work);
    else work();
  }

  /** Resolves when the instance may go on; never when it is dead. */
  const passed = (): Promise<void> => new Promise((resolve) => deliver(resolve));

  async function call(name: string, args: readonly unknown[], work: () => unknown): Promise<unknown> {
    if (death.signal.aborted) return passed();
    calls += 1;
    const what = order({ number: calls, name, args });
    if (what === "die before") kill();
    if (what === "hold before") hold();
    await passed();
    let outcome: { readonly value: unknown } | { readonly error: unknown };
    try {
      outcome = { value: await work() };
    } catch (error) {
      outcome = { error };
    }
    if (what === "die after") kill();
    if (what === "hold after") hold();
    await passed();
    if ("error" in outcome) throw outcome.error;
    return outcome.value;
  }

  const untilDeath = (argument: unknown): unknown =>
    argument instanceof AbortSignal ? AbortSignal.any([argument, death.signal]) : argument;

  return {
    dead: death.signal,
    kill,
    hold,
    release() {
      if (!held) return;
      held = false;
      happened("released");
      const due = waiting;
      waiting = [];
      for (const work of due) deliver(work);
    },
    get held() {
      return held;
    },
    port(name, port, methods) {
      const gated = new Set<string | symbol>(methods);
      return new Proxy(port, {
        get(target, key) {
          const member: unknown = Reflect.get(target, key, target);
          if (typeof member !== "function" || !gated.has(key)) return member;
          return (...args: readonly unknown[]) =>
            call(`${name}.${key.toString()}`, args, (): unknown => Reflect.apply(member, target, args.map(untilDeath)));
        },
      });
    },
    deliver,
    clock: {
      now: () => clock.now(),
      monotonicMs: () => clock.monotonicMs(),
      after(delayMs, fn) {
        let cancelled = false;
        const cancel = clock.after(delayMs, () => {
          deliver(() => {
            if (!cancelled) fn();
          });
        });
        return () => {
          cancelled = true;
          cancel();
        };
      },
    },
  };
}
