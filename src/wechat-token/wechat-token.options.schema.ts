import { validateCronExpression } from 'cron';
import { z } from 'zod';
import type { AccountSource } from './accounts/account-source.js';
import type { WechatAccount } from './accounts/account.js';
import { accountFields, accountName } from './accounts/account.schema.js';
import { ListedAccounts } from './accounts/listed-accounts.js';
import { choice, fields, text, whole } from './schema-parts.js';
import {
  ConfigurationError,
  type ConfigurationFault,
} from './wechat-token.errors.js';
import { messages } from './wechat-token.messages.js';
import {
  accountNameFaults,
  classicTwiceFaults,
  keyIdFaults,
  leaseFaults,
  secretFaults,
} from './wechat-token.options.checks.js';
import type { WechatTokenModuleOptions } from './wechat-token.options.js';
import type {
  ApiKeySource,
  AppGuard,
  EncryptionKey,
  WechatTokenSettings,
} from './wechat-token.settings.js';

const KEY_BYTES = 32;
const ROLES = ['refresher', 'reader'] as const;
const SCOPES = ['tokens:read', 'tokens:refresh', 'tokens:issue'] as const;

const account = fields(accountFields);
const accountList = z.array(account).min(1, messages.accountsMissing());

const accountSource = z.custom<AccountSource>(
  (value) => value instanceof Object && 'find' in value && 'list' in value,
  messages.accountsMissing(),
);

