import { isIPv6 } from 'node:net';

/**
 * The network that an address is rate-limited by. For IPv4, also in IPv6 notation (`::ffff:192.0.2.1`), this is the address
 * itself; for IPv6 the /64, because providers assign at least a /64 and its customer can use any address in it.
 */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const [plain = ''] = address.split('%');
  if (!isIPv6(plain)) return address;
  const groups = groupsOf(plain);
  const isMapped = groups.slice(0, 6).join() === '0,0,0,0,0,ffff';
  if (!isMapped) return `${groups.slice(0, 4).join(':')}::/64`;
  return groups
    .slice(6)
    .map((group) => parseInt(group, 16))
    .flatMap((group) => [group >> 8, group & 255])
    .join('.');
}

/** The eight groups of an IPv6 address, without leading zeros. */
function groupsOf(address: string): string[] {
  // URL normalizes to the shortest form and converts a trailing IPv4 address to hexadecimal.
  const short = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [front = [], back = []] = short
    .split('::')
    .map((part) => (part ? part.split(':') : []));
  const zeros = Array<string>(8 - front.length - back.length).fill('0');
  return [...front, ...zeros, ...back];
}
