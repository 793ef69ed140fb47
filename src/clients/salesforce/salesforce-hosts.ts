// Which hosts that an answer names are believed: those that the settings name, and Salesforce's own. Used by the login (instance
// address) and by Live Agent (SwitchServer).

const salesforceDomains =
  /\.(?:salesforce|force|cloudforce|database|salesforceliveagent|salesforce-sites)\.(?:com|mil)$/;

/**
 * True for an address by https of a host of Salesforce or of one of the known addresses, whatever the port. By http only where a known
 * address of that host is itself one: nobody is led from https to http.
 */
export function isKnownHost(address: string, knownAddresses: readonly string[]): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  if (protocol === "https:" && salesforceDomains.test(hostname)) return true;
  return knownAddresses.some((known) => {
    if (!URL.canParse(known)) return false;
    const { protocol: knownProtocol, hostname: knownHostname } = new URL(known);
    if (knownHostname !== hostname) return false;
    return protocol === "https:" || (protocol === "http:" && knownProtocol === "http:");
  });
}
