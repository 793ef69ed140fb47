// The service's settings: read from an environment, checked all at once, and put into the shape that main.ts hands out. One
// schema for all of them; forms are in forms.ts, the settings themselves in *-settings.ts. Pure: prints and exits nothing. The
// operator's command line reads the same environment, and needs less of it. Of files it reads those that `…_FILE` names.
import { isFileName, secretFileNames, secretFiles, type ReadText } from "./secret-files.ts";
import { proxiesOf } from "./proxies.ts";
import { dashPrefix, givenSettings, underscorePrefix, type SettingWarning } from "./names.ts";
import { factsOf, settingsSchema, type SettingValues } from "./schema.ts";
import { arrange, clusterOf, redisOf, type Settings } from "./settings-shape.ts";
import { contradictions, isProduction } from "./together.ts";

/** Something that keeps the service from starting. */
export interface SettingMistake {
  /** Name without prefix. */
  readonly name: string;
  /** What is wrong. Never holds the value that was given. */
  readonly problem: string;
  /** A value of the right form. */
  readonly example: string;
}

/** What an environment says. */
export type Loaded<Shape> =
  | { readonly settings: Shape; readonly warnings: readonly SettingWarning[] }
  | { readonly mistakes: readonly SettingMistake[]; readonly warnings: readonly SettingWarning[] };

/** All settings of the service, or what keeps it from starting. */
export type LoadedSettings = Loaded<Settings>;

/** The settings that the operator's command line needs. */
export type OperatorSettings = Pick<Settings, "appName" | "client" | "log" | "kafka" | "schemaRegistry" | "proxy"> & {
  /** Null where it was not asked for. */
  readonly redis: Settings["redis"] | null;
};

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings from an environment. Finds every mistake at once; an unknown name is a warning, never a mistake.
 * What it returns holds no value that was given except inside `settings`.
 */
export function loadSettings(environment: Environment, readText?: ReadText): LoadedSettings {
  const asRead = asOriginalRead(environment);
  const seen = givenSettings(asRead.environment, knownNames);
  const given = { ...seen, warnings: [...seen.warnings, ...asRead.warnings] };
  const files = secretFiles(given.values, readText);
  const values = setValues(files.values);
  const proxies = proxiesOf(environment);
  const { read, mistakes } = readEach(values, Object.keys(settingsSchema.shape));
  const found = [...files.mistakes, ...unlessIn(files.mistakes, mistakes), ...contradictions(read)];
  const all = settingsSchema.safeParse(values);
  if (found.length > 0 || proxies.mistakes.length > 0 || !all.success)
    return { mistakes: [...withExamples(found), ...proxies.mistakes], warnings: given.warnings };
  const { settings, warnings } = arrange(all.data, proxies.settings, asRead.otherwise);
  return { settings, warnings: [...given.warnings, ...warnings] };
}

const operatorSchema = settingsSchema.pick({
  APP_NAME: true,
  CLIENT: true,
  ENVIRONMENT: true,
  LOG_LEVEL: true,
  LOG_ID_KEY: true,
  KAFKA_HOST: true,
  KAFKA_PORT: true,
  KAFKA_TOPIC: true,
  KAFKA_SECURITY_PROTOCOL: true,
  KAFKA_SASL_MECHANISM: true,
  KAFKA_USER: true,
  KAFKA_PASSWORD: true,
  KAFKA_CA_FILE: true,
  KAFKA_CREATE_TOPICS: true,
  KAFKA_PARTITIONS: true,
  KAFKA_REPLICATION_FACTOR: true,
  KAFKA_SESSION_TIMEOUT: true,
  SCHEMA_REGISTRY_URL: true,
  SCHEMA_REGISTRY_USER: true,
  SCHEMA_REGISTRY_PASSWORD: true,
  SCHEMA_AUTO_REGISTER: true,
});

const redisSchema = settingsSchema.pick({
  REDIS_ADDRESS: true,
  REDIS_PASSWORD: true,
  REDIS_MASTER: true,
  REDIS_SENTINEL_ADDRESS: true,
  REDIS_TLS: true,
});

/**
 * As loadSettings; of the service's environment only what the operator's command line needs must be there and right: what leads to Kafka
 * and the registry, and to Redis where `needs` says so.
 */
