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
import { readDatabase } from './database-settings.js';
import type { Database } from './database-url.js';
import { readApiKeys, readOptions } from './module-options.js';
import {
  NO_FILES,
  readSettingFiles,
  type SettingFiles,
} from './setting-files.js';
import { parseTrustProxy, type TrustProxy } from './trust-proxy.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The app's settings, validated. */
export interface AppSettings {
  readonly port: number;
  readonly host: string;
  /** How long an idle connection is kept open, milliseconds; longer than the load balancer in front keeps it. */
  readonly keepAliveTimeoutMs: number;
  /** How long the headers of a request may take, milliseconds. */
  readonly headersTimeoutMs: number;
  /** How long a whole request may take, its body included, milliseconds. */
  readonly requestTimeoutMs: number;
  /** Connections that are open at the same time. */
  readonly maxConnections: number;
  /** From the signal to stop until the app closes, milliseconds: meanwhile it answers, and says that it is not ready. */
  readonly shutdownDelayMs: number;
  readonly database: Database;
  /** Whether the app runs the migrations when it starts. */
  readonly migrate: boolean;
  readonly logLevel: LogLevel;
  /** The proxies that are trusted for the client's address; an empty list for none. */
  readonly trustProxy: TrustProxy;
  /** Files of settings that others than their user may write. */
  readonly warnings: readonly ConfigurationFault[];
  readonly wechatToken: WechatTokenModuleOptions;
}

const choice = <const Values extends readonly string[]>(values: Values) =>
  v.picklist(values, messages.badChoice(values));

/** A setting that `read` parses; undefined from `read` is a fault. */
const readBy = <Value>(
  read: (text: string) => Value | undefined,
  problem: string,
) => v.nonOptional(v.pipe(v.string(), v.transform(read)), problem);

const whole = (
  min: number,
  max: number,
  problem = messages.badWhole(min, max),
) =>
  v.pipe(
    v.string(),
    v.regex(/^\d{1,9}$/, problem),
    v.transform(Number),
    v.minValue(min, problem),
    v.maxValue(max, problem),
  );

const serverSettings = v.object({
  PORT: v.optional(whole(0, 65_535, messages.badPort()), '3000'),
  HOST: v.optional(v.string(), '127.0.0.1'),
  KEEP_ALIVE_TIMEOUT_MS: v.optional(whole(1000, 3_600_000), '75000'),
  HEADERS_TIMEOUT_MS: v.optional(whole(1000, 120_000), '5000'),
  REQUEST_TIMEOUT_MS: v.optional(whole(1000, 120_000), '10000'),
  MAX_CONNECTIONS: v.optional(whole(1, 100_000), '2000'),
  SHUTDOWN_DELAY_MS: v.optional(whole(0, 300_000), '0'),
  DATABASE_MIGRATE: v.optional(choice(['true', 'false']), 'true'),
  LOG_LEVEL: v.optional(choice(LOG_LEVELS), 'log'),
  TRUST_PROXY: v.optional(readBy(parseTrustProxy, messages.badTrustProxy())),
  WECHAT_TOKEN_MODE: v.optional(choice(['stable', 'classic']), 'stable'),
});

/** The settings with surrounding blanks removed and empty ones omitted, and those that files hold. */
export function settingsIn(
  environment: Environment,
  files: SettingFiles,
): Environment {
  const set = Object.entries(environment)
    .map(([name, value]) => [name, value?.trim()] as const)
    .filter(([, value]) => value);
  return { ...Object.fromEntries(set), ...files.texts };
}

/** @throws ConfigurationError that names the files of the settings that came from one. */
export function refuseSettings(
  faults: readonly ConfigurationFault[],
  files: SettingFiles,
): never {
  const unread = files.faults.map(({ field }) => field.replace(/_FILE$/, ''));
  const named = faults
    .filter(({ field }) => !unread.includes(settingIn(field)))
    .map(({ field, problem }) => {
      const setting = settingIn(field);
      const isFile = setting in files.texts;
      const place = field.slice(setting.length);
      return { field: isFile ? `${setting}_FILE${place}` : field, problem };
    });
  throw new ConfigurationError(named, messages.settingsWrong(named));
}

