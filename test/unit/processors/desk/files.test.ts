// A file on its way from its host to the case: looked for before a repeat, doubt kept, and no more in memory than a few.
import { describe, expect, it } from "vitest";

import {
  createFileAttacher,
  type CaseFile,
  type CaseFiles,
  type Download,
} from "../../../../src/processors/desk/files.ts";
import type { AttachFile } from "../../../../src/processors/interconnection/commands.ts";
import type { Outcome } from "../../../../src/processors/outcome.ts";

const command: AttachFile = {
  lane: "desk",
  kind: "AttachFile",
  seq: 7,
  chatId: "chat-1",
  giveUpAt: 0,
  caseId: "500x",
  media: { url: "https://media.example.org/abc", mimeType: null, caption: "Foto" },
  messageType: "image",
  messageId: "m1",
  words: "Foto",
};
const never = new AbortController().signal;
const bytes = Buffer.from("\x89PNG\r\n\x1a\n and more", "latin1");
const file: Download = () =>
  Promise.resolve({
    kind: "done",
    value: { chunks: [bytes.subarray(0, 3), bytes.subarray(3)], sizeBytes: bytes.length, contentType: "text/html" },
  });
const trouble = { kind: "retry", detail: "503", status: 503, mayHaveHappened: false, retryAfterMs: 2_000 } as const;
const no = { kind: "refused", detail: "404", status: 404 } as const;

function cases(over: Partial<CaseFiles> = {}) {
  const calls: string[] = [];
  const files: CaseFile[] = [];
  const port: CaseFiles = {
    attachFile: (given) => {
      calls.push("attach");
      files.push(given);
      return Promise.resolve({ kind: "done", value: null });
    },
    findFile: () => {
      calls.push("find");
      return Promise.resolve({ kind: "done", value: null });
    },
    ...over,
  };
  return { calls, files, port };
}

const attempt = { mayHaveHappened: false, stillOwned: () => Promise.resolve(), signal: never };
const doubtful = { ...attempt, mayHaveHappened: true };

