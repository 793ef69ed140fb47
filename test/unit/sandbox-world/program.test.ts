// The world as a program of its own: prints its addresses as one line of JSON, serves, stops on SIGTERM with exit code 0.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

import { expect, it } from "vitest";

import { call } from "./harness.ts";

it("starts, prints its addresses, serves and stops", async () => {
  const program = spawn(process.execPath, ["sandbox/world/main.ts"], { stdio: ["ignore", "pipe", "inherit"] });
  const exit = once(program, "exit");
  const lines = createInterface({ input: program.stdout });
  const [line] = (await once(lines, "line")) as [string];
  const addresses = JSON.parse(line) as Record<string, string>;
  expect(Object.keys(addresses)).toEqual([
    "salesforceUrl",
    "integrationsUrl",
    "botrunnerUrl",
    "studioNgUrl",
    "mediaUrl",
    "controlUrl",
  ]);
  const overview = await call("GET", `${addresses["controlUrl"] ?? ""}/`);
  expect(overview.body).toMatchObject({ systems: { salesforce: addresses["salesforceUrl"] } });
  program.kill("SIGTERM");
  expect(await exit).toEqual([0, null]);
});
