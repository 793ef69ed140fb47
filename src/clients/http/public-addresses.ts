// Which IP addresses are out on the internet. Pure. Owns the list of ranges (IANA special-purpose address registries, RFC 6890);
// guarded-download.ts asks it about every address before a socket is opened to it.
import { BlockList, isIPv4, isIPv6 } from "node:net";

/** "This" network, private, shared (CGNAT), loopback, link-local, protocol, documentation, benchmark, multicast, reserved. */
const special4 = listOf("ipv4", [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
]);
/** All that is given out. Loopback, unique local, link-local, multicast and mapped IPv4 addresses lie outside. */
const global6 = listOf("ipv6", [["2000::", 3]]);
/** Of these: protocol assignments with Teredo, documentation, and 6to4, which holds an IPv4 address. */
const special6 = listOf("ipv6", [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
]);
/** What a resolver in an IPv6-only network makes of an IPv4 address (RFC 6052). */
const translated = listOf("ipv6", [["64:ff9b::", 96]]);

function listOf(family: "ipv4" | "ipv6", ranges: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of ranges) list.addSubnet(network, prefix, family);
  return list;
}

/** True for an address that anybody on the internet may be asked at; false for every other text. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !special4.check(address, "ipv4");
  // An address with a zone belongs to a link.
  if (!isIPv6(address) || address.includes("%")) return false;
  if (translated.check(address, "ipv6")) return isPublicAddress(lastFourBytes(address));
  return global6.check(address, "ipv6") && !special6.check(address, "ipv6");
}

/** The IPv4 address in the end of an IPv6 address. */
function lastFourBytes(address: string): string {
  // The URL parser writes every form of an address in the same way: groups in hex, one run of zeros left out.
  const [high = 0, low = 0] = new URL(`http://[${address}]`).hostname
    .slice(1, -1)
    .split(":")
    .slice(-2)
    .map((group) => (group === "" ? 0 : Number.parseInt(group, 16)));
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}
