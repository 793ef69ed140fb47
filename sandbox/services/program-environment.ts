// Owns what a local service inherits from our environment: only what every program needs. A KAFKA_…, QUARKUS_… or APICURIO_… variable of
// the user's shell must not change a service of ours. Called by the local programs.

const INHERITED = ["PATH", "HOME", "USER", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "JAVA_TOOL_OPTIONS"];

/** Environment of a local service. */
export function programEnvironment(from: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return Object.fromEntries(INHERITED.flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]])));
}
