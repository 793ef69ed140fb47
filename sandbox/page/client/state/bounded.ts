// Lists and maps of the page that forget their oldest entries, so that its memory stays flat however long it is open. Pure.

/** Both together, the oldest left out where there are more than `most`. */
export function appended<T>(list: readonly T[], more: readonly T[], most: number): readonly T[] {
  const all = list.concat(more);
  return all.length > most ? all.slice(-most) : all;
}

/** Sets an entry and forgets the oldest ones beyond `most`. */
export function remember<Value>(map: Map<string, Value>, key: string, value: Value, most: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= most) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
