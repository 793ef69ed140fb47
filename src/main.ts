// The process: reads the environment, starts the service, stops it on a signal, and says with its exit code how it ended:
// 0 stopped, 1 failed, 78 a person must change something first (EX_CONFIG of sysexits.h).
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

import closeWithGrace from "close-with-grace";

import { describeMistakes, loadSettings } from "./clients/config/settings.ts";
import type { Settings } from "./clients/config/settings-shape.ts";
import { createHttpClient } from "./clients/http/http-client.ts";
import { createProxyFor } from "./clients/http/proxy.ts";
import { createLog } from "./clients/log/log.ts";
import { createErrorReports, noErrorReports, type ErrorReports } from "./clients/sentry/error-reports.ts";
import { startService, type Service } from "./composition.ts";
import { isLost } from "./topology/retry.ts";
import type { StartRefused } from "./composition-storage.ts";
import type { Log } from "./topology/ports.ts";

/** A stop that takes longer ends at once. */
const stopMs = 14_000;
/** So long a process that must end waits for its last report. */
const reportMs = 1_000;
const reportLimits = { connectTimeoutMs: 2_000, responseTimeoutMs: 3_000, maxConnections: 4, maxBodyBytes: 64 * 1024 };
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
  const log = createLog({ ...settings.log, always: { app: settings.appName, client: settings.client } });
  for (const warning of warnings) log.warn({ ...warning }, "a setting deserves a look");
  warnOfDescriptors(log);

  const reports = openReports(settings);
  const wanted = new AbortController();
  const starting = Promise.withResolvers<Service | null>();
  const grace = closeWithGrace({ delay: stopMs + 500, logger: false }, async ({ signal, err }) => {
    if (err === undefined) log.info({ signal }, "stopping");
    else {
      log.error({ error: err }, "the process fails; stopping");
      reports.unhandled(err);
    }
    wanted.abort();
    await (await starting.promise)?.stop(stopMs);
    await reports.flush(reportMs);
    log.info({}, "stopped");
  });
  const fatal = (error: Error): void => {
    log.error({ error }, "the service can't go on and ends, so that it is started anew");
    reports.unhandled(error);
    void reports.flush(reportMs).then(() => process.exit(1));
  };
  try {
    starting.resolve(await startService({ settings, log, fatal, signal: wanted.signal, reports }));
  } catch (error) {
    starting.resolve(null);
    if (isLost(error)) return;
    grace.uninstall();
    await refuse(error, log, reports);
  }
}

async function refuse(error: unknown, log: Log, reports: ErrorReports): Promise<never> {
  if (error instanceof Error && error.name === "StartRefused") {
    const { sentences } = error as StartRefused;
    for (const sentence of sentences) log.error({ sentence }, "the start is refused");
    process.exit(78);
  }
  log.error({ error }, "the start failed");
  reports.unhandled(error);
  await reports.flush(reportMs);
  process.exit(1);
}

/** With connections of their own: a report must not wait behind calls that are stuck. */
function openReports({ sentry, environment, client, proxy }: Settings): ErrorReports {
  if (sentry === null) return noErrorReports;
  const now = (): number => Date.now();
  const http = createHttpClient({ ...reportLimits, now, proxyFor: createProxyFor(proxy) });
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return createErrorReports({
    dsn: sentry,
    http,
    environment,
    release: `salesforce-integration@${version}`,
    client,
    now,
  });
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