describe("a file", () => {
  it("is named by what it is, and marked so that it is found again", async () => {
    const { calls, files, port } = cases();
    const outcome = await createFileAttacher(file, port)(command, attempt);
    expect(outcome).toEqual({
      kind: "done",
      value: { title: "Foto", mimeType: "image/png", sizeBytes: bytes.length },
    });
    expect(calls).toEqual(["find", "attach"]);
    expect(files).toMatchObject([{ caseId: "500x", reference: "chat-1/7", title: "Foto", path: "Foto.png" }]);
  });

  it("that may be there is looked for, and not downloaded again when it is", async () => {
    const { port } = cases({ findFile: () => Promise.resolve({ kind: "done", value: { title: "t", sizeBytes: 5 } }) });
    const nothing: Download = () => Promise.reject(new Error("it was downloaded"));
    expect(await createFileAttacher(nothing, port)(command, doubtful)).toEqual({
      kind: "done",
      value: { title: "t", mimeType: null, sizeBytes: 5 },
    });
  });

  it("that may be there and is not is attached", async () => {
    const { calls, port } = cases();
    await createFileAttacher(file, port)(command, doubtful);
    expect(calls).toEqual(["find", "find", "attach"]);
  });

  it("that has come to the case while it was downloaded is not attached again", async () => {
    const { calls, port } = cases({
      findFile: () => Promise.resolve({ kind: "done", value: { title: "t", sizeBytes: 5 } }),
    });
    expect(await createFileAttacher(file, port)(command, attempt)).toMatchObject({ value: { title: "t" } });
    expect(calls).toEqual([]);
  });

  it("is not attached by who has lost the user while it was looked for", async () => {
    const { calls, port } = cases();
    const stillOwned = (): Promise<void> => Promise.reject(new Error("another owns the user"));
    await expect(createFileAttacher(file, port)(command, { ...attempt, stillOwned })).rejects.toThrow("another owns");
    expect(calls).toEqual(["find"]);
  });

  it("whose search failed stays in doubt", async () => {
    const { port } = cases({ findFile: () => Promise.resolve(trouble) });
    expect(await createFileAttacher(file, port)(command, doubtful)).toEqual({
      ...{ kind: "retry", detail: "find: 503", status: 503, mayHaveHappened: true, retryAfterMs: 2_000 },
    });
  });

  it("of which nothing was tried is attached though the look-up is refused; one that may be there is not", async () => {
    const refused = { kind: "refused", detail: "403: INSUFFICIENT_ACCESS", status: 403 } as const;
    const { calls, port } = cases({ findFile: () => Promise.resolve(refused) });
    const attach = createFileAttacher(file, port);
    expect(await attach(command, attempt)).toMatchObject({ kind: "done", value: { title: "Foto" } });
    expect(calls).toEqual(["attach"]);
    expect(await attach(command, doubtful)).toMatchObject({
      kind: "refused",
      detail: "find: 403: INSUFFICIENT_ACCESS",
    });
    expect(calls).toEqual(["attach"]);
  });

  it("of which nothing was tried is in no doubt when the look-up does not work for now", async () => {
    const { port } = cases({ findFile: () => Promise.resolve(trouble) });
    expect(await createFileAttacher(file, port)(command, attempt)).toMatchObject({
      ...{ kind: "retry", detail: "find: 503", mayHaveHappened: false },
    });
  });

  it("that can't be had, or attached, says in which step", async () => {
    const { calls, port } = cases({ attachFile: () => Promise.resolve(no) });
    const away: Download = () => Promise.resolve(no);
    expect(await createFileAttacher(away, port)(command, attempt)).toMatchObject({ detail: "download: 404" });
    expect(calls).toEqual([]);
    expect(await createFileAttacher(file, port)(command, attempt)).toMatchObject({ detail: "attach: 404" });
  });
});

describe("many files", () => {
  it("are handled four at once, the others in their turn; who is called off leaves the queue", async () => {
    const going: ((value: null) => void)[] = [];
    let most = 0;
    const slow: Download = async () => {
      const { promise, resolve } = Promise.withResolvers<null>();
      going.push(resolve);
      most = Math.max(most, going.length);
      await promise;
      return { kind: "done", value: { chunks: [bytes], sizeBytes: bytes.length, contentType: null } };
    };
    const { files, port } = cases();
    const attach = createFileAttacher(slow, port);
    const abort = new AbortController();
    const all: Promise<Outcome<unknown>>[] = Array.from({ length: 6 }, (_, i) =>
      attach({ ...command, seq: i + 1 }, i === 4 ? { ...attempt, signal: abort.signal } : attempt),
    );
    await Promise.resolve();
    expect(going).toHaveLength(4);
    abort.abort();
    expect(await all[4]).toMatchObject({ kind: "retry", detail: "aborted", mayHaveHappened: false });
    while (going.length > 0) {
      going.shift()?.(null);
      await new Promise((resolve) => void setImmediate(resolve));
    }
    expect((await Promise.all(all)).filter(({ kind }) => kind === "done")).toHaveLength(5);
    expect(files.map(({ reference }) => reference)).toEqual([
      "chat-1/1",
      "chat-1/2",
      "chat-1/3",
      "chat-1/4",
      "chat-1/6",
    ]);
    expect(most).toBe(4);
  });

  it("give their turn on when one fails by a defect, and when one was called off before", async () => {
    const { port } = cases({ attachFile: () => Promise.reject(new Error("a defect")) });
    const attach = createFileAttacher(file, port);
    for (let i = 0; i < 6; i += 1) await expect(attach(command, attempt)).rejects.toThrow("a defect");
    expect(await attach(command, { ...attempt, signal: AbortSignal.abort() })).toMatchObject({ kind: "retry" });
  });
});
