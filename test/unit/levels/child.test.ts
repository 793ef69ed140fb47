// A child process is seen to its end: code, output, deadline, signal, and nothing it started stays.
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

import { describe, expect, it } from "vitest";

import { type Command, run } from "../../levels/child.ts";

const idle = "setInterval(() => {}, 1000)";

function node(script: string, change: Partial<Command> = {}): Command {
  const signal = new AbortController().signal;
  return { program: process.execPath, args: ["-e", script], deadlineMs: 4_000, capture: true, signal, ...change };
}

describe("a child process", () => {
  it("gives its exit code and both its outputs", async () => {
    const ended = await run(node("console.log('out'); console.error('err'); process.exitCode = 3"));
    expect(ended).toMatchObject({ code: 3, timedOut: false });
    expect(ended.output).toContain("out\n");
    expect(ended.output).toContain("err\n");
  });

  it("gets what is added to the environment", async () => {
    const ended = await run(node("process.stdout.write(process.env.ADDED ?? 'nothing')", { env: { ADDED: "this" } }));
    expect(ended.output).toBe("this");
  });

  it("is no crash where it cannot be started", async () => {
    const ended = await run({ ...node(""), program: "/nonexistent/program" });
    expect(ended.code).toBe(127);
    expect(ended.output).toContain("ENOENT");
  });

  it("is ended at its deadline", async () => {
    const ended = await run(node(idle, { deadlineMs: 100 }));
    expect(ended).toMatchObject({ code: 143, timedOut: true });
  });

  it("is ended by the signal, and that is no time-out", async () => {
    const ended = await run(node(idle, { signal: AbortSignal.timeout(100) }));
    expect(ended).toMatchObject({ code: 143, timedOut: false });
  });

  it("is not left running where the signal came before", async () => {
    const ended = await run(node(idle, { signal: AbortSignal.abort() }));
    expect(ended.code).toBe(143);
  });

  it("leaves no grandchild behind", async () => {
    // A process that is gone but not yet reaped still has its number; its socket is closed.
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const connected = once(server, "connection") as Promise<[Socket]>;
    const grandchild = `require("node:net").connect(${port}, "127.0.0.1", () => process.send("connected")).on("error", () => {})`;
    const child = `const one = require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(grandchild)}], { stdio: ["ignore", "ignore", "ignore", "ipc"] });
      one.once("message", () => process.exit(0));`;
    expect(await run(node(child))).toMatchObject({ code: 0 });
    const [socket] = await connected;
    socket.on("error", () => socket.destroy()).resume();
    if (!socket.closed) await once(socket, "close");
    expect(socket.closed).toBe(true);
    server.close();
  });
});
