// What files cost in memory (catalogue S09): a file stands in memory once while it is downloaded and sent on, and no bad host makes
// it more. Measured in a process of its own; the host is in this one.
import { execFile } from "node:child_process";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";

import { afterEach, expect, it } from "vitest";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listen(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

const maxBytes = 40 * 1024 * 1024;
const program = `
  import { createGuardedDownload } from "./src/clients/http/guarded-download.ts";
  import { createHttpClient } from "./src/clients/http/http-client.ts";
  import { createDataApi } from "./src/clients/salesforce/data-api/api-call.ts";
  import { attachFile } from "./src/clients/salesforce/data-api/files.ts";
  const [from, to, small] = process.argv.slice(1);
  const limits = { connectTimeoutMs: 5000, answerTimeoutMs: 5000, totalTimeoutMs: 60000 };
  const download = createGuardedDownload({ ...limits, maxBytes: ${String(maxBytes)}, allowedHosts: ["127.0.0.1"], now: Date.now });
  const http = createHttpClient({ connectTimeoutMs: 5000, responseTimeoutMs: 20000, maxConnections: 1, maxBodyBytes: 1e6, now: Date.now });
  const freely = { limits: { admit: async () => null, heard: () => undefined }, urgency: "open chat" };
  const token = async () => ({ kind: "done", value: "t" });
  const api = createDataApi({ http, tokens: { get: token, renew: token }, baseUrl: to, apiVersion: "52", ...freely });
  const signal = new AbortController().signal;
  const sendOn = (file) =>
    attachFile(api, { caseId: "500x", reference: "c/1", title: "t", path: "t.bin", ...file.value }, signal);
  // What the first file of a process costs is code, not the file.
  await sendOn(await download(small, signal));
  // What is held, without the rubbish that waits for its collection: that depends on the machine's load.
  const held = () => {
    globalThis.gc();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = held();
  let peak = before;
  const timer = setInterval(() => (peak = Math.max(peak, held())), 25);
  const file = await download(from, signal);
  const sent = file.kind === "done" ? await sendOn(file) : null;
  peak = Math.max(peak, held());
  clearInterval(timer);
  http.close();
  console.log(JSON.stringify({ kind: file.kind, detail: file.detail, sent: sent?.kind, grownBytes: peak - before }));
`;

interface Report {
  readonly kind: string;
  readonly detail?: string;
  readonly sent?: string;
  readonly grownBytes: number;
}

async function measure(from: string, to: string): Promise<Report> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--expose-gc",
    "--input-type=module-typescript",
    "-e",
    program,
    from,
    to,
    await listen(blocks(1)),
  ]);
  return JSON.parse(stdout) as Report;
}

const block = Buffer.alloc(1024 * 1024, 7);
function blocks(count: number): RequestListener {
  return (_request, response) => {
    let left = count;
    const more = (): void => {
      while (left > 0 && !response.destroyed) {
        left -= 1;
        if (!response.write(block)) return;
      }
      response.end();
    };
    response.on("drain", more);
    more();
  };
}

it(
  "S09 a file of the largest size is downloaded and sent on in less than one and a half times its size",
  { timeout: 90_000 },
  async () => {
    let received = 0;
    const org = await listen((request, response) => {
      request.on("data", (chunk: Buffer) => void (received += chunk.length));
      request.on("end", () => {
        const parts = ["newContentVersion", "newQuery", "newContentDocumentLink"];
        const compositeResponse = parts.map((referenceId) => ({ referenceId, httpStatusCode: 200, body: {} }));
        response.end(JSON.stringify({ compositeResponse }));
      });
    });
    const report = await measure(await listen(blocks(40)), org);
    expect(report).toMatchObject({ kind: "done", sent: "done" });
    expect(received).toBeGreaterThan((maxBytes * 4) / 3);
    expect(report.grownBytes).toBeLessThan(1.5 * maxBytes);
  },
);

it("S09 one without an end costs no more than the largest", { timeout: 90_000 }, async () => {
  const report = await measure(await listen(blocks(Number.MAX_SAFE_INTEGER)), "http://127.0.0.1:1");
  expect(report).toMatchObject({ kind: "refused", detail: "too large" });
  expect(report.grownBytes).toBeLessThan(1.5 * maxBytes);
});