/** `API_KEYS` for `API_KEYS[0].key`. */
function settingIn(field: string): string {
  return /^[A-Z_]*/.exec(field)?.[0] ?? '';
}

/** Reads the settings from the environment, and the files that it names. @throws ConfigurationError as {@link loadSettings} */
export async function readSettings(
  environment: Environment,
): Promise<AppSettings> {
  return loadSettings(environment, await readSettingFiles(environment));
}

/**
 * Reads the settings from the environment; an empty setting counts as not set.
 * @throws ConfigurationError that lists every fault with the name of its setting; it contains no value (R15).
 */
export function loadSettings(
  environment: Environment,
  files: SettingFiles = NO_FILES,
): AppSettings {
  const set = settingsIn(environment, files);
  const faults: ConfigurationFault[] = [...files.faults];
  const server = v.safeParse(serverSettings, set);
  for (const issue of server.issues ?? [])
    faults.push({ field: v.getDotPath(issue) ?? '', problem: issue.message });
  if (server.success) faults.push(...timeoutFaults(server.output));

  const database = readDatabase(set, faults);
  const mode = server.success ? server.output.WECHAT_TOKEN_MODE : 'stable';
  const { options, settingOf } = readOptions(set, mode, faults);
  for (const { field, problem } of moduleFaults(options))
    // Missing accounts were reported above, with what to set.
    if (field !== 'accounts') faults.push({ field: settingOf(field), problem });

  if (faults.length > 0 || !server.success || !database)
    return refuseSettings(faults, files);
  return {
    port: server.output.PORT,
    host: server.output.HOST,
    keepAliveTimeoutMs: server.output.KEEP_ALIVE_TIMEOUT_MS,
    headersTimeoutMs: server.output.HEADERS_TIMEOUT_MS,
    requestTimeoutMs: server.output.REQUEST_TIMEOUT_MS,
    maxConnections: server.output.MAX_CONNECTIONS,
    shutdownDelayMs: server.output.SHUTDOWN_DELAY_MS,
    database,
    migrate: server.output.DATABASE_MIGRATE === 'true',
    logLevel: server.output.LOG_LEVEL,
    trustProxy: server.output.TRUST_PROXY ?? [],
    warnings: files.warnings,
    wechatToken: reloading(set['API_KEYS_FILE'], files, options, settingOf),
  };
}

/** The time of the headers is a part of the request's. */
function timeoutFaults({
  HEADERS_TIMEOUT_MS: headers,
  REQUEST_TIMEOUT_MS: whole,
}: v.InferOutput<typeof serverSettings>): ConfigurationFault[] {
  const problem = messages.badTimeouts();
  return headers > whole ? [{ field: 'REQUEST_TIMEOUT_MS', problem }] : [];
}

/** The options with API keys that are reloaded while the app runs, if a file holds them; validated as at the start. */
function reloading(
  file: string | undefined,
  files: SettingFiles,
  options: WechatTokenModuleOptions,
  settingOf: (field: string) => string,
): WechatTokenModuleOptions {
  if (file === undefined) return options;
  const parse = (text: string) => {
    const faults: ConfigurationFault[] = [];
    const http = {
      ...options.http,
      apiKeys: readApiKeys({ API_KEYS: text }, faults),
    };
    for (const { field, problem } of moduleFaults({ ...options, http }))
      faults.push({ field: settingOf(field), problem });
    return faults.length > 0 ? refuseSettings(faults, files) : http.apiKeys;
  };
  const apiKeys = new ApiKeysFile(file, files.texts['API_KEYS'] ?? '', parse);
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
