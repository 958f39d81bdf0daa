import { isIPv6 } from 'node:net';

/**
 * Whose addresses count as one client's: an IPv4 address, also one that is written as IPv6 (`::ffff:192.0.2.1`), is its own; of
 * IPv6 it is the /64, which is the least that a provider gives a customer, who may take any address in it.
 */
export function networkOf(address: string): string {
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

/** The eight groups, without zeros in front. */
function groupsOf(address: string): string[] {
  // Shortest form, an IPv4 address at its end in hexadecimal.
  const short = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [front = [], back = []] = short
    .split('::')
    .map((part) => (part ? part.split(':') : []));
  const zeros = Array<string>(8 - front.length - back.length).fill('0');
  return [...front, ...zeros, ...back];
}
