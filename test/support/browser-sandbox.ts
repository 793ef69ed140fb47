// Global set-up of the level `browser`: one sandbox with its page for all files, in this process, and where to find it and a Chromium.
// Without a Chromium nothing is started, and the tests are skipped by name.
import type { TestProject } from "vitest/node";

import { findChromium, type Found } from "../../sandbox/browser/chromium.ts";
import { startSandbox } from "../../sandbox/instance/sandbox.ts";

/** What the tests are told. */
export interface BrowserStage {
  /** The Chromium; or why there is none. */
  readonly chromium: Found | string;
  readonly pageUrl: string;
  /** `host:port` of the sandbox's Redis. */
  readonly redis: string;
}

declare module "vitest" {
  interface ProvidedContext {
    readonly browserStage: BrowserStage;
  }
}

/** Called by vitest; what it answers is called at the end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const chromium = await findChromium(process.env);
  if (typeof chromium === "string") {
    project.provide("browserStage", { chromium, pageUrl: "", redis: "" });
    return async () => undefined;
  }
  const said: string[] = [];
  const { signal } = new AbortController();
  try {
    const sandbox = await startSandbox({
      say: (line) => said.push(line),
      env: { ...process.env, ENVIRONMENT: "" },
      signal,
    });
    const { page: pageUrl, redis } = sandbox.addresses;
    project.provide("browserStage", { chromium, pageUrl, redis });
    return () => sandbox.stop();
  } catch (error) {
    process.stderr.write(`The sandbox of the browser tests did not start:\n${said.join("\n")}\n`);
    throw error;
  }
}
