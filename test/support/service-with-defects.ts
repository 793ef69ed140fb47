// The service with defects that production has not: decide fails on messages that begin with a word, and store and broker refuse calls
// now and then. An entry of its own, started as a process by test/integration/dead-letters.test.ts; it stops on SIGTERM only by dying.
import { loadSettings } from "../../src/clients/config/settings.ts";
import { createLog } from "../../src/clients/log/log.ts";
import { startService } from "../../src/composition.ts";
import type { PatientProducer } from "../../src/topology/ports.ts";
import { produceFailure } from "../../src/topology/produce-failure.ts";
import type { RuntimePorts } from "../../src/topology/runtime.ts";
import { storeUnavailable } from "../../src/topology/store-unavailable.ts";
import { defectVariable, defectWord } from "./defects.ts";

const loaded = loadSettings(process.env);
if (!("settings" in loaded)) throw new Error("the test's settings are wrong");
const { settings } = loaded;

/** Every so many calls one fails, before it has done anything or after. */
const storeFailsEvery = 7;
const brokerFailsEvery = 5;

function withDefects(ports: RuntimePorts): RuntimePorts {
  const calls = { save: 0, produce: 0 };
  const producer: PatientProducer = {
    hurry: () => ports.producer.hurry(),
    async produce(records, patienceMs) {
      calls.produce += 1;
      const fails = calls.produce % brokerFailsEvery === 0;
      if (fails && calls.produce % 2 === 0) throw produceFailure("a defect of the test", false);
      const offsets = await ports.producer.produce(records, patienceMs);
      if (fails) throw produceFailure("a defect of the test", false);
      return offsets;
    },
  };
  return {
    ...ports,
    producer,
    decide(user, input) {
      const text = input.topic === "channel-messages" ? input.record.text : null;
      if (text?.startsWith(defectWord) === true) throw new Error("a defect of the test");
      return ports.decide(user, input);
    },
    store: {
      ...ports.store,
      async save(request) {
        calls.save += 1;
        const fails = calls.save % storeFailsEvery === 0;
        if (fails && calls.save % 2 === 0) throw storeUnavailable("a defect of the test");
        const verdict = await ports.store.save(request);
        if (fails) throw storeUnavailable("a defect of the test");
        return verdict;
      },
    },
  };
}

await startService({
  settings,
  log: createLog({ ...settings.log, always: { app: settings.appName, client: settings.client } }),
  signal: new AbortController().signal,
  ...(process.env[defectVariable] === "on" ? { wrap: withDefects } : {}),
  fatal(error) {
    process.stderr.write(`fatal: ${error.stack ?? error.message}\n`);
    process.exit(1);
  },
});
