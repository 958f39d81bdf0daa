import { validateCronExpression } from 'cron';
import { z } from 'zod';
import type { AccountSource } from './accounts/account-source.js';
import { ListedAccounts } from './accounts/account-source.js';
import type { WechatAccount } from './accounts/account.js';
import { DEFAULT_ACCOUNT } from './token-name.js';
import {
  ConfigurationError,
  type ConfigurationFault,
} from './wechat-token.errors.js';
import { messages } from './wechat-token.messages.js';
import type { WechatTokenModuleOptions } from './wechat-token.options.js';
import type { WechatTokenSettings } from './wechat-token.settings.js';

const KEY_BYTES = 32;

const accountName = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}$/, messages.badAccountName());

const account = z.strictObject({
  name: accountName.default(DEFAULT_ACCOUNT),
  kind: z.enum(['official-account', 'mini-program']).optional(),
  appId: z.string().regex(/^[\w-]{1,64}$/, messages.badAppId()),
  appSecret: z.string().min(1).optional(),
  mode: z.enum(['stable', 'classic']).optional(),
});

const accountList = z
  .array(account)
  .min(1, messages.accountsMissing())
  .superRefine(eachOnce('name', messages.accountTwice));

const accountSource = z.custom<AccountSource>(
  (value) => value instanceof Object && 'find' in value && 'list' in value,
  messages.accountsMissing(),
);

const baseUrl = z
  .url({ protocol: /^https?$/, error: messages.badUrl() })
  .refine((url) => !/[?#]/.test(url), messages.badUrl())
  .transform((url) => url.replace(/\/+$/, ''));

const encryptionKey = z.strictObject({
  id: z.string().regex(/^[\w.-]{1,32}$/),
  key: z
    .base64(messages.badEncryptionKey())
    .transform((text) => Buffer.from(text, 'base64'))
    .refine((key) => key.length === KEY_BYTES, messages.badEncryptionKey()),
});

const apiKey = z.strictObject({
  id: z.string().min(1).max(64),
  key: z.string().min(16),
  scopes: z
    .array(z.enum(['tokens:read', 'tokens:refresh', 'tokens:issue']))
    .min(1),
  accounts: z.array(accountName).min(1).optional(),
});

const whole = (least: number, most: number) => z.int().min(least).max(most);

const settings = z
  .strictObject({
    accounts: z.unknown(),
    role: z.enum(['refresher', 'reader']).default('refresher'),
    api: z
      .strictObject({
        baseUrl: baseUrl.default('https://api.weixin.qq.com'),
        fallbackUrls: z.array(baseUrl).default([]),
        timeoutMs: whole(100, 120_000).default(5000),
      })
      .prefault({}),
    refresh: z
      .strictObject({
        cron: z
          .string()
          .refine(
            (cron) => validateCronExpression(cron).valid,
            messages.badCron(),
          )
          .default('*/5 * * * * *'),
        marginSeconds: whole(1, 86_400).optional(),
        confirmSeconds: whole(0, 86_400).default(300),
        leaseSeconds: whole(1, 3600).default(30),
        syncIntervalMs: whole(50, 60_000).default(1000),
        batchSize: whole(1, 10_000).default(100),
        concurrency: whole(1, 1000).default(10),
      })
      .prefault({}),
    encryptionKeys: z
      .array(encryptionKey)
      .superRefine(eachOnce('id', messages.keyIdTwice))
      .default([]),
    http: z
      .strictObject({
        apiKeys: z
          .array(apiKey)
          .superRefine(eachOnce('id', messages.keyIdTwice))
          .default([]),
        wechatShaped: z.boolean().default(true),
      })
      .prefault({}),
  })
  .superRefine(({ api, refresh }, context) => {
    const longest = longestCallMs(api);
    if (refresh.leaseSeconds * 1000 > longest) return;
    const path = ['refresh', 'leaseSeconds'];
    const message = messages.leaseTooShort(longest);
    context.addIssue({ code: 'custom', path, message });
  });

function longestCallMs(api: {
  timeoutMs: number;
  fallbackUrls: readonly string[];
}): number {
  return api.timeoutMs * (1 + api.fallbackUrls.length);
}

function eachOnce<Key extends string>(
  key: Key,
  message: (value: string) => string,
) {
  return (list: Record<Key, string>[], context: z.RefinementCtx) => {
    for (const [index, { [key]: value }] of list.entries()) {
      if (list.findIndex((other) => other[key] === value) === index) continue;
      const path = [index, key];
      context.addIssue({ code: 'custom', path, message: message(value) });
    }
  };
}

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
  const secrets =
    options.role === 'reader' || !isList ? [] : secretFaults(options.accounts);
  const faults = [
    ...(accounts.error?.issues.map(toFault) ?? []),
    ...secrets,
    ...(parsed.error?.issues.map(toFault) ?? []),
  ];
  if (faults.length > 0 || !parsed.data || !accounts.data)
    throw new ConfigurationError(faults);
  const { confirmSeconds, leaseSeconds, ...refresh } = parsed.data.refresh;
  const listed = accounts.data.accounts;
  return {
    settings: {
      ...parsed.data,
      api: {
        ...parsed.data.api,
        longestCallMs: longestCallMs(parsed.data.api),
      },
      refresh: {
        ...refresh,
        marginSeconds: refresh.marginSeconds,
        confirmMs: confirmSeconds * 1000,
        leaseMs: leaseSeconds * 1000,
      },
    },
    accounts: Array.isArray(listed)
      ? new ListedAccounts(listed as WechatAccount[])
      : listed,
  };
}

function secretFaults(accounts: unknown): ConfigurationFault[] {
  if (!Array.isArray(accounts)) return [];
  return accounts.flatMap((entry: unknown, index) =>
    entry instanceof Object && !('appSecret' in entry && entry.appSecret)
      ? [
          {
            field: `accounts[${index}].appSecret`,
            problem: messages.secretMissing(),
          },
        ]
      : [],
  );
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
