import { DEFAULT_ACCOUNT } from '../common/token-name.js';
import type { ConfigurationFault } from '../common/errors.js';
import { outlastsTwoCalls } from '../common/timing.js';
import { isLoopback } from '../common/loopback.js';
import { messages } from '../common/messages.js';
import type { WechatTokenModuleOptions } from './options.js';

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

/** Faults of addresses to which tokens would go in clear, and of fallback hosts that are called otherwise than the first. */
export function schemeFaults(
  api: WechatTokenModuleOptions['api'],
): ConfigurationFault[] {
  const { baseUrl = 'https:', fallbackUrls, allowHttp } = api ?? {};
  const fallbacks = Array.isArray(fallbackUrls) ? fallbackUrls : [];
  const urls = [
    { field: 'api.baseUrl', url: baseUrl },
    ...fallbacks.map((url: unknown, index) => {
      return { field: `api.fallbackUrls[${index}]`, url };
    }),
  ];
  return urls.flatMap(({ field, url }) => {
    if (isPlain(url) && allowHttp !== true)
      return [{ field, problem: messages.plainHttp() }];
    const isOther = schemeOf(url) !== (schemeOf(baseUrl) ?? schemeOf(url));
    return isOther ? [{ field, problem: messages.otherScheme() }] : [];
  });
}

/** Node verifies no certificate at all then, those of databases included. */
export function unverifiedFaults(): ConfigurationFault[] {
  const field = 'NODE_TLS_REJECT_UNAUTHORIZED';
  if (process.env[field] !== '0') return [];
  return [{ field, problem: messages.tlsUnverified() }];
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

function schemeOf(url: unknown): string | undefined {
  return /^\s*(https?):/i.exec(String(url))?.[1]?.toLowerCase();
}

/** Whether what is sent there can be read on the way. */
function isPlain(url: unknown): boolean {
  const text = String(url);
  if (schemeOf(text) !== 'http' || !URL.canParse(text)) return false;
  return !isLoopback(new URL(text).hostname);
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
