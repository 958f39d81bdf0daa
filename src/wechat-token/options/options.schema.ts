import { createSecretKey } from 'node:crypto';
import { validateCronExpression } from 'cron';
import * as v from 'valibot';
import type { AccountSource } from '../accounts/account-source.js';
import { accountName } from '../accounts/account.schema.js';
import { choice, fields, listOf, text, whole } from '../common/schema-parts.js';
import {
  ConfigurationError,
  type ConfigurationFault,
} from '../common/errors.js';
import { messages } from '../common/messages.js';
import {
  accountNameFaults,
  agentIdFaults,
  apiKeyFaults,
  classicTwiceFaults,
  keyIdFaults,
  leaseFaults,
  plainSourceFaults,
  schemeFaults,
  secretFaults,
  sourceTwiceFaults,
  unverifiedFaults,
} from './options.checks.js';
import { accountsOf } from './accounts.schema.js';
import { observer } from './observer.schema.js';
import { ownKindsOf, sourceList } from './source.schema.js';
import type { WechatTokenModuleOptions } from './options.js';
import type { TokenSource } from '../sources/token-source.js';
import {
  type ApiKeySource,
  type AppGuard,
  type EncryptionKey,
  NO_API_KEYS,
  type WechatTokenSettings,
} from '../common/settings.js';

const ROLES = ['refresher', 'reader'] as const;
const SCOPES = ['tokens:read', 'tokens:refresh', 'tokens:issue'] as const;

