// Owns the flags of `npm run sandbox` and the refusal of a production environment. Pure. Called by main.ts.
import { parseArgs } from "node:util";

/** EX_USAGE of sysexits. */
export const EXIT_USAGE = 64;

/** What the command line asks for. */
export type Command =
  | { readonly kind: "run"; readonly opens: boolean }
  | { readonly kind: "play" }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly message: string };

/** Text of `--help`. */
export const HELP = `npm run sandbox [-- FLAGS]

Starts Kafka, a schema registry, Redis, the service, and a world around it (a Salesforce org, a channel and a bot that do not exist),
says where they are, and stops all of it on Ctrl-C. When one runs already, says where that is. Binds 127.0.0.1 only.

  --open   opens the sandbox's page in your browser; without it the address is only printed
  --play   plays a scripted conversation against the running sandbox, or against a fresh one that is stopped afterwards; prints it with
           the time each message took; exit 0 only if every message arrived once and in order
  --help   this text

Environment: KAFKA_VERSION is 4.1 (default) or 3.9. Downloads are kept in $XDG_CACHE_HOME/salesforce-integration (~/.cache without it).
Exit: 0 done, 1 something failed, 64 unknown flag, 78 this machine lacks something or the environment is production.
`;

/** Reads the flags. */
export function parseCommand(args: readonly string[]): Command {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { play: { type: "boolean" }, open: { type: "boolean" }, help: { type: "boolean", short: "h" } },
      strict: true,
      allowPositionals: false,
    });
    if (values.help === true) return { kind: "help" };
    return values.play === true ? { kind: "play" } : { kind: "run", opens: values.open === true };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { kind: "wrong", message: error.message };
  }
}

const ENVIRONMENT_NAMES = ["SALESFORCE-INTEGRATION_ENVIRONMENT", "SALESFORCE_INTEGRATION_ENVIRONMENT", "ENVIRONMENT"];

/** The variable that says this is production (`production` or `prod`, in any case); undefined when none does. */
export function productionVariable(env: NodeJS.ProcessEnv): string | undefined {
  return ENVIRONMENT_NAMES.find((name) => /^(?:production|prod)$/i.test(env[name]?.trim() ?? ""));
}
