// Owns the choice of where Kafka, the registry and Redis come from on this machine. The interface is in services.ts; how a service is
// started is in compose.ts and local.ts. Called by the sandbox and by the runner of tests.
import { composeAnswers, createComposeServices } from "./compose.ts";
import { createLocalServices } from "./local.ts";
import type { Services, ServicesOptions } from "./services.ts";

export type { Services, ServicesOptions } from "./services.ts";

/**
 * The driver for this machine: Docker Compose where an engine answers within 3 s, else local processes. Stops what killed runs left
 * behind. Starts nothing yet. The listeners of `security` and `proxied` exist only as local processes.
 *
 * @throws {MissingPrerequisite} when neither is possible, saying what to install.
 */
export async function createServices(options: ServicesOptions): Promise<Services> {
  const { security, proxied, kind: wanted } = options;
  const mayCompose = security === undefined && proxied === undefined && wanted !== "local";
  const kind = wanted ?? (mayCompose && (await composeAnswers(options.env)) ? "compose" : "local");
  return kind === "compose" ? createComposeServices(options) : createLocalServices(options);
}
