// Downloads from addresses that strangers name (catalogue S07 to S09): what may not be reached is never connected to, whatever the
// form of its address or of the way there, and a download ends at its bounds.
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";

import { createGuardedDownload, type DownloadOptions } from "../../../../src/clients/http/guarded-download.ts";
import type { Download } from "../../../../src/processors/desk/files.ts";

interface Listening {
  readonly port: number;
  /** Sockets that were opened to it. */
  hits: number;
}

const servers: Server[] = [];

async function listen(answer: RequestListener, host = "127.0.0.1"): Promise<Listening> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const listening = { port: (server.address() as AddressInfo).port, hits: 0 };
  server.on("connection", () => void (listening.hits += 1));
  return listening;
}

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

const limits: DownloadOptions = {
  maxBytes: 100_000,
  connectTimeoutMs: 2_000,
  answerTimeoutMs: 2_000,
  totalTimeoutMs: 4_000,
  allowedHosts: [],
  now: () => Date.now(),
};
const never = new AbortController().signal;

function downloads(more: Partial<DownloadOptions> = {}): Download {
  return createGuardedDownload({ ...limits, ...more });
}

const secret: RequestListener = (_request, response) => void response.end("a secret of the house");

describe("S07 an address in private space", () => {
  it.each([
    ["loopback", (port: string) => `http://127.0.0.1:${port}/x`],
    ["another loopback", (port: string) => `http://127.1.2.3:${port}/`],
    ["short form", (port: string) => `http://127.1:${port}/`],
    ["zero", (port: string) => `http://0:${port}/`],
    ["all zeros", (port: string) => `http://0.0.0.0:${port}/`],
    ["decimal", (port: string) => `http://2130706433:${port}/`],
    ["octal", (port: string) => `http://0177.0.0.1:${port}/`],
    ["hexadecimal", (port: string) => `http://0x7f000001:${port}/`],
    ["wide digits", (port: string) => `http://①②⑦.0.0.1:${port}/`],
    ["IPv6 loopback", (port: string) => `http://[::1]:${port}/`],
    ["IPv6 unspecified", (port: string) => `http://[::]:${port}/`],
    ["mapped", (port: string) => `http://[::ffff:127.0.0.1]:${port}/`],
    ["mapped, in hex", (port: string) => `http://[::ffff:7f00:1]:${port}/`],
    ["a name for it", (port: string) => `http://localhost:${port}/`],
    ["metadata of the cloud", () => "http://169.254.169.254/latest/meta-data/"],
    ["unique local", () => "http://[fc00::1]/"],
    ["link-local", () => "http://[fe80::1]/"],
  ])("is refused before a socket is opened: %s", async (_form, address) => {
    const canary = await listen(secret);
    const outcome = await downloads()(address(String(canary.port)), never);
    expect(outcome).toMatchObject({ kind: "refused", detail: "ADDRESS_NOT_ALLOWED" });
    expect(canary.hits).toBe(0);
  });

  it.each([
    ["credentials", (port: string) => `http://user:pass@127.0.0.1:${port}/`, "credentials in the address"],
    ["a user", (port: string) => `http://cdn.example.org@127.0.0.1:${port}/`, "credentials in the address"],
    ["a file", () => "file:///etc/passwd", "neither http nor https"],
    ["ftp", (port: string) => `ftp://127.0.0.1:${port}/`, "neither http nor https"],
    ["data", () => "data:text/plain,hello", "neither http nor https"],
    ["gopher", (port: string) => `gopher://127.0.0.1:${port}/_x`, "neither http nor https"],
    ["no address", () => "127.0.0.1", "not an address"],
  ])("is refused by its form: %s", async (_form, address, detail) => {
    const canary = await listen(secret);
    expect(await downloads()(address(String(canary.port)), never)).toMatchObject({ kind: "refused", detail });
    expect(canary.hits).toBe(0);
  });

  it.each([
    ["a private A", ["127.0.0.1"]],
    ["a private AAAA", ["::1"]],
    ["mixed answers, public first", ["192.0.1.1", "127.0.0.1"]],
    ["mixed answers, private first", ["10.0.0.1", "192.0.1.1"]],
    ["a mapped address", ["::ffff:127.0.0.1"]],
  ])("is refused behind a name with %s", async (_form, addresses) => {
    const canary = await listen(secret);
    const download = downloads({
      lookup: (_host, done) =>
        done(
          null,
          addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
        ),
    });
    const outcome = await download(`http://media.example.org:${String(canary.port)}/`, never);
    expect(outcome).toMatchObject({ kind: "refused", detail: "ADDRESS_NOT_ALLOWED" });
    expect(canary.hits).toBe(0);
  });

  it("is refused behind a redirect from an allowed host, as an address and as a name", async () => {
    const canary = await listen(secret);
    for (const host of ["127.0.0.1", "[::1]", "localhost"]) {
      const door = await listen((_request, response) => {
        response.writeHead(302, { location: `http://${host}:${String(canary.port)}/` }).end();
      });
      const download = downloads({ allowedHosts: [`127.0.0.1:${String(door.port)}`] });
      const outcome = await download(`http://127.0.0.1:${String(door.port)}/`, never);
      expect(outcome).toMatchObject({ kind: "refused", detail: "ADDRESS_NOT_ALLOWED" });
      expect(door.hits).toBe(1);
    }
    expect(canary.hits).toBe(0);
  });

  it("S08 is refused when a name moves there between two looks: the address that was judged is the one connected to", async () => {
    const canary = await listen(secret);
    const answers = ["192.0.1.1", "127.0.0.1"];
    const asked: string[] = [];
    const download = downloads({
      connectTimeoutMs: 300,
      lookup: (_host, done) => {
        const address = answers[Math.min(asked.length, 1)] ?? "";
        asked.push(address);
        done(null, [{ address, family: 4 }]);
      },
    });
    const url = `http://rebind.example.org:${String(canary.port)}/`;
    // Nobody has that public address; only that it is not the canary counts.
    await download(url, never);
    await download(url, never);
    expect(asked).toEqual(answers);
    expect(canary.hits).toBe(0);
  });
});

