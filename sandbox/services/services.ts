// Owns the interface to Kafka, registry and Redis of this machine, whoever runs them. No code: the two implementations are compose.ts and
// local.ts, the choice between them is driver.ts. Read by the sandbox and by the runner of tests.

/** The services that one driver starts together. */
export type ServiceName = "kafka" | "registry" | "redis";

/** Where the service under test finds them. Known once `start` has resolved; the same after a restart of one of them. */
export interface Addresses {
  /** `127.0.0.1:port`, listener without encryption or login. */
  readonly brokers: string;
  /** Base URL of the Confluent-compatible API, no trailing slash. */
  readonly registryUrl: string;
  /** `127.0.0.1:port`, no password. */
  readonly redis: string;
  /** Only when asked for by `security`. */
  readonly secure?: SecureListener;
  /** Only when asked for by `proxied`: where each proxy leads, `127.0.0.1:port`, in the order of the proxies. */
  readonly behindProxies?: readonly string[];
}

/** The listener that needs TLS and a login; both mechanisms know the same users. */
export interface SecureListener {
  /** `localhost:port`: the certificate is made out to localhost and 127.0.0.1. */
  readonly brokers: string;
  /** File with the certificate, PEM, that clients trust. */
  readonly caFile: string;
}

/** Asks for a second Kafka listener, SASL_SSL with PLAIN and SCRAM-SHA-256. */
export interface Security {
  /** User name to password. */
  readonly users: Readonly<Record<string, string>>;
  /** With it Kafka's StandardAuthorizer is on, these users may do everything, others only what ACLs allow; without: everybody everything. */
  readonly superUsers?: readonly string[];
}

/** One service under control. Every call resolves when its effect is there and is repeat-safe. */
export interface ServiceControl {
  /** Starts it again on the same port with the same data; nothing when it runs. Resolves when it answers. */
  start(): Promise<void>;
  /** Asks it to end, and ends it when it does not within 10 s. */
  stop(): Promise<void>;
  /** Ends it at once (SIGKILL). */
  kill(): Promise<void>;
  /** Freezes it: connections stay, nobody answers (SIGSTOP). */
  pause(): Promise<void>;
  /** Lets it go on after `pause`. */
  resume(): Promise<void>;
  /** Its data is gone; it runs afterwards exactly if it ran before. */
  wipe(): Promise<void>;
}

/** Kafka, registry and Redis on this machine, started and stopped together or one by one. */
export interface Services {
  readonly kind: "compose" | "local";
  readonly kafka: ServiceControl;
  readonly registry: ServiceControl;
  readonly redis: ServiceControl;
  /** Starts all three side by side. Rejects with the tail of its output when one does not come up; the others are stopped then. */
  start(): Promise<Addresses>;
  /** Stops all three and removes their data. Repeat-safe. */
  stop(): Promise<void>;
  /** Throws before `start` has resolved. */
  addresses(): Addresses;
}

/** Ports that are taken when free; any free port otherwise. */
export interface PreferredPorts {
  readonly kafka?: number;
  readonly registry?: number;
  readonly redis?: number;
}

/** How to start. */
export interface ServicesOptions {
  /** Gets progress, a line at a time, for a person. */
  readonly say: (line: string) => void;
  /** KAFKA_VERSION, XDG_CACHE_HOME, JAVA_HOME, PATH, MAVEN_OPTS, DOCKER_* are read from it. */
  readonly env: NodeJS.ProcessEnv;
  readonly preferredPorts?: PreferredPorts;
  readonly security?: Security;
  /**
   * Ports of proxies on 127.0.0.1. For each one Kafka has a plain listener more, which sends its clients back to that port: a client of
   * Kafka goes where the broker says it is, so that only such a listener keeps it on its proxy.
   */
  readonly proxied?: readonly number[];
  /** Skips the look for Docker. */
  readonly kind?: "compose" | "local";
}
