// The process: reads the environment, starts the service, stops it on a signal, and says with its exit code how it ended:
// 0 stopped, 1 failed, 78 a person must change something first (EX_CONFIG of sysexits.h).
import { spawnSync } from "node:child_process";

import closeWithGrace from "close-with-grace";

import { describeMistakes, loadSettings } from "./clients/config/settings.ts";
import { createLog } from "./clients/log/log.ts";
import { startService, type Service } from "./composition.ts";
import { isLost } from "./topology/retry.ts";
import type { StartRefused } from "./composition-storage.ts";
import type { Log } from "./topology/ports.ts";

/** A stop that takes longer ends at once. */
const stopMs = 14_000;
/** Each open chat holds a connection to the desk. */
const descriptorsWanted = 4_096;

await run();

async function run(): Promise<void> {
  const loaded = loadSettings(process.env);
  if (!("settings" in loaded)) {
    process.stderr.write(`${describeMistakes(loaded.mistakes)}\nNothing was started.\n`);
    process.exitCode = 78;
    return;
  }
  const { settings, warnings } = loaded;
  const log = createLog({ level: settings.log.level, always: { app: settings.appName, client: settings.client } });
  for (const warning of warnings) log.warn({ ...warning }, "a setting deserves a look");
  warnOfDescriptors(log);

  const wanted = new AbortController();
  let service: Service | null = null;
  const grace = closeWithGrace({ delay: stopMs + 500, logger: false }, async ({ signal, err }) => {
    if (err === undefined) log.info({ signal }, "stopping");
    else log.error({ error: err }, "the process fails; stopping");
    wanted.abort();
    await service?.stop(stopMs);
    log.info({}, "stopped");
  });
  const fatal = (error: Error): void => {
    log.error({ error }, "the service can't go on and ends, so that it is started anew");
    process.exit(1);
  };
  try {
    service = await startService({ settings, log, fatal, signal: wanted.signal });
  } catch (error) {
    if (isLost(error)) return;
    grace.uninstall();
    refuse(error, log);
  }
}

function refuse(error: unknown, log: Log): void {
  if (error instanceof Error && error.name === "StartRefused") {
    const { sentences } = error as StartRefused;
    for (const sentence of sentences) log.error({ sentence }, "the start is refused");
    process.exit(78);
  }
  log.error({ error }, "the start failed");
  process.exit(1);
}

/** The shell knows the limit on Linux and macOS; Node does not tell it. An image without a shell is not checked. */
function warnOfDescriptors(log: Log): void {
  const { stdout, error } = spawnSync("/bin/sh", ["-c", "ulimit -n"], { encoding: "utf8" });
  if (error !== undefined) {
    log.info({ code: error.message }, "the limit of open descriptors is not known");
    return;
  }
  const limit = Number(stdout.trim());
  if (limit < descriptorsWanted)
    log.warn(
      { limit, wanted: descriptorsWanted },
      "the limit of open descriptors is low: each open chat holds a connection",
    );
}