describe("an allowed host", () => {
  it("may be anywhere, by its address or its name, and on that port only where one is given", async () => {
    const server = await listen((_request, response) => void response.end("file"));
    const port = String(server.port);
    const byName = downloads({ allowedHosts: ["LOCALHOST"] });
    expect(await byName(`http://localhost:${port}/`, never)).toMatchObject({ kind: "done" });
    const byPort = downloads({ allowedHosts: [`127.0.0.1:${port}`] });
    expect(await byPort(`http://127.0.0.1:${port}/`, never)).toMatchObject({ kind: "done" });
    const other = downloads({ allowedHosts: ["127.0.0.1:1"] });
    expect(await other(`http://127.0.0.1:${port}/`, never)).toMatchObject({ kind: "refused" });
  });
});

describe("a download", () => {
  const at = async (answer: RequestListener, more: Partial<DownloadOptions> = {}) => {
    const server = await listen(answer);
    const run = (signal = never) =>
      downloads({ allowedHosts: ["127.0.0.1"], ...more })(`http://127.0.0.1:${String(server.port)}/f?a=b`, signal);
    return { server, run };
  };

  it("brings the bytes and the type that came with them", async () => {
    const bytes = Buffer.from([0, 255, 1, 254]);
    const { run } = await at((request, response) => {
      response.setHeader("content-type", "Image/PNG; charset=binary");
      response.end(request.url === "/f?a=b" && request.headers["accept-encoding"] === "identity" ? bytes : "other");
    });
    const outcome = await run();
    if (outcome.kind !== "done") throw new Error(outcome.detail);
    expect(Buffer.concat(outcome.value.chunks)).toEqual(bytes);
    expect(outcome.value).toMatchObject({ sizeBytes: 4, contentType: "image/png" });
  });

  it("follows three redirects, also relative ones, and no fourth", async () => {
    const { run } = await at((request, response) => {
      const hop = Number(new URL(request.url ?? "", "http://x").searchParams.get("hop") ?? 0);
      if (hop >= 3) response.end("there");
      else response.writeHead(307, { location: `?hop=${String(hop + 1)}` }).end();
    });
    expect(await run()).toMatchObject({ kind: "done" });
    const { run: endless, server } = await at((_request, response) => {
      response.writeHead(301, { location: "/again" }).end();
    });
    expect(await endless()).toMatchObject({ kind: "refused", detail: "too many redirects" });
    expect(server.hits).toBe(4);
  });

  it.each([
    [404, "refused"],
    [403, "refused"],
    [204, "refused"],
    [429, "retry"],
    [503, "retry"],
  ])("of status %i is %s", async (status, kind) => {
    const { run } = await at((_request, response) => void response.writeHead(status, { "retry-after": "2" }).end());
    const outcome = await run();
    expect(outcome.kind).toBe(kind);
    if (outcome.kind === "retry") expect(outcome).toMatchObject({ mayHaveHappened: false, retryAfterMs: 2_000 });
  });

  it("S09 that is too large is not begun when the length says so, and ends at the bound when it does not", async () => {
    const { run } = await at((_request, response) => {
      response.writeHead(200, { "content-length": String(limits.maxBytes + 1) });
      response.write("x");
    });
    expect(await run()).toMatchObject({ kind: "refused", detail: "too large" });
    let sent = 0;
    const { run: endless } = await at((_request, response) => {
      const block = Buffer.alloc(10_000);
      const more = (): void => {
        while (!response.destroyed && response.write(block)) sent += block.length;
      };
      response.on("drain", more);
      more();
    });
    expect(await endless()).toMatchObject({ kind: "refused", detail: "too large" });
    // What the sockets in between hold, and not what the other side would like to send.
    expect(sent).toBeLessThan(50 * limits.maxBytes);
    const { run: exact } = await at((_request, response) => void response.end(Buffer.alloc(limits.maxBytes)));
    expect(await exact()).toMatchObject({ kind: "done" });
  });

  it("S09 that is empty, or packed, is refused", async () => {
    const { run } = await at((_request, response) => void response.end());
    expect(await run()).toMatchObject({ kind: "refused", detail: "empty" });
    const { run: packed } = await at((_request, response) => {
      response.writeHead(200, { "content-encoding": "gzip" }).end("x");
    });
    expect(await packed()).toMatchObject({ kind: "refused", detail: "packed content" });
  });

  it("S09 that drips ends at the deadline for good", async () => {
    const { run } = await at(
      (_request, response) => {
        const timer = setInterval(() => response.write("x"), 50);
        response.on("close", () => clearInterval(timer));
      },
      { totalTimeoutMs: 400 },
    );
    const started = performance.now();
    expect(await run()).toMatchObject({ kind: "refused", detail: "too slow" });
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it("S09 whose body breaks off or lies about its length may work later", async () => {
    const { run } = await at((_request, response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write("half", () => response.destroy());
    });
    expect(await run()).toMatchObject({ kind: "retry", mayHaveHappened: false });
  });

  it("that nobody answers may work later, and a name that nobody knows won't", async () => {
    const server = await listen(secret);
    const [closing] = servers.splice(0);
    await new Promise((resolve) => closing?.close(resolve));
    const download = downloads({ allowedHosts: ["127.0.0.1"] });
    expect(await download(`http://127.0.0.1:${String(server.port)}/`, never)).toMatchObject({ kind: "retry" });
    const nobody = downloads({ lookup: (_host, done) => done(Object.assign(new Error(), { code: "ENOTFOUND" }), []) });
    expect(await nobody("http://nobody.example.org/", never)).toMatchObject({ kind: "refused", detail: "ENOTFOUND" });
  });

  it("that is aborted ends at once and may work later", async () => {
    const { run } = await at(() => undefined);
    const abort = new AbortController();
    const outcome = run(abort.signal);
    abort.abort();
    expect(await outcome).toMatchObject({ kind: "retry" });
  });

  it("leaves no connection behind", async () => {
    const closed: Promise<void>[] = [];
    const { run, server } = await at((request, response) => {
      closed.push(new Promise((resolve) => request.socket.on("close", () => resolve())));
      response.end("file");
    });
    await run();
    await run();
    await Promise.all(closed);
    expect(server.hits).toBe(2);
  });

  it("leaves none behind either with a body that nobody reads", async () => {
    let open = 0;
    const { run } = await at((request, response) => {
      open += 1;
      request.socket.on("close", () => (open -= 1));
      response.writeHead(404, { "content-length": "1000000" });
      response.write("x".repeat(100_000));
    });
    expect(await run()).toMatchObject({ kind: "refused", detail: "status 404" });
    await vi.waitFor(() => expect(open).toBe(0));
  });
});
