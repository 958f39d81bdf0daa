import { LOG_LEVELS, type LogLevel } from '@nestjs/common';
import * as v from 'valibot';
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
  v.picklist(values, messages.badChoice(values));

/** What can be read by this function, which says undefined of what cannot. */
const readBy = <Value>(
  read: (text: string) => Value | undefined,
  problem: string,
) => v.nonOptional(v.pipe(v.string(), v.transform(read)), problem);

export const databaseUrl = v.optional(
  readBy(parseDatabaseUrl, messages.badDatabaseUrl()),
  'sqlite:data/wechat-token.sqlite',
);

const port = v.pipe(
  v.string(),
  v.regex(/^\d{1,5}$/, messages.badPort()),
  v.transform(Number),
  v.maxValue(65_535, messages.badPort()),
);

const serverSettings = v.object({
  PORT: v.optional(port, '3000'),
  HOST: v.optional(v.string(), '127.0.0.1'),
  DATABASE_URL: databaseUrl,
  DATABASE_MIGRATE: v.optional(choice(['true', 'false']), 'true'),
  LOG_LEVEL: v.optional(choice(LOG_LEVELS), 'log'),
  TRUST_PROXY: v.optional(readBy(parseTrustProxy, messages.badTrustProxy())),
  WECHAT_TOKEN_MODE: v.optional(choice(['stable', 'classic']), 'stable'),
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
  const server = v.safeParse(serverSettings, set);
  for (const issue of server.issues ?? [])
    faults.push({ field: v.getDotPath(issue) ?? '', problem: issue.message });

  const mode = server.success ? server.output.WECHAT_TOKEN_MODE : 'stable';
  const { options, settingOf } = readOptions(set, mode, faults);
  for (const { field, problem } of moduleFaults(options))
    // That there are no accounts is told already, with the reason.
    if (field !== 'accounts') faults.push({ field: settingOf(field), problem });

  if (faults.length > 0 || !server.success)
    throw new ConfigurationError(faults, messages.settingsWrong(faults));
  return {
    port: server.output.PORT,
    host: server.output.HOST,
    database: server.output.DATABASE_URL,
    migrate: server.output.DATABASE_MIGRATE === 'true',
    logLevel: server.output.LOG_LEVEL,
    trustProxy: server.output.TRUST_PROXY ?? [],
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
