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

/** How a call travels; times in milliseconds. */
export interface Route {
  /** Until it takes effect, whatever has become of the caller. */
  readonly requestMs: number;
  /** Until the caller has the answer; infinite when it is lost. */
  readonly replyMs: number;
  /** The caller hears this error instead when the answer is not there after so long; null where no client gives up. */
  readonly late: { readonly afterMs: number; readonly error: () => Error } | null;
}

/** The caller of a call at the moment it takes effect. */
export type CallerState = "alive" | "held" | "dead";

/** What of an instance's calls a test decides and sees. Every part may be left out. */
export interface GateWatch {
  /** Asked when a call is made. */
  order?(call: PortCall): CallOrder;
  /** Asked for each call; null: it takes no time. */
  route?(call: PortCall): Route | null;
  /** The call reaches the other side. */
  arrived?(call: PortCall, caller: CallerState): void;
  /** It has taken effect, or was refused; the caller does not know yet. */
  executed?(call: PortCall, outcome: CallOutcome, caller: CallerState): void;
}

/** What the other side answered. */
export type CallOutcome = { readonly value: unknown } | { readonly error: unknown };

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

/** A gate that stands open; `watch` sees each call, `happened` hears of the instance's death and of a hold. */
export function createInstanceGate(
  clock: Clock,
  watch: GateWatch,
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

  const callerState = (): CallerState => (death.signal.aborted ? "dead" : held ? "held" : "alive");
  const pass = (ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve));

  /** The other side's part: it happens also when nobody waits for it any more. */
  async function execute(made: PortCall, work: () => unknown): Promise<CallOutcome> {
    watch.arrived?.(made, callerState());
    let outcome: CallOutcome;
    try {
      outcome = { value: await work() };
    } catch (error) {
      outcome = { error };
    }
    watch.executed?.(made, outcome, callerState());
    return outcome;
  }

  /** There and back. A caller that gives up, by time or signal, changes nothing on the other side. */
  function travel(made: PortCall, { requestMs, replyMs, late }: Route, work: () => unknown): Promise<CallOutcome> {
    return new Promise((resolve) => {
      const signal = made.args.find((argument) => argument instanceof AbortSignal);
      const end = (outcome: CallOutcome): void => {
        cancelLate();
        signal?.removeEventListener("abort", giveUp);
        resolve(outcome);
      };
      const giveUp = (): void => end({ error: new Error("aborted") });
      const cancelLate =
        late === null ? () => undefined : clock.after(late.afterMs, () => end({ error: late.error() }));
      signal?.addEventListener("abort", giveUp);
      void pass(requestMs)
        .then(() => execute(made, work))
        .then(async (outcome) => {
          if (replyMs === Number.POSITIVE_INFINITY) return;
          if (replyMs > 0) await pass(replyMs);
          end(outcome);
        });
    });
  }

  async function call(name: string, args: readonly unknown[], work: () => unknown): Promise<unknown> {
    if (death.signal.aborted) return passed();
    calls += 1;
    const made: PortCall = { number: calls, name, args };
    const what = watch.order?.(made) ?? "go on";
    if (what === "die before") kill();
    if (what === "hold before") hold();
    await passed();
    const route = watch.route?.(made) ?? null;
    const outcome = route === null ? await execute(made, work) : await travel(made, route, work);
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
