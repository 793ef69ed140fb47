// The river: the newest records of all topics, the newest at the foot, only as many rows drawn as can be seen. Filters, and a stop.
import type { JSX } from "preact";
import { computed, useSignal, type Signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";

import type { RiverRecord } from "../../protocol.ts";
import { Icon } from "../icons.tsx";
import { followed, held, hiddenTopics, openRecord, riverUser, showsControl } from "../state/view.ts";
import { conditions, graph, records, users } from "../state/world.ts";
import { fineTime, shortUser } from "../words.ts";

const ROW_PX = 26;
const SPARE_ROWS = 6;
const CONTROL = new Set(["cursor", "claim", "fence"]);

const topics = computed(
  () => graph.value?.nodes.filter(({ kind }) => kind === "topic").map(({ label }) => label) ?? [],
);
const shown = computed(() =>
  (held.value ?? records.value).filter(
    ({ topic, user, kind }) =>
      !hiddenTopics.value.has(topic) &&
      (riverUser.value === "" || user === riverUser.value) &&
      (showsControl.value || !CONTROL.has(kind)),
  ),
);

/** The river with its filters. */
export function River(): JSX.Element {
  return (
    <div class="river">
      <Filters />
      <Rows />
    </div>
  );
}

function Filters(): JSX.Element {
  return (
    <div class="filters">
      <div role="group" aria-label="Topics" class="topics">
        {topics.value.map((topic) => (
          <button
            key={topic}
            type="button"
            class="topic"
            data-topic={topic}
            aria-pressed={!hiddenTopics.value.has(topic)}
            onClick={() => toggleTopic(topic)}
          >
            {topic}
          </button>
        ))}
      </div>
      <select
        aria-label="Whose records"
        value={riverUser.value}
        onChange={({ currentTarget }) => (riverUser.value = currentTarget.value)}
      >
        <option value="">all users</option>
        {[...users.value.values()].map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
      <label class="check">
        <input
          type="checkbox"
          checked={showsControl.value}
          onChange={({ currentTarget }) => (showsControl.value = currentTarget.checked)}
        />
        book-keeping
      </label>
      <button
        type="button"
        class="plain square"
        aria-label={held.value === null ? "Hold" : "Let flow"}
        onClick={() => (held.value === null ? hold() : (held.value = null))}
      >
        <Icon name={held.value === null ? "pause" : "play"} />
      </button>
    </div>
  );
}

function toggleTopic(topic: string): void {
  const hidden = new Set(hiddenTopics.value);
  if (!hidden.delete(topic)) hidden.add(topic);
  hiddenTopics.value = hidden;
}

function hold(): void {
  held.value ??= records.value;
}

function Rows(): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const height = useSignal(400);
  const list = shown.value;
  const isHeld = held.value !== null;
  const chosen = openRecord.value;
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(([entry]) => (height.value = entry?.contentRect.height ?? height.value));
    observer.observe(element);
    return () => observer.disconnect();
  }, [height]);
  useLayoutEffect(() => {
    const element = box.current;
    if (element !== null && !isHeld) element.scrollTop = element.scrollHeight;
  }, [list, isHeld, height.value]);
  // What is chosen is to be seen, also when what it opens takes room. Drawn by hand, so scrolled to by hand.
  useLayoutEffect(() => {
    const element = box.current;
    const row = shown.value.findIndex(({ id }) => id === chosen);
    if (element === null || !isHeld || row < 0) return;
    const [from, to] = [row * ROW_PX, (row + 1) * ROW_PX - element.clientHeight];
    element.scrollTop = Math.min(from, Math.max(to, element.scrollTop));
    top.value = element.scrollTop;
  }, [chosen, isHeld, height.value, top]);
  const first = Math.max(0, Math.floor(top.value / ROW_PX) - SPARE_ROWS);
  const drawn = list.slice(first, first + Math.ceil(height.value / ROW_PX) + SPARE_ROWS * 2);
  return (
    <div
      class="rows"
      ref={box}
      role="listbox"
      aria-label="Records, the newest last"
      tabIndex={0}
      aria-activedescendant={drawn.some(({ id }) => id === chosen) ? `record-${String(chosen)}` : undefined}
      onScroll={({ currentTarget }) => onScroll(currentTarget, top)}
      onKeyDown={(event) => onKey(event, list)}
    >
      {list.length === 0 && <p class="empty">{waitingWords()}</p>}
      <div class="rows-all" role="presentation" style={{ height: `${String(list.length * ROW_PX)}px` }}>
        <div role="presentation" style={{ transform: `translateY(${String(first * ROW_PX)}px)` }}>
          {drawn.map((record) => (
            <Row key={record.id} record={record} />
          ))}
        </div>
      </div>
    </div>
  );
}

function waitingWords(): string {
  if (conditions.value?.isTapped === false) return "Kafka does not answer; the river waits.";
  return "No records yet. Write something on the phone.";
}

/** By wheel, finger, bar or key: who goes up wants to look, so the river stands still. It goes to its foot by itself. */
function onScroll({ scrollTop, scrollHeight, clientHeight }: HTMLElement, top: Signal<number>): void {
  const isAtFoot = scrollHeight - clientHeight - scrollTop < ROW_PX;
  if (scrollTop < top.value && !isAtFoot) hold();
  top.value = scrollTop;
}

/** Arrow keys walk through the records; the river stands still meanwhile. */
function onKey(event: KeyboardEvent, list: readonly RiverRecord[]): void {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (step === 0) return;
  event.preventDefault();
  hold();
  const at = list.findIndex(({ id }) => id === openRecord.value);
  const next = at < 0 ? list.at(-1) : list[at + step];
  if (next === undefined) return;
  look(next);
}

function look({ id }: RiverRecord): void {
  followed.value = null;
  openRecord.value = id;
}

function Row({ record }: { readonly record: RiverRecord }): JSX.Element {
  const { id, at, topic, partition, kind, text, user } = record;
  return (
    <div
      id={`record-${id}`}
      class="row"
      role="option"
      aria-selected={openRecord.value === id}
      data-topic={topic}
      data-followed={record.trace !== null && record.trace === followed.value}
      onClick={() => look(record)}
    >
      <time>{fineTime(at)}</time>
      <span class="row-topic">{topic}</span>
      <span class="row-partition" title={`partition ${String(partition)}`}>
        {partition}
      </span>
      <span class="row-kind">{kind}</span>
      <span class="row-text">{text}</span>
      <span class="row-user">{user === null ? "" : shortUser(user)}</span>
    </div>
  );
}
