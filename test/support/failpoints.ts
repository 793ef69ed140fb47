// Named moments at which a service kills itself, for tests of what a crash leaves behind. They are put between the runtime and its
// ports from outside; production knows none of them. Used by service-with-failpoints.ts, named by kills.test.ts.
import { writeSync } from "node:fs";

import type { Command } from "../../src/processors/interconnection/commands.ts";
import type { RuntimePorts } from "../../src/topology/runtime.ts";

/** The gaps between the steps of a turn and of a command, in their order. */
export const failpointNames = [
  // A turn is saved with its outbox; nothing of it is produced.
  "failpoint:save-produce",
  // The changelog has the turn's states and cursor; its facts and dead letters are not out.
  "failpoint:changelog-rest",
  // All of the turn is produced; its offsets are not committed.
  "failpoint:produce-commit",
  // A text for the agent is marked as begun; nothing went out.
  "failpoint:begin-post-agent",
  // The desk has the text; it is not marked as done.
  "failpoint:post-done-agent",
  // The same two on the way to the user.
  "failpoint:begin-post-user",
  "failpoint:post-done-user",
] as const;

/** One of them. */
export type FailpointName = (typeof failpointNames)[number];

/** Name of the variable that arms one: `name,n`; the process kills itself at the n-th passing. */
export const failpointVariable = "TEST_FAILPOINT";

/** Environment that arms a failpoint. */
export function armed(name: FailpointName, passing: number): Record<string, string> {
  return { [failpointVariable]: `${name},${String(passing)}` };
}

/** What wraps the ports of a service: counts passings, and ends the process with SIGKILL at the one that is armed. */
export function failpointsOf(setting: string | undefined): (ports: RuntimePorts) => RuntimePorts {
  const [wanted, count] = (setting ?? ",0").split(",");
  const state = { left: Number(count) };
  const pass = (name: FailpointName): void => {
    if (name !== wanted) return;
    state.left -= 1;
    if (state.left !== 0) return;
    // Straight to the file: nothing that is buffered would get out.
    writeSync(2, `${name} is hit\n`);
    process.kill(process.pid, "SIGKILL");
  };
  return (ports) => wrapped(ports, pass);
}

function wrapped(ports: RuntimePorts, pass: (name: FailpointName) => void): RuntimePorts {
  const { store, producer, consumer } = ports;
  const side = (command: Command): "agent" | "user" | null =>
    command.kind === "SayToAgent" ? "agent" : command.kind === "SayToUser" ? "user" : null;
  return {
    ...ports,
    store: {
      ...store,
      async save(request) {
        const verdict = await store.save(request);
        if (verdict === "saved" && request.outbox !== null) pass("failpoint:save-produce");
        return verdict;
      },
    },
    producer: {
      hurry: () => producer.hurry(),
      async produce(records, patienceMs) {
        if (records[0]?.topic !== "interconnections") pass("failpoint:changelog-rest");
        return producer.produce(records, patienceMs);
      },
    },
    consumer: {
      ...consumer,
      async commit(offsets) {
        pass("failpoint:produce-commit");
        return consumer.commit(offsets);
      },
    },
    async perform(command, attempt) {
      const to = side(command);
      if (to !== null) pass(`failpoint:begin-post-${to}`);
      const effect = await ports.perform(command, attempt);
      if (to !== null && effect.kind === "finished" && effect.outcome === "done") pass(`failpoint:post-done-${to}`);
      return effect;
    },
  };
}
