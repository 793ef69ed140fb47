// One row of docs/parity.md: a numbered item of the parity sheet, what became of it here, and the test that shows it.

/** A test by its file and its title, groups included and joined by ` > `. */
export interface NamedTest {
  readonly file: string;
  readonly title: string;
}

/** A row. */
export interface ParityRow {
  /** Where the sheet has it, such as `8 REDIS_ADDRESS` or `10 A1`; unique. */
  readonly item: string;
  /** What the original does, in a few words. */
  readonly original: string;
  readonly verdict: "same" | "better" | "dropped";
  /** How it is better, or why it was dropped; empty where it is the same. */
  readonly how: string;
  /** Null only where what was dropped leaves nothing to test. */
  readonly test: NamedTest | null;
}

/** A part of the sheet. */
export interface ParitySection {
  readonly title: string;
  readonly rows: readonly ParityRow[];
}

/** A test: its file without `.test.ts`, and its title. */
type Shown = readonly [file: string, title: string];

/** What is as it was. */
export const same = (item: string, original: string, [file, title]: Shown): ParityRow => ({
  item,
  original,
  verdict: "same",
  how: "",
  test: { file: `${file}.test.ts`, title },
});
/** What is better, and how. */
export const better = (item: string, original: string, shown: Shown, how: string): ParityRow => ({
  ...same(item, original, shown),
  verdict: "better",
  how,
});
/** What is gone, and why. */
export const dropped = (item: string, original: string, shown: Shown, how: string): ParityRow => ({
  ...same(item, original, shown),
  verdict: "dropped",
  how,
});
