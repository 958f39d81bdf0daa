import { LOG_LEVELS, type LogLevel } from '@nestjs/common';
import { z } from 'zod';
import {
  ConfigurationError,
  type ConfigurationFault,
  isConfigurationError,
  validateOptions,
  type WechatTokenModuleOptions,
} from '../wechat-token/index.js';
import { ApiKeysFile } from './api-keys-file.js';
import { messages } from './config.messages.js';
import { type Database, parseDatabaseUrl } from './database-url.js';
import { readApiKeys, readOptions } from './module-options.js';
import { parseTrustProxy, type TrustProxy } from './trust-proxy.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The app's settings, all of them valid. */
export interface AppSettings {
  readonly port: number;
  readonly host: string;
  readonly database: Database;
  /** Whether the app runs the migrations when it starts. */
  readonly migrate: boolean;
  readonly logLevel: LogLevel;
  /** Whose word on a client's address is taken; an empty list for nobody's. */
  readonly trustProxy: TrustProxy;
  readonly wechatToken: WechatTokenModuleOptions;
}

const choice = <const Values extends readonly string[]>(values: Values) =>
  z.enum(values, messages.badChoice(values));

export const databaseUrl = z
  .string()
  .default('sqlite:data/wechat-token.sqlite')
  .transform((url, context) => {
    const database = parseDatabaseUrl(url);
    if (database) return database;
    context.addIssue({ code: 'custom', message: messages.badDatabaseUrl() });
    return z.NEVER;
  });

const serverSettings = z.object({
  PORT: z
    .string()
    .regex(/^\d{1,5}$/, messages.badPort())
    .transform(Number)
    .refine((port) => port <= 65_535, messages.badPort())
    .default(3000),
  HOST: z.string().default('127.0.0.1'),
  DATABASE_URL: databaseUrl,
  DATABASE_MIGRATE: choice(['true', 'false'])
    .default('true')
    .transform((text) => text === 'true'),
  LOG_LEVEL: choice(LOG_LEVELS).default('log'),
  TRUST_PROXY: z
    .string()
    .transform((text, context) => {
      const proxies = parseTrustProxy(text);
      if (proxies !== undefined) return proxies;
      context.addIssue({ code: 'custom', message: messages.badTrustProxy() });
      return z.NEVER;
    })
    .default([]),
  WECHAT_TOKEN_MODE: choice(['stable', 'classic']).default('stable'),
});

/** What is set: without the blanks around, and without what is empty. */
export function settingsIn(environment: Environment): Environment {
  return Object.fromEntries(
    Object.entries(environment)
      .map(([name, value]) => [name, value?.trim()] as const)
      .filter(([, value]) => value),
  );
}

/**
 * Reads the settings from the environment; one that is empty counts as not set.
 * @throws ConfigurationError that lists every fault at once, each with the setting's name; no value is in it.
 */
export function loadSettings(environment: Environment): AppSettings {
  const set = settingsIn(environment);
  const faults: ConfigurationFault[] = [];
  const server = serverSettings.safeParse(set);
  for (const { path, message } of server.error?.issues ?? [])
    faults.push({ field: path.join('.'), problem: message });

  const mode = server.data?.WECHAT_TOKEN_MODE ?? 'stable';
  const { options, settingOf } = readOptions(set, mode, faults);
  for (const { field, problem } of moduleFaults(options))
    // That there are no accounts is told already, with the reason.
    if (field !== 'accounts') faults.push({ field: settingOf(field), problem });

  if (faults.length > 0 || !server.data)
    throw new ConfigurationError(faults, messages.settingsWrong(faults));
  return {
    port: server.data.PORT,
    host: server.data.HOST,
    database: server.data.DATABASE_URL,
    migrate: server.data.DATABASE_MIGRATE,
    logLevel: server.data.LOG_LEVEL,
    trustProxy: server.data.TRUST_PROXY,
    wechatToken: set['API_KEYS_FILE']
      ? reloading(set['API_KEYS_FILE'], set, options, settingOf)
      : options,
  };
}

/** The options with API keys that are looked at again while the app runs, by the rules that hold at start. */
function reloading(
  file: string,
  set: Environment,
  options: WechatTokenModuleOptions,
  settingOf: (field: string) => string,
): WechatTokenModuleOptions {
  const read = () => {
    const faults: ConfigurationFault[] = [];
    const http = { ...options.http, apiKeys: readApiKeys(set, faults) };
    for (const { field, problem } of moduleFaults({ ...options, http }))
      faults.push({ field: settingOf(field), problem });
    if (faults.length > 0) throw new ConfigurationError(faults);
    return http.apiKeys;
  };
  const apiKeys = new ApiKeysFile(file, read);
  return { ...options, http: { ...options.http, apiKeys } };
}

export function moduleFaults(
  options: WechatTokenModuleOptions,
): readonly ConfigurationFault[] {
  try {
    validateOptions(options);
    return [];
  } catch (error) {
    if (isConfigurationError(error)) return error.faults;
    throw error;
  }
}