const baseUrl = z
  .url({ protocol: /^https?$/, error: messages.badUrl() })
  .refine((url) => !/[?#@]/.test(url), messages.badUrl())
  .transform((url) => url.replace(/\/+$/, ''));

const fallbackUrls = z.array(baseUrl, messages.badUrls()).default([]);
const timeoutMs = whole(100, 120_000).default(5000);
const leaseSeconds = whole(1, 3600).default(30);

const encryptionKey = fields({
  id: text(/^[\w.-]{1,32}$/, messages.badEncryptionKeyId()),
  key: z
    .base64(messages.badEncryptionKey())
    .transform((key) => Buffer.from(key, 'base64'))
    .refine((key) => key.length === KEY_BYTES, messages.badEncryptionKey()),
});

const encryptionKeyList = z.array(encryptionKey, messages.badList());

const apiKey = fields({
  id: text(/^.{1,64}$/, messages.badApiKeyId()),
  key: text(/^.{16,}$/s, messages.badApiKey()),
  scopes: z
    .array(choice(SCOPES), messages.badScopes(SCOPES))
    .min(1, messages.badScopes(SCOPES)),
  accounts: z
    .array(accountName, messages.badKeyAccounts())
    .min(1, messages.badKeyAccounts())
    .optional(),
});

const apiKeyList = z.array(apiKey, messages.badList());

/** A list is a source that never changes. Not a union of the two, whose faults would not name the field within the list. */
const apiKeySource = z
  .unknown()
  .prefault([])
  .transform((value, context): ApiKeySource => {
    if (isApiKeySource(value)) return value;
    const { data, error } = apiKeyList.safeParse(value);
    if (data) return { current: () => data };
    for (const { message, path } of error.issues)
      context.addIssue({ code: 'custom', message, path: [...path] });
    return z.NEVER;
  });

function isApiKeySource(value: unknown): value is ApiKeySource {
  return (
    value instanceof Object &&
    'current' in value &&
    typeof value.current === 'function'
  );
}

const guard = z.custom<AppGuard>(
  (value) =>
    typeof value === 'function' ||
    (value instanceof Object && 'canActivate' in value),
  messages.badGuard(),
);

const flag = z.boolean(messages.badFlag()).default(true);

const settings = fields({
  accounts: z.unknown(),
  role: choice(ROLES).default('refresher'),
  api: fields({
    baseUrl: baseUrl.default('https://api.weixin.qq.com'),
    fallbackUrls,
    timeoutMs,
  }).prefault({}),
  refresh: fields({
    cron: z
      .string(messages.badCron())
      .refine((cron) => validateCronExpression(cron).valid, messages.badCron())
      .default('*/5 * * * * *'),
    marginSeconds: whole(1, 86_400).optional(),
    confirmSeconds: whole(0, 86_400).default(300),
    leaseSeconds,
    syncIntervalMs: whole(50, 60_000).default(1000),
    batchSize: whole(1, 10_000).default(100),
    concurrency: whole(1, 1000).default(10),
  }).prefault({}),
  encryptionKeys: encryptionKeyList.default([]),
  http: fields({
    apiKeys: apiKeySource,
    guards: z.array(guard, messages.badGuards()).default([]),
    admin: flag,
    tokens: flag,
    wechatShaped: flag,
  }).prefault({}),
});

/**
 * The options with every default filled in.
 * @throws ConfigurationError that lists every fault at once, each with its field; no value is in it.
 */
export function resolveOptions(options: WechatTokenModuleOptions): {
  settings: WechatTokenSettings;
  accounts: AccountSource;
} {
  const isList = Array.isArray(options.accounts);
  const parsed = settings.safeParse(options);
  const accounts = z
    .object({ accounts: isList ? accountList : accountSource })
    .safeParse(options);
  const faults = firstOfEachField([
    ...(accounts.error?.issues.map(toFault) ?? []),
    ...(parsed.error?.issues.map(toFault) ?? []),
    ...faultsBetweenFields(options),
  ]);
  if (faults.length > 0 || !parsed.data || !accounts.data)
    throw new ConfigurationError(faults);
  const { refresh, ...others } = parsed.data;
  const { confirmSeconds, leaseSeconds: lease, ...timing } = refresh;
  const listed = accounts.data.accounts;
  return {
    settings: {
      ...others,
      refresh: {
        ...timing,
        marginSeconds: refresh.marginSeconds,
        confirmMs: confirmSeconds * 1000,
        leaseMs: lease * 1000,
      },
    },
    accounts: Array.isArray(listed)
      ? new ListedAccounts(listed as WechatAccount[])
      : listed,
  };
}

/** @throws ConfigurationError as `WechatTokenModule.forRoot()` would at start. */
export function validateOptions(options: WechatTokenModuleOptions): void {
  resolveOptions(options);
}

/**
 * The option `encryptionKeys` alone, of which there must be one here.
 * @throws ConfigurationError that lists every fault at once.
 */
export function resolveEncryptionKeys(
  encryptionKeys: WechatTokenModuleOptions['encryptionKeys'],
): readonly EncryptionKey[] {
  const problem = messages.encryptionKeysMissing();
  const { data, error } = z
    .object({ encryptionKeys: encryptionKeyList.min(1, problem) })
    .safeParse({ encryptionKeys });
  const faults = firstOfEachField([
    ...(error?.issues.map(toFault) ?? []),
    ...keyIdFaults(encryptionKeys, 'encryptionKeys'),
  ]);
  if (faults.length > 0 || !data) throw new ConfigurationError(faults);
  return data.encryptionKeys;
}

/** Not refinements of the schema: those are left out as soon as any other field is wrong. */
function faultsBetweenFields(
  options: WechatTokenModuleOptions,
): ConfigurationFault[] {
  const { accounts, role, api, refresh, encryptionKeys, http } = options;
  return [
    ...(role === 'reader' ? [] : secretFaults(accounts)),
    ...accountNameFaults(accounts),
    ...classicTwiceFaults(accounts),
    ...keyIdFaults(encryptionKeys, 'encryptionKeys'),
    ...keyIdFaults(http?.apiKeys, 'http.apiKeys'),
    ...leaseFaults({
      timeoutMs: timeoutMs.safeParse(api?.timeoutMs).data,
      leaseSeconds: leaseSeconds.safeParse(refresh?.leaseSeconds).data,
    }),
  ];
}

/** A value may break several rules of its field; one sentence says what is right. */
function firstOfEachField(
  faults: readonly ConfigurationFault[],
): ConfigurationFault[] {
  const fieldNames = faults.map(({ field }) => field);
  return faults.filter((f, index) => fieldNames.indexOf(f.field) === index);
}

function toFault(issue: z.core.$ZodIssue): ConfigurationFault {
  const field = issue.path.reduce<string>(
    (path, part) =>
      typeof part === 'number'
        ? `${path}[${part}]`
        : `${path}${path && '.'}${String(part)}`,
    '',
  );
  return { field: field || 'options', problem: issue.message };
}
