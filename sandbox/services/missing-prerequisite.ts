// Owns the error that says what this machine lacks. Thrown by the driver and what it looks for; main files print it and exit with its code.

/** The machine lacks something that only its owner can install, or a setting names something unknown. `message` says what to do. */
export class MissingPrerequisite extends Error {
  override readonly name = "MissingPrerequisite";
  /** EX_CONFIG of sysexits. */
  readonly exitCode = 78;
}

/** What to install when there is neither Docker nor Java with Maven. */
export function neitherDockerNorJava(lacking: string): MissingPrerequisite {
  return new MissingPrerequisite(
    [
      `Kafka, the schema registry and Redis can't be started here: no Docker engine answers, and ${lacking}.`,
      "Install one of the two and run the command again:",
      "  - Docker with the compose plugin (https://docs.docker.com/get-docker), started; or",
      "  - Java 21 or newer (https://adoptium.net) and Maven (https://maven.apache.org/install.html); no root is needed for either.",
    ].join("\n"),
  );
}
