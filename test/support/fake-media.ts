// Where users' files lie: every address holds its own text as a file, but those that say otherwise. For tests of the topology.
import type { DownloadedFile } from "../../src/processors/desk/files.ts";
import type { Outcome } from "../../src/processors/outcome.ts";
import type { Clock } from "../../src/topology/ports.ts";

/** The hosts of files. */
export interface FakeMedia {
  /** Every address that was asked for, in order, repeats included. */
  readonly asked: readonly string[];
  download(url: string, signal: AbortSignal): Promise<Outcome<DownloadedFile>>;
}

/** `gone` in an address: there is no file. `slow`: it takes three seconds. `down`: nobody answers. */
export function createFakeMedia(clock: Clock): FakeMedia {
  const asked: string[] = [];
  return {
    asked,
    async download(url) {
      asked.push(url);
      await Promise.resolve();
      if (url.includes("gone")) return { kind: "refused", detail: "status 404", status: 404 };
      if (url.includes("down"))
        return { kind: "retry", detail: "ECONNREFUSED", status: null, mayHaveHappened: false, retryAfterMs: null };
      if (url.includes("slow")) await new Promise<void>((resolve) => void clock.after(3_000, resolve));
      const bytes = Buffer.from(url);
      return { kind: "done", value: { chunks: [bytes], sizeBytes: bytes.length, contentType: null } };
    },
  };
}
