import { DEFAULT_ACCOUNT } from './token-name.js';
import type { ConfigurationFault } from './wechat-token.errors.js';
import { messages } from './wechat-token.messages.js';

/** A number, where the option is one that its own schema accepts. */
export interface CallTimes {
  readonly timeoutMs: number | undefined;
  readonly hosts: number;
  readonly leaseSeconds: number | undefined;
}

/** One call, to all hosts together. */
export function longestCallMs(timeoutMs: number, hosts: number): number {
  return timeoutMs * hosts;
}

/** R4: a lease must outlast the call that it is for. */
export function leaseFaults(times: CallTimes): ConfigurationFault[] {
  const { timeoutMs, hosts, leaseSeconds } = times;
  if (timeoutMs === undefined || leaseSeconds === undefined) return [];
  const longest = longestCallMs(timeoutMs, hosts);
  if (leaseSeconds * 1000 > longest) return [];
  const problem = messages.leaseTooShort(longest);
  return [{ field: 'refresh.leaseSeconds', problem }];
}

/** Accounts without the secret that a refresher needs. */
export function secretFaults(accounts: unknown): ConfigurationFault[] {
  return records(accounts).flatMap(({ appSecret }, index) =>
    appSecret === undefined || appSecret === ''
      ? fault(`accounts[${index}].appSecret`, messages.secretMissing())
      : [],
  );
}

export function accountNameFaults(accounts: unknown): ConfigurationFault[] {
  const names = records(accounts).map(({ name = DEFAULT_ACCOUNT }) => name);
  return repeated(names).flatMap(([index, name]) =>
    fault(`accounts[${index}].name`, messages.accountTwice(name)),
  );
}

/** Of API keys or of encryption keys. */
export function keyIdFaults(keys: unknown, field: string) {
  const ids = records(keys).map(({ id }) => id);
  return repeated(ids).flatMap(([index, id]) =>
    fault(`${field}[${index}].id`, messages.keyIdTwice(id)),
  );
}

function fault(field: string, problem: string): ConfigurationFault[] {
  return [{ field, problem }];
}

/** What is not even an object is for the schema to refuse; it keeps its place. */
function records(list: unknown): Record<string, unknown>[] {
  if (!Array.isArray(list)) return [];
  return list.map((entry: unknown) =>
    entry instanceof Object ? { ...entry } : { appSecret: null },
  );
}

function repeated(values: readonly unknown[]): [number, string][] {
  return values.flatMap((value, index): [number, string][] =>
    typeof value === 'string' && values.indexOf(value) < index
      ? [[index, value]]
      : [],
  );
}
