// Takes a file of a user to the case: download, kind, name, attach. Owns the order of these, that a file is looked for right before
// it is attached, and how many files are in memory at once. Called by the desk gateway.
import type { AttachFile } from "../interconnection/commands.ts";
import type { Try } from "../effect.ts";
import type { Outcome } from "../outcome.ts";
import { fileName } from "./file-name.ts";
import { kindOf } from "./file-kind.ts";

/** A file as it came. */
export interface DownloadedFile {
  /** In their order; together `sizeBytes` long, never empty. */
  readonly chunks: readonly Buffer[];
  readonly sizeBytes: number;
  /** MIME type that came with it, without parameters, lower case; null means not told. */
  readonly contentType: string | null;
}

/**
 * Fetches a file from an address that a stranger named, within bounds of size and time. One try; outcomes name rules and
 * codes, never the address.
 */
export type Download = (url: string, signal: AbortSignal) => Promise<Outcome<DownloadedFile>>;

/** A file ready for the case. */
export interface CaseFile {
  readonly caseId: string;
  /** Stands at the file, by which it is found again. Unique for ever, no personal data. */
  readonly reference: string;
  readonly title: string;
  /** Title with its extension. */
  readonly path: string;
  readonly chunks: readonly Buffer[];
  readonly sizeBytes: number;
}

/** A file at the case. */
export interface AttachedFile {
  readonly title: string;
  /** Null where it was found again, and its content not looked at. */
  readonly mimeType: string | null;
  readonly sizeBytes: number;
}

/** What of the desk is needed here. */
export interface CaseFiles {
  /** Attaches the file to its case, wholly or not at all. */
  attachFile(file: CaseFile, signal: AbortSignal): Promise<Outcome<null>>;
  /** The file of that reference at the case; null when there is none. */
  findFile(
    wanted: Pick<CaseFile, "caseId" | "reference">,
    signal: AbortSignal,
  ): Promise<Outcome<Pick<AttachedFile, "title" | "sizeBytes"> | null>>;
}

/** Carries out the command, one try. */
export type FileAttacher = (
  command: AttachFile,
  attempt: Pick<Try, "mayHaveHappened" | "stillOwned" | "signal">,
) => Promise<Outcome<AttachedFile>>;

interface Attempt extends Pick<Try, "mayHaveHappened" | "stillOwned"> {
  readonly command: AttachFile;
  readonly reference: string;
}

type Found = Outcome<AttachedFile> | null;

/** Each is in memory once while it is handled, up to FILE_MAX_BYTES; the others wait in their users' lanes. */
const filesAtOnce = 4;
const headBytes = 4 * 1024;
const tailBytes = 64 * 1024;

/** Attaches files from there to here. */
export function createFileAttacher(download: Download, cases: CaseFiles): FileAttacher {
  const inTurn = createTurns(filesAtOnce);

  /**
   * Null when it is not there, or when the org refuses the look-up and no try of ours has been made: a user without the right to
   * look must not cost every file.
   */
  async function find({ command, reference, mayHaveHappened }: Attempt, signal: AbortSignal): Promise<Found> {
    const { caseId } = command;
    const found = await cases.findFile({ caseId, reference }, signal);
    if (found.kind === "done") {
      return found.value === null ? null : { kind: "done", value: { ...found.value, mimeType: null } };
    }
    // Nothing is known yet of an earlier try: the doubt stays with the command.
    if (found.kind === "retry") return about("find", { ...found, mayHaveHappened });
    return mayHaveHappened ? about("find", found) : null;
  }

  async function attach(attempt: Attempt, signal: AbortSignal): Promise<Outcome<AttachedFile>> {
    const { command, reference } = attempt;
    const { media, messageType, caseId, seq } = command;
    const downloaded = await download(media.url, signal);
    if (downloaded.kind !== "done") return about("download", downloaded);
    const { chunks, sizeBytes, contentType } = downloaded.value;
    const kind = kindOf(
      { head: first(chunks, headBytes), tail: last(chunks, tailBytes) },
      media.mimeType ?? contentType,
    );
    const otherwise = `${messageType}-${String(seq)}`;
    const name = fileName({ caption: media.caption, url: media.url, messageType, otherwise }, kind);
    // A download takes long enough for another owner to have come and done it; and the mark of an earlier try may be lost.
    const found = await find(attempt, signal);
    if (found !== null) return found;
    await attempt.stillOwned();
    const attached = await cases.attachFile({ caseId, reference, ...name, chunks, sizeBytes }, signal);
    if (attached.kind !== "done") return about("attach", attached);
    return { kind: "done", value: { title: name.title, mimeType: kind.mimeType, sizeBytes } };
  }

  return async (command, { mayHaveHappened, stillOwned, signal }) => {
    const reference = `${command.chatId}/${String(command.seq)}`;
    const attempt = { command, reference, mayHaveHappened, stillOwned };
    const found = mayHaveHappened ? await find(attempt, signal) : null;
    return found ?? inTurn(signal, () => attach(attempt, signal));
  };
}

/** The failure with the step in which it happened. */
function about(step: string, failure: Exclude<Outcome<unknown>, { kind: "done" }>): Outcome<never> {
  return { ...failure, detail: `${step}: ${failure.detail}` };
}

type InTurn = <Value>(signal: AbortSignal, work: () => Promise<Outcome<Value>>) => Promise<Outcome<Value>>;

/** Runs at most so many at once, the others in the order in which they came. */
function createTurns(atOnce: number): InTurn {
  const waiting = new Set<() => void>();
  let running = 0;

  async function turn(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    if (running < atOnce) {
      running += 1;
      return true;
    }
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const go = (): void => resolve(true);
    const leave = (): void => {
      if (waiting.delete(go)) resolve(false);
    };
    waiting.add(go);
    signal.addEventListener("abort", leave, { once: true });
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  /** The turn goes over to the next one who waits. */
  function over(): void {
    const [next] = waiting;
    if (next === undefined) running -= 1;
    else {
      waiting.delete(next);
      next();
    }
  }

  return async (signal, work) => {
    if (!(await turn(signal))) {
      return { kind: "retry", detail: "aborted", status: null, mayHaveHappened: false, retryAfterMs: null };
    }
    try {
      return await work();
    } finally {
      over();
    }
  };
}

function first(chunks: readonly Buffer[], bytes: number): Buffer {
  const parts: Buffer[] = [];
  let missing = bytes;
  for (const chunk of chunks) {
    if (missing <= 0) break;
    parts.push(chunk.subarray(0, missing));
    missing -= chunk.length;
  }
  return Buffer.concat(parts);
}

function last(chunks: readonly Buffer[], bytes: number): Buffer {
  const parts: Buffer[] = [];
  let missing = bytes;
  for (const chunk of chunks.toReversed()) {
    if (missing <= 0) break;
    parts.unshift(chunk.subarray(Math.max(0, chunk.length - missing)));
    missing -= chunk.length;
  }
  return Buffer.concat(parts);
}
