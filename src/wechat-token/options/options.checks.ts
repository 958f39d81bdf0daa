import { DEFAULT_ACCOUNT } from '../common/token-name.js';
import type { ConfigurationFault } from '../common/errors.js';
import { outlastsTwoCalls } from '../common/timing.js';
import { messages } from '../common/messages.js';

/** R4: a lease must be longer than the two calls that the renewal of a rejected token may make. */
export function leaseFaults(
  timeoutMs: number,
  leaseSeconds: number,
): ConfigurationFault[] {
  if (outlastsTwoCalls(leaseSeconds * 1000, timeoutMs)) return [];
  const problem = messages.leaseTooShort(timeoutMs);
  return [{ field: 'refresh.leaseSeconds', problem }];
}

/** Faults of accounts without the AppSecret that a refresher needs. */
export function secretFaults(accounts: unknown): ConfigurationFault[] {
  return records(accounts)
    .filter(({ entry: { appSecret = '' } }) => appSecret === '')
    .map(({ index }) => ({
      field: `accounts[${index}].appSecret`,
      problem: messages.secretMissing(),
    }));
}

export function accountNameFaults(accounts: unknown): ConfigurationFault[] {
  const name = (entry: Entry) => entry['name'] ?? DEFAULT_ACCOUNT;
  return repeated(accounts, name).map(({ index, value }) => ({
    field: `accounts[${index}].name`,
    problem: messages.accountTwice(value),
  }));
}

/** Faults of classic accounts with the same appid, which would endlessly invalidate each other's tokens. */
export function classicTwiceFaults(accounts: unknown): ConfigurationFault[] {
  const appId = (entry: Entry) =>
    entry['mode'] === 'classic' ? entry['appId'] : undefined;
  return repeated(accounts, appId).map(({ index }) => ({
    field: `accounts[${index}].appId`,
    problem: messages.classicTwice(),
  }));
}

/** Faults of keys with the same id; `field` is the option that holds the API keys or encryption keys. */
export function keyIdFaults(
  keys: unknown,
  field: string,
): ConfigurationFault[] {
  return repeated(keys, (entry) => entry['id']).map(({ index, value }) => ({
    field: `${field}[${index}].id`,
    problem: messages.keyIdTwice(value),
  }));
}

type Entry = Readonly<Record<string, unknown>>;

/** The objects of a list with their indexes; the schema reports other entries. */
function records(list: unknown): { index: number; entry: Entry }[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: unknown, index) =>
    entry instanceof Object ? [{ index, entry: entry as Entry }] : [],
  );
}

function repeated(list: unknown, valueOf: (entry: Entry) => unknown) {
  const seen = new Set<unknown>();
  return records(list).flatMap(({ index, entry }) => {
    const value = valueOf(entry);
    const isRepeated = seen.has(value);
    seen.add(value);
    return isRepeated && typeof value === 'string' ? [{ index, value }] : [];
  });
}
