// The names of settings in the environment: both prefixes, and which one wins.
// Reads no values' forms; that is settings.ts.

/** Something about the environment that an operator should know; does not stop the start. Fit for a log line as it is. */
export interface SettingWarning {
  /** Names as they stand in the environment. */
  readonly settings: readonly string[];
  readonly hint: string;
}

/** The original's prefix; no shell can export it, but manifests and files can. Wins. */
export const dashPrefix = "SALESFORCE-INTEGRATION_";
/** The prefix that shells can export. */
export const underscorePrefix = "SALESFORCE_INTEGRATION_";

/** What the environment holds under our prefixes. */
export interface GivenSettings {
  /** Raw texts by name without prefix. */
  readonly values: Readonly<Record<string, string>>;
  readonly warnings: readonly SettingWarning[];
}

/** Picks our settings out of an environment. Values never appear in a warning. */
export function givenSettings(
  environment: Readonly<Record<string, string | undefined>>,
  used: ReadonlySet<string>,
): GivenSettings {
  const dashed = namesWith(environment, dashPrefix);
  const underscored = namesWith(environment, underscorePrefix);
  const warnings: SettingWarning[] = [];
  for (const [name, value] of dashed) {
    const other = underscored.get(name);
    if (other === undefined || other === value) continue;
    warnings.push({
      settings: [dashPrefix + name, underscorePrefix + name],
      hint: "both are set and differ; the one with the dash holds",
    });
  }
  const values = new Map([...underscored, ...dashed]);
  for (const name of values.keys()) {
    const asGiven = [(dashed.has(name) ? dashPrefix : underscorePrefix) + name];
    if (!used.has(name)) warnings.push({ settings: asGiven, hint: "no setting of this service has this name" });
  }
  return { values: Object.fromEntries(values), warnings };
}

function namesWith(
  environment: Readonly<Record<string, string | undefined>>,
  prefix: string,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && name.startsWith(prefix)) found.set(name.slice(prefix.length), value);
  }
  return found;
}
