// Owns what the page knows of the instances of the service: alive, ready, or what they wait for, asked for again and again; and which of
// them owns which partition, as their claims on the changelog topic say. Called by feed.ts.
import type { Fleet, Instance } from "../instance/fleet.ts";
import type { Evidence } from "./fault-kinds.ts";
import { branchOf, fieldsOf, textOf } from "./record-line.ts";
import type { TappedRecord } from "./record-tap.ts";
import type { InstanceView } from "./protocol.ts";

/** What is known of the instances. */
export interface InstanceWatch {
  instances(): readonly InstanceView[];
  evidence(): Evidence["instances"];
  /** Number of the instance that owns each partition, by partition. */
  owners(): readonly (number | null)[];
  onRecord(record: TappedRecord): void;
  stop(): void;
}

interface Readiness {
  readonly missing: readonly string[];
  readonly askedAt: number;
}

const ASK_EVERY_MS = 500;
const ASK_TIMEOUT_MS = 1_000;

/** Starts asking. */
export function watchInstances(fleet: Pick<Fleet, "instances">): InstanceWatch {
  const readiness = new Map<number, Readiness>();
  /** Port of the instance that claimed the partition last. */
  const claims = new Map<number, number>();

  const ask = async (): Promise<void> => {
    const instances = fleet.instances();
    for (const { number } of instances) if (!instances.some((one) => one.number === number)) readiness.delete(number);
    await Promise.all(
      instances.map(async ({ number, metricsPort }) => {
        const askedAt = Date.now();
        const missing = await missingOf(`http://127.0.0.1:${String(metricsPort)}/ready`);
        readiness.set(number, { missing, askedAt });
      }),
    );
  };
  const timer = setInterval(() => void ask(), ASK_EVERY_MS);

  const viewOf = ({ number, port, pid, state, restarts }: Instance): InstanceView => {
    const missing = readiness.get(number)?.missing ?? [];
    const isWaiting = state === "ready" && missing.length > 0;
    return { number, port, pid: pid ?? null, state: isWaiting ? "waiting" : state, missing, restarts };
  };

  return {
    instances: () => fleet.instances().map(viewOf),
    evidence: () =>
      fleet.instances().map((instance) => ({
        number: instance.number,
        pid: instance.pid,
        isReady: instance.state === "ready" && readiness.get(instance.number)?.missing.length === 0,
        askedAt: readiness.get(instance.number)?.askedAt ?? 0,
      })),
    owners() {
      const instances = fleet.instances();
      const partitions = Math.max(-1, ...claims.keys()) + 1;
      return Array.from({ length: partitions }, (_, partition) => {
        const owner = instances.find(({ port }) => port === claims.get(partition));
        return owner?.pid === undefined ? null : owner.number;
      });
    },
    onRecord({ topic, partition, value }) {
      if (topic !== "interconnections") return;
      const { name, fields } = branchOf(fieldsOf(value)["body"]);
      if (name === "Claim") claims.set(partition, Number(textOf(fields, "instanceId").split(":").at(-1)));
    },
    stop: () => clearInterval(timer),
  };
}

/** What an instance says that it waits for; `itself` when it does not answer. */
async function missingOf(url: string): Promise<readonly string[]> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });
    const { missing } = fieldsOf(await response.json());
    return Array.isArray(missing) ? missing.map(String) : [];
  } catch (error) {
    // Nobody listens, or no answer in time.
    if (error instanceof TypeError || error instanceof DOMException) return ["itself"];
    throw error;
  }
}
