// Which hosts that an answer names are believed: those that the settings name, and Salesforce's own. Used by the login (instance
// address) and by Live Agent (SwitchServer).

const salesforceDomains =
  /\.(?:salesforce|force|cloudforce|database|salesforceliveagent|salesforce-sites)\.(?:com|mil)$/;

/** True for an address of a host of Salesforce by https, or of one of the known origins. */
export function isKnownHost(address: string, knownOrigins: readonly string[]): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname, origin } = new URL(address);
  if (protocol === "https:" && salesforceDomains.test(hostname)) return true;
  return knownOrigins.some((known) => URL.canParse(known) && new URL(known).origin === origin);
}
