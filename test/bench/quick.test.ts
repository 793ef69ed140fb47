// The bench runs: each part comes to figures. What they are is no matter here: `npm run bench` measures, on a machine that is idle.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

it("the quick bench measures every part", { timeout: 150_000 }, async ({ signal }) => {
  const child = spawn(process.execPath, ["bench/main.ts", "--quick"], { cwd: root, signal });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
  const code = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });

  expect(code, output).toBe(0);
  expect(output).not.toContain("NaN");
  for (const part of ["stream", "ingest"])
    expect(output, part).toMatch(
      new RegExp(`^${part}: service [1-9]\\d*/s, bare [1-9]\\d*/s, ratio \\d+\\.\\d\\d`, "m"),
    );
  for (const way of ["user to agent", "agent to user"])
    expect(output, way).toMatch(
      new RegExp(`^talk, 5 chats: ${way}: p50 \\d+\\.\\d ms, p99 \\d+\\.\\d ms of [1-9]`, "m"),
    );
  expect(output).toMatch(/^takeover: [1-9]\d* of 20 chats taken over, all polled again \d+\.\d s after the kill/m);
});
