import type {
  ApiKey,
  ConfigurationFault,
  PlainValues,
  Role,
  TokenMode,
  WechatAccount,
  ConfiguredAccount,
  WechatTokenModuleOptions,
} from '../wechat-token/index.js';
import { type ListSetting, messages } from './config.messages.js';

type Set = Readonly<Record<string, string | undefined>>;

/** The setting of each module option, for messages. */
const SETTINGS: readonly (readonly [option: string, setting: string])[] = [
  ['role', 'WECHAT_ROLE'],
  ['api.baseUrl', 'WECHAT_API_BASE_URL'],
  ['api.fallbackUrls', 'WECHAT_API_FALLBACK_URLS'],
  ['api.wecomBaseUrl', 'WECOM_API_BASE_URL'],
  ['api.allowHttp', 'WECHAT_ALLOW_HTTP'],
  ['api.timeoutMs', 'WECHAT_REQUEST_TIMEOUT_MS'],
  ['api.proxyUrl', 'WECHAT_PROXY_URL'],
  ['refresh.cron', 'WECHAT_REFRESH_CRON'],
  ['refresh.marginSeconds', 'WECHAT_REFRESH_MARGIN_SECONDS'],
  ['refresh.confirmSeconds', 'WECHAT_CONFIRM_SECONDS'],
  ['refresh.leaseSeconds', 'WECHAT_LEASE_SECONDS'],
  ['refresh.syncIntervalMs', 'WECHAT_SYNC_INTERVAL_MS'],
  ['encryptionKeys', 'TOKEN_ENCRYPTION_KEYS'],
  ['encryptionPlain', 'TOKEN_ENCRYPTION_PLAIN'],
  ['http.apiKeys', 'API_KEYS'],
];
const ACCOUNTS = /^WECHAT_(ACCOUNTS|APP_)/;
const DEFAULT_ACCOUNT_SETTINGS: Readonly<Record<string, string>> = {
  appId: 'WECHAT_APP_ID',
  appSecret: 'WECHAT_APP_SECRET',
};

/**
 * Reads the module's options from the settings without validating them. Settings that cannot be parsed are omitted and added to
 * `faults`.
 * @param mode The mode of the accounts that do not set one.
 */
export function readOptions(
  set: Set,
  mode: TokenMode,
  faults: ConfigurationFault[],
): {
  options: WechatTokenModuleOptions;
  settingOf: (field: string) => string;
} {
  const own = readDefaultAccount(set);
  const listed = readList<ConfiguredAccount>(set, 'WECHAT_ACCOUNTS', faults);
  const accounts = [...own, ...listed].map((account) =>
    account instanceof Object && account.kind !== 'wecom'
      ? { mode, ...account }
      : account,
  );
  const isUnread = faults.some(({ field }) => ACCOUNTS.test(field));
  if (accounts.length === 0 && !isUnread)
    faults.push({
      field: 'WECHAT_APP_ID',
      problem: messages.credentialsMissing(),
    });
  const options: WechatTokenModuleOptions = {
    accounts,
    ...given('role', set['WECHAT_ROLE'] as Role | undefined),
    api: {
      ...given('baseUrl', set['WECHAT_API_BASE_URL']),
      ...given('fallbackUrls', list(set['WECHAT_API_FALLBACK_URLS'])),
      ...given('wecomBaseUrl', set['WECOM_API_BASE_URL']),
      ...given('allowHttp', flag(set['WECHAT_ALLOW_HTTP'])),
      ...given('timeoutMs', number(set['WECHAT_REQUEST_TIMEOUT_MS'])),
      ...given('proxyUrl', set['WECHAT_PROXY_URL']),
    },
    refresh: {
      ...given('cron', set['WECHAT_REFRESH_CRON']),
      ...given('marginSeconds', number(set['WECHAT_REFRESH_MARGIN_SECONDS'])),
      ...given('confirmSeconds', number(set['WECHAT_CONFIRM_SECONDS'])),
      ...given('leaseSeconds', number(set['WECHAT_LEASE_SECONDS'])),
      ...given('syncIntervalMs', number(set['WECHAT_SYNC_INTERVAL_MS'])),
    },
    encryptionKeys: readEncryptionKeys(set, faults),
    ...given(
      'encryptionPlain',
      set['TOKEN_ENCRYPTION_PLAIN'] as PlainValues | undefined,
    ),
    http: { apiKeys: readApiKeys(set, faults) },
  };
  return {
    options,
    settingOf: (field) => settingOf(field, own.length),
  };
}

/** The setting of an option: `accounts[1].appId` is `WECHAT_ACCOUNTS[0].appId` when the default account comes first. */
function settingOf(field: string, ownAccounts: number): string {
  const account = /^accounts\[(\d+)\](?:\.(.+))?/.exec(field);
  if (account) {
    const index = Number(account[1]);
    const part = account[2] ?? '';
    if (index < ownAccounts) return DEFAULT_ACCOUNT_SETTINGS[part] ?? field;
    return `WECHAT_ACCOUNTS[${index - ownAccounts}]${part && `.${part}`}`;
  }
  for (const [option, setting] of SETTINGS)
    if (field.startsWith(option)) return setting + field.slice(option.length);
  return field;
}

function readDefaultAccount(set: Set): WechatAccount[] {
  const { WECHAT_APP_ID: appId, WECHAT_APP_SECRET: appSecret } = set;
  if (!appId && !appSecret) return [];
  return [{ appId: appId ?? '', ...given('appSecret', appSecret) }];
}

/** Reads the API keys without validating them; a setting that cannot be parsed is added to `faults`. */
export function readApiKeys(set: Set, faults: ConfigurationFault[]): ApiKey[] {
  return readList(set, 'API_KEYS', faults);
}

/** Reads a JSON array. */
function readList<Item>(
  set: Set,
  setting: ListSetting,
  faults: ConfigurationFault[],
): Item[] {
  const text = set[setting];
  if (text === undefined) return [];
  const items = parseArray(text);
  if (items) return items as Item[];
  faults.push({ field: setting, problem: messages.badJson(setting) });
  return [];
}

function parseArray(text: string): unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    // R15: the parser's message quotes the text, which contains a secret.
    return undefined;
  }
}

export function readEncryptionKeys(set: Set, faults: ConfigurationFault[]) {
  const entries = list(set['TOKEN_ENCRYPTION_KEYS']) ?? [];
  const keys = entries.map((entry) => /^([^:]+):([^:]+)$/.exec(entry));
  if (keys.includes(null)) {
    const problem = messages.badEncryptionKeys();
    faults.push({ field: 'TOKEN_ENCRYPTION_KEYS', problem });
    return [];
  }
  return keys.map((key) => ({ id: key?.[1] ?? '', key: key?.[2] ?? '' }));
}

function given<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]: Value });
}

function list(text: string | undefined): string[] | undefined {
  return text
    ?.split(',')
    .map((part) => part.trim())
    .filter(Boolean);
}

/** Parses a number; any other text becomes NaN, which the module's schema refuses. */
function number(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

/** What is neither is left as it is, for the module to refuse. */
function flag(text: string | undefined): boolean | undefined {
  if (text === 'true' || text === 'false') return text === 'true';
  return text as boolean | undefined;
}
