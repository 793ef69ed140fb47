// How records come into the inbox of one partition index: which batches are taken, what becomes of gaps, and when the consumer
// is held back. Called by the consumer's listener (accept) and by the owner.
import { createInbox, type Inbox } from "./inbox.ts";
import type { ConsumedBatch, Consumer, Log, Metrics } from "./ports.ts";
import type { Offsets } from "./stored.ts";
import { inputTopics, type InputTopic } from "./topics.ts";

/** The way into one inbox; closed at first. */
export interface Feed {
  readonly inbox: Inbox;
  /** Takes a batch over, or drops it when it is not expected. Synchronous; must not throw. */
  accept(batch: ConsumedBatch): void;
  /** Empties the inbox and has the consumer go on behind `applied`. */
  open(applied: Offsets<number>): void;
  /** Takes nothing of a topic until it goes on, and drops what is queued of it: it must not fill the inbox of the others. */
  hold(topic: InputTopic): void;
  /** Fetches a held topic again, from where it stood. */
  goOn(topic: InputTopic): void;
  /** Drops every batch from now on; what is in the inbox stays. */
  close(): void;
  /** Lets the consumer go on when the inbox has been emptied far enough. */
  relieve(): void;
}

/** What the owner hears. */
export interface FeedListener {
  /** Records have come in. */
  came(): void;
  /** A topic ends before what was applied: it was recreated or lost records. */
  lostItsPast(): void;
}

const recordsMax = 1_000;
const bytesMax = 2 * 1024 * 1024;

/** A feed of one partition index. */
export function createFeed(
  partition: number,
  ports: { readonly consumer: Consumer; readonly log: Log; readonly metrics: Metrics },
  listener: FeedListener,
): Feed {
  const { consumer, log, metrics } = ports;
  const inbox = createInbox();
  /** Counts openings: what was asked in one must not act in the next. */
  let opening = 0;
  let open = false;
  let paused = false;
  const held = new Set<InputTopic>();

  /** A batch that does not continue what is here is right only for a reason that the log's bounds tell. */
  function look(batch: ConsumedBatch, judge: (bounds: { readonly start: number; readonly end: number }) => void): void {
    const asked = opening;
    const act = (work: () => void): void => {
      if (open && opening === asked) work();
    };
    consumer.bounds(batch.topic, partition).then(
      (bounds) => act(() => judge(bounds)),
      (error: unknown) => {
        log.warn({ partition, topic: batch.topic, error }, "could not look where an input topic begins and ends");
        act(() => continueTopic(batch.topic));
      },
    );
  }

  function continueTopic(topic: InputTopic): void {
    consumer.seek(topic, partition, inbox.nextOffset(topic));
  }

  function closeGap(batch: ConsumedBatch, start: number): void {
    const expected = inbox.nextOffset(batch.topic);
    if (start > expected) {
      metrics.count("alarms", { alarm: "records_expired" });
      log.error(
        { partition, topic: batch.topic, expected, start },
        "records of an input topic expired before they were read; going on at its start",
      );
      inbox.append({ ...batch, fetchedOffset: expected, nextOffset: start, records: [] });
    }
    continueTopic(batch.topic);
  }

  function repeated(batch: ConsumedBatch, end: number): void {
    if (end >= inbox.nextOffset(batch.topic)) return;
    log.error(
      { partition, topic: batch.topic, expected: inbox.nextOffset(batch.topic), end },
      "an input topic ends before what was read of it: it was recreated or lost records; the partition index is taken over again",
    );
    listener.lostItsPast();
  }

  function relieve(): void {
    if (!paused || inbox.records > recordsMax / 2 || inbox.sizeBytes > bytesMax / 2) return;
    paused = false;
    consumer.resume(partition);
  }

  return {
    inbox,
    relieve,
    accept(batch) {
      if (!open || held.has(batch.topic)) return;
      switch (inbox.append(batch)) {
        case "gap":
          look(batch, ({ start }) => closeGap(batch, start));
          return;
        case "nothing new":
          if (batch.records.length > 0) look(batch, ({ end }) => repeated(batch, end));
          return;
        case "appended":
          if (!paused && (inbox.records > recordsMax || inbox.sizeBytes > bytesMax)) {
            paused = true;
            consumer.pause(partition);
          }
          listener.came();
      }
    },
    open(applied) {
      opening += 1;
      inbox.reset(applied);
      open = true;
      paused = false;
      held.clear();
      for (const topic of inputTopics) continueTopic(topic);
      consumer.resume(partition);
    },
    hold(topic) {
      held.add(topic);
      inbox.drop(topic);
      relieve();
    },
    goOn(topic) {
      if (held.delete(topic) && open) continueTopic(topic);
    },
    close() {
      open = false;
    },
  };
}