export function loadOperatorSettings(
  environment: Environment,
  needs: { readonly redis: boolean } = { redis: false },
  readText?: ReadText,
): Loaded<OperatorSettings> {
  const asRead = asOriginalRead(environment);
  const seen = givenSettings(asRead.environment, knownNames);
  const warnings = [...seen.warnings, ...asRead.warnings];
  const files = secretFiles(seen.values, readText);
  const values = setValues(files.values);
  const needed = [operatorSchema, ...(needs.redis ? [redisSchema] : [])].flatMap(({ shape }) => Object.keys(shape));
  const { read, mistakes } = readEach(values, needed);
  const found = [...files.mistakes, ...unlessIn(files.mistakes, mistakes), ...contradictions(read)];
  const all = operatorSchema.safeParse(values);
  const ofRedis = needs.redis ? redisSchema.safeParse(values) : null;
  const proxies = proxiesOf(environment);
  if (found.length > 0 || proxies.mistakes.length > 0 || !all.success || ofRedis?.success === false)
    return { mistakes: [...withExamples(found), ...proxies.mistakes], warnings };
  const {
    APP_NAME: appName,
    CLIENT: client,
    LOG_LEVEL: level,
    LOG_ID_KEY: idKey,
    ENVIRONMENT: environmentName,
  } = all.data;
  const { settings: proxy } = proxies;
  const settings = {
    appName,
    client,
    log: { level, idKey },
    proxy,
    redis: ofRedis === null ? null : redisOf(ofRedis.data, asRead.otherwise),
    ...clusterOf(all.data, isProduction(environmentName)),
  };
  return { settings, warnings };
}

/**
 * The original read names with the dash only. Manifests that give its Sentinels so, and a plain address under the name that it
 * did not see, mean the Sentinels, unless these turn out to be none; the operator is told of both, as under one spelling the plain address would hold.
 */
function asOriginalRead(environment: Environment): {
  readonly environment: Environment;
  readonly otherwise: string | null;
  readonly warnings: readonly SettingWarning[];
} {
  const sentinels = ["REDIS_MASTER", "REDIS_SENTINEL_ADDRESS"].every(
    (name) => (environment[dashPrefix + name] ?? "") !== "",
  );
  const { [`${underscorePrefix}REDIS_ADDRESS`]: unseen, ...others } = environment;
  const isSeen = unseen === undefined || environment[`${dashPrefix}REDIS_ADDRESS`] !== undefined;
  if (!sentinels || isSeen) return { environment, otherwise: null, warnings: [] };
  const settings = [`${underscorePrefix}REDIS_ADDRESS`, `${dashPrefix}REDIS_MASTER`];
  const hint =
    "both are set, and the Go service saw the one with the dash alone: the Sentinels hold, unless what answers there is a plain Redis";
  const { data: otherwise = null } = redisSchema.shape.REDIS_ADDRESS.safeParse(unseen === "" ? undefined : unseen);
  return { environment: others, otherwise, warnings: unseen === "" ? [] : [{ settings, hint }] };
}

type Found = Pick<SettingMistake, "name" | "problem">;

function withExamples(found: readonly Found[]): readonly SettingMistake[] {
  return found.map((mistake) => ({
    ...mistake,
    example: isFileName(mistake.name) ? `/run/secrets/${mistake.name.toLowerCase()}` : factsOf(mistake.name).example,
  }));
}

const knownNames: ReadonlySet<string> = new Set([...Object.keys(settingsSchema.shape), ...secretFileNames()]);

/** What is missing because its file can't be read is told once. */
function unlessIn(files: readonly Found[], mistakes: readonly Found[]): readonly Found[] {
  return mistakes.filter(({ name }) => !files.some((file) => file.name === `${name}_FILE`));
}

/** An optional setting that is empty counts as not set, and so do some with a default. */
function setValues(given: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(given).filter(([name, value]) => !meansUnset(name, value)));
}

// One by one, so that what settings say together is checked even when one of the others is wrong.
function readEach(
  values: Readonly<Record<string, string>>,
  names: readonly string[],
): { read: Partial<SettingValues>; mistakes: Found[] } {
  const read: [string, unknown][] = [];
  const mistakes: Found[] = [];
  for (const [name, schema] of Object.entries(settingsSchema.shape)) {
    if (!names.includes(name)) continue;
    const result = schema.safeParse(values[name]);
    if (result.success) read.push([name, result.data]);
    else if (values[name] === undefined) mistakes.push({ name, problem: "is required" });
    else mistakes.push({ name, problem: `must be ${result.error.issues[0]?.message ?? "another value"}` });
  }
  return { read: Object.fromEntries(read), mistakes };
}

function meansUnset(name: string, value: string): boolean {
  if (value !== "" || !Object.hasOwn(settingsSchema.shape, name)) return false;
  const { presence, emptyIsDefault } = factsOf(name);
  return presence === "optional" || emptyIsDefault === true;
}

/** Proxies are every program's settings and have no prefix. */
function fullName(name: string): string {
  return /^HTTPS?_PROXY$/i.test(name) ? name : underscorePrefix + name;
}

/** All mistakes as text for a person at a terminal, one line each. */
export function describeMistakes(mistakes: readonly SettingMistake[]): string {
  const lines = mistakes.map(
    ({ name, problem, example }) => `  ${fullName(name)} ${problem}, for example ${fullName(name)}=${example}`,
  );
  return [`The settings have ${mistakes.length.toString()} mistake${mistakes.length === 1 ? "" : "s"}:`, ...lines].join(
    "\n",
  );
}
