// One idempotent producer id at the in-memory broker, with the trap that was measured on KafkaJS 2.2.4: after a rejected send it has rolled
// its sequence back, and the broker takes the next batch of the same size for a repeat: acknowledged, and not stored.
import type { ProducedRecord } from "../ports.ts";
import { produceFailure } from "../produce-failure.ts";
import type { TopicSuffix } from "../topics.ts";

/** Answers the offset of each record. Rejects with ProduceFailure, and is not to be used any more then. */
export interface BrokerConnection {
  readonly partitions: number;
  send(records: readonly ProducedRecord[]): Promise<readonly number[]>;
}

/** What the broker did with the records of a send, partition by partition, whatever it told. */
export interface Stored {
  readonly offsets: readonly number[];
  /** What the sender is told instead. */
  readonly error: Error | null;
}

type Place = `${TopicSuffix} ${number}`;

/** A connection that stores through `store`; every record of a send names its partition. `noticed` hears of the trap. */
export function createBrokerConnection(
  partitions: number,
  store: (records: readonly ProducedRecord[]) => Stored,
  noticed: (what: "sequence rolled back" | "acknowledged, not stored") => void,
): BrokerConnection {
  /** Offsets of the batch that a partition has under the sequence which the sender will use again. */
  const rolledBack = new Map<Place, readonly number[]>();

  function repeatOf(records: readonly ProducedRecord[]): readonly number[] | null {
    const byPlace = Map.groupBy(records, placeOf);
    const known = [...byPlace].filter(([place]) => rolledBack.has(place));
    if (known.length === 0) return null;
    if (known.some(([place, some]) => rolledBack.get(place)?.length !== some.length))
      throw produceFailure("OUT_OF_ORDER_SEQUENCE_NUMBER", false);
    noticed("acknowledged, not stored");
    return records.map((record) => rolledBack.get(placeOf(record))?.[0] ?? 0);
  }

  return {
    partitions,
    async send(records) {
      await Promise.resolve();
      const repeat = repeatOf(records);
      if (repeat !== null) return repeat;
      const { offsets, error } = store(records);
      if (error === null) return offsets;
      const stored = Map.groupBy(
        records.slice(0, offsets.length).map((record, i) => ({ record, i })),
        ({ record }) => placeOf(record),
      );
      for (const [place, some] of stored)
        rolledBack.set(
          place,
          some.map(({ i }) => offsets[i] ?? 0),
        );
      if (stored.size > 0) noticed("sequence rolled back");
      throw error;
    },
  };
}

const placeOf = ({ topic, partition }: ProducedRecord): Place => `${topic} ${partition ?? 0}`;
