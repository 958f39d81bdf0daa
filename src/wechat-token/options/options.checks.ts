import { accountMessages } from '../accounts/account.messages.js';
import { lacksAgentId, secretField } from '../accounts/account.schema.js';
import { DEFAULT_ACCOUNT } from '../common/token-name.js';
import type { ConfigurationFault } from '../common/errors.js';
import { outlastsTwoCalls } from '../common/timing.js';
import { hashOfKey, isApiKey } from '../common/api-key.js';
import { isLoopback } from '../common/loopback.js';
import { messages } from '../common/messages.js';
import { sourceMessages } from './source.messages.js';
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
    .filter(({ entry }) => (entry[secretField(entry['kind'])] ?? '') === '')
    .map(({ index, entry: { kind } }) => ({
      field: `accounts[${index}].${secretField(kind)}`,
      problem: messages.secretMissing(),
    }));
}

/** Faults of WeCom applications with a ticket that needs the AgentId. */
export function agentIdFaults(accounts: unknown): ConfigurationFault[] {
  return records(accounts)
    .filter(({ entry }) => lacksAgentId(entry))
    .map(({ index }) => ({
      field: `accounts[${index}].agentId`,
      problem: accountMessages.agentIdMissing(),
    }));
}

/** Faults of sources that a row's `source` could not tell apart. */
export function sourceTwiceFaults(sources: unknown): ConfigurationFault[] {
  return repeated(sources, (entry) => entry['id']).map(({ index, value }) => ({
    field: `sources[${index}].id`,
    problem: sourceMessages.idTwice(value),
  }));
}

/** Faults of addresses to which tokens would go in clear, and of fallback hosts that are called otherwise than the first. */
export function schemeFaults(
  api: WechatTokenModuleOptions['api'],
): ConfigurationFault[] {
  const {
    baseUrl = 'https:',
    fallbackUrls,
    allowHttp,
    wecomBaseUrl,
  } = api ?? {};
  const fallbacks = Array.isArray(fallbackUrls) ? fallbackUrls : [];
  const urls = [
    { field: 'api.baseUrl', url: baseUrl },
    ...fallbacks.map((url: unknown, index) => {
      return { field: `api.fallbackUrls[${index}]`, url };
    }),
  ];
  const plain = [...urls, { field: 'api.wecomBaseUrl', url: wecomBaseUrl }]
    .filter(({ url }) => isPlain(url) && allowHttp !== true)
    .map(({ field }) => ({ field, problem: messages.plainHttp() }));
  const other = urls.flatMap(({ field, url }) => {
    const isOther = schemeOf(url) !== (schemeOf(baseUrl) ?? schemeOf(url));
    return isOther ? [{ field, problem: messages.otherScheme() }] : [];
  });
  return [...plain, ...other];
}

/** Faults of sources to whose platforms secrets would go in clear. */
export function plainSourceFaults(
  sources: unknown,
  api: WechatTokenModuleOptions['api'],
): ConfigurationFault[] {
  if (api?.allowHttp === true) return [];
  return records(sources).flatMap(({ index, entry }) => {
    const { baseUrl, fallbackUrls } = Object(entry['platform']) as Entry;
    const others: unknown[] = Array.isArray(fallbackUrls) ? fallbackUrls : [];
    const urls = [
      { field: 'baseUrl', url: baseUrl },
      ...others.map((url, i) => ({ field: `fallbackUrls[${i}]`, url })),
    ];
    return urls
      .filter(({ url }) => isPlain(url))
      .map(({ field }) => ({
        field: `sources[${index}].platform.${field}`,
        problem: messages.plainHttp(),
      }));
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

/** Keys that our own pages have shown, and other people's copies of them still show. */
const DOCUMENTED = [
  'a-key-of-your-own-0123',
  'demo-key-0123456789',
  'your-api-key',
];

/** Faults of API keys that can be guessed, or that are something else as well; they name the key by its id only (R15). */
export function apiKeyFaults(
  keys: unknown,
  accounts: unknown,
): ConfigurationFault[] {
  const appSecrets = records(accounts).map(
    ({ entry }) => entry[secretField(entry['kind'])],
  );
  const documented = new Set(DOCUMENTED.map(hashOfKey));
  const secrets = new Set(appSecrets.filter(isText).map(hashOfKey));
  const owners = new Map<string, string>();
  const problemOf = (id: string, key: string): string | undefined => {
    const keyHash = hashOfKey(key);
    const owner = owners.get(keyHash);
    owners.set(keyHash, id);
    if (documented.has(keyHash)) return messages.keyDocumented(id);
    if (secrets.has(keyHash)) return messages.keyIsAppSecret(id);
    if (!isApiKey(key)) return messages.keyWeak(id);
    // One id twice is a fault of its own.
    const isOther = owner !== undefined && owner !== id;
    return isOther ? messages.keyTwice(id, owner) : undefined;
  };
  const faults = records(keys).flatMap(({ index, entry: { id, key } }) => {
    if (!isText(key) || !isText(id)) return [];
    const problem = problemOf(id, key);
    return problem ? [{ field: `http.apiKeys[${index}].key`, problem }] : [];
  });
  return [
    ...faults,
    ...repeated(keys, (entry) => entry['id']).map(({ index, value }) => ({
      field: `http.apiKeys[${index}].id`,
      problem: messages.apiKeyIdTwice(value),
    })),
  ];
}

const isText = (value: unknown) => typeof value === 'string';

/** Faults of encryption keys with the same id; `field` is the option that holds them. */
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