const baseUrl = v.pipe(
  v.string(messages.badUrl()),
  v.trim(),
  v.url(messages.badUrl()),
  v.regex(/^https?:\/\/[^?#@]+$/i, messages.badUrl()),
  v.transform((url) => url.replace(/[\t\n\r]/g, '').replace(/\/+$/, '')),
);

const proxyUrl = v.pipe(
  v.string(messages.badProxyUrl()),
  v.check(isProxyUrl, messages.badProxyUrl()),
);

const cron = v.pipe(
  v.string(messages.badCron()),
  v.check(
    (expression) => validateCronExpression(expression).valid,
    messages.badCron(),
  ),
);

const timeoutMs = v.optional(whole(100, 120_000), 5000);
const leaseSeconds = v.optional(whole(1, 3600), 30);

const encryptionKey = fields({
  id: text(/^[\w.-]{1,32}$/, messages.badEncryptionKeyId()),
  // 32 bytes in base64.
  key: v.pipe(
    text(/^[A-Za-z0-9+/]{43}=$/, messages.badEncryptionKey()),
    v.check(isBase64, messages.badEncryptionKey()),
    v.transform((key) => createSecretKey(key, 'base64')),
  ),
});

const encryptionKeyList = v.array(encryptionKey, messages.badList());

const someEncryptionKeys = v.object({
  encryptionKeys: v.pipe(
    encryptionKeyList,
    v.minLength(1, messages.encryptionKeysMissing()),
  ),
});

const apiKey = fields({
  id: text(/^.{1,64}$/, messages.badApiKeyId()),
  // What it must be besides is checked with its id at hand.
  key: v.string(messages.badApiKey()),
  scopes: listOf(choice(SCOPES), messages.badScopes(SCOPES)),
  accounts: v.optional(listOf(accountName, messages.badKeyAccounts())),
});

const apiKeyList = v.pipe(
  v.array(apiKey, messages.badList()),
  v.transform((keys): ApiKeySource =>
    keys.length > 0 ? { current: () => keys } : NO_API_KEYS,
  ),
);

const apiKeySource = v.custom<ApiKeySource>(
  (value) =>
    value instanceof Object &&
    'current' in value &&
    typeof value.current === 'function',
);

/** A list or a source, not a union schema, as for `accounts`. */
const apiKeys = v.lazy((value) =>
  v.is(apiKeySource, value) ? apiKeySource : apiKeyList,
);

const guard = v.custom<AppGuard>(
  (value) =>
    typeof value === 'function' ||
    (value instanceof Object && 'canActivate' in value),
  messages.badGuard(),
);

const flag = v.optional(v.boolean(messages.badFlag()), true);

const others = {
  role: v.optional(choice(ROLES), 'refresher'),
  sources: v.optional(sourceList, []),
  api: v.optional(
    fields({
      baseUrl: v.optional(baseUrl, 'https://api.weixin.qq.com'),
      fallbackUrls: v.optional(v.array(baseUrl, messages.badUrls()), []),
      wecomBaseUrl: v.optional(baseUrl, 'https://qyapi.weixin.qq.com'),
      allowHttp: v.optional(v.boolean(messages.badFlag()), false),
      timeoutMs,
      proxyUrl: v.optional(proxyUrl),
    }),
    {},
  ),
  refresh: v.optional(
    fields({
      cron: v.optional(cron, '*/5 * * * * *'),
      marginSeconds: v.optional(whole(1, 86_400)),
      confirmSeconds: v.optional(whole(0, 86_400), 300),
      leaseSeconds,
      syncIntervalMs: v.optional(whole(50, 60_000), 1000),
      batchSize: v.optional(whole(1, 10_000), 100),
      concurrency: v.optional(whole(1, 1000), 10),
    }),
    {},
  ),
  encryptionKeys: v.optional(encryptionKeyList, []),
  encryptionPlain: v.optional(choice(['refuse', 'allow']), 'refuse'),
  observer: v.optional(observer, {}),
  http: v.optional(
    fields({
      apiKeys: v.optional(apiKeys, []),
      guards: v.optional(v.array(guard, messages.badGuards()), []),
      admin: flag,
      tokens: flag,
      wechatShaped: flag,
    }),
    {},
  ),
};

/**
 * Validates the options and fills in every default.
 * @throws ConfigurationError that lists every fault with its field; it contains no value (R15).
 */
export function resolveOptions(options: WechatTokenModuleOptions): {
  settings: WechatTokenSettings;
  accounts: AccountSource;
  sources: readonly TokenSource[];
} {
  const ownKinds = ownKindsOf(options.sources);
  const schema = fields({ ...others, accounts: accountsOf(ownKinds) });
  const { success, output, issues = [] } = v.safeParse(schema, options);
  const faults = firstOfEachField([
    ...issues.map(toFault),
    ...faultsBetweenFields(options),
  ]);
  if (faults.length > 0 || !success) throw new ConfigurationError(faults);
  const { accounts, sources, refresh, ...given } = output;
  const { confirmSeconds, leaseSeconds: lease, ...timing } = refresh;
  return {
    settings: {
      ...given,
      refresh: {
        ...timing,
        marginSeconds: refresh.marginSeconds,
        confirmMs: confirmSeconds * 1000,
        leaseMs: lease * 1000,
      },
    },
    accounts,
    sources,
  };
}

/** Validates the options. @throws ConfigurationError as `WechatTokenModule.forRoot()` does at start. */
export function validateOptions(options: WechatTokenModuleOptions): void {
  resolveOptions(options);
}

/**
 * Validates the option `encryptionKeys` alone, which must have at least one key.
 * @throws ConfigurationError that lists every fault.
 */
export function resolveEncryptionKeys(
  encryptionKeys: WechatTokenModuleOptions['encryptionKeys'],
): readonly EncryptionKey[] {
  const given = { encryptionKeys };
  const {
    success,
    output,
    issues = [],
  } = v.safeParse(someEncryptionKeys, given);
  const faults = firstOfEachField([
    ...issues.map(toFault),
    ...keyIdFaults(encryptionKeys, 'encryptionKeys'),
  ]);
  if (faults.length > 0 || !success) throw new ConfigurationError(faults);
  return output.encryptionKeys;
}

/** Faults between fields. Not refinements of the schema, which are skipped as soon as another field is invalid. */
function faultsBetweenFields(
  options: WechatTokenModuleOptions,
): ConfigurationFault[] {
  const { accounts, role, api, refresh, encryptionKeys, http } = options;
  const timeout = v.safeParse(timeoutMs, api?.timeoutMs);
  const lease = v.safeParse(leaseSeconds, refresh?.leaseSeconds);
  return [
    ...(role === 'reader' ? [] : secretFaults(accounts)),
    ...accountNameFaults(accounts),
    ...classicTwiceFaults(accounts),
    ...agentIdFaults(accounts),
    ...sourceTwiceFaults(options.sources),
    ...plainSourceFaults(options.sources, api),
    ...schemeFaults(api),
    ...unverifiedFaults(),
    ...keyIdFaults(encryptionKeys, 'encryptionKeys'),
    ...apiKeyFaults(http?.apiKeys, accounts),
    ...(timeout.success && lease.success
      ? leaseFaults(timeout.output, lease.output)
      : []),
  ];
}

/** Buffer skips what is no base64, and bits that the last digit has too many. */
function isBase64(text: string): boolean {
  return Buffer.from(text, 'base64').toString('base64') === text;
}

/** An address without a path, whose user and password can be decoded. */
function isProxyUrl(text: string): boolean {
  if (!/^https?:\/\/[^\s/?#]+\/?$/i.test(text) || !URL.canParse(text))
    return false;
  const { username, password } = new URL(text);
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}

/** Removes further faults of the same field: one message says what the field must be. */
function firstOfEachField(
  faults: readonly ConfigurationFault[],
): ConfigurationFault[] {
  const fieldNames = faults.map(({ field }) => field);
  return faults.filter((f, index) => fieldNames.indexOf(f.field) === index);
}

function toFault(issue: v.BaseIssue<unknown>): ConfigurationFault {
  const { path = [], message } = issue;
  const field = path
    // R15: an unknown key might be a secret, so the path ends at its object.
    .filter(({ origin }) => origin === 'value')
    .reduce(
      (field, { key }) =>
        typeof key === 'number'
          ? `${field}[${key}]`
          : `${field}${field && '.'}${String(key)}`,
      '',
    );
  return { field: field || 'options', problem: message };
}
