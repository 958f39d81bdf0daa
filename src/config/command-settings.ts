import type {
  PlainValues,
  WechatTokenModuleOptions,
} from '../wechat-token/index.js';
import { messages } from './config.messages.js';
import { readDatabase } from './database-settings.js';
import type { Database } from './database-url.js';
import { readEncryptionKeys } from './module-options.js';
import { readSettingFiles } from './setting-files.js';
import {
  type Environment,
  moduleFaults,
  refuseSettings,
  settingsIn,
} from './settings.js';

/** The database of the environment, for programs that need nothing else. @throws ConfigurationError */
export async function readDatabaseSettings(
  environment: Environment,
): Promise<Database> {
  const files = await readSettingFiles(environment);
  const faults = files.faults.filter(({ field }) =>
    field.startsWith('DATABASE_'),
  );
  const database = readDatabase(settingsIn(environment, files), faults);
  if (faults.length > 0 || !database) return refuseSettings(faults, files);
  return database;
}

/** The settings of the app that `npm run reseal` needs; it does not need the WeChat credentials. */
export interface ResealSettings {
  readonly database: Database;
  readonly encryptionKeys: NonNullable<
    WechatTokenModuleOptions['encryptionKeys']
  >;
  readonly encryptionPlain: PlainValues;
}

/** Reads them. @throws ConfigurationError that lists every fault; it contains no value (R15). */
export async function readResealSettings(
  environment: Environment,
): Promise<ResealSettings> {
  const files = await readSettingFiles(environment);
  const set = settingsIn(environment, files);
  const faults = files.faults.filter(({ field }) =>
    /^(DATABASE|TOKEN)_/.test(field),
  );
  const database = readDatabase(set, faults);

  const field = 'TOKEN_ENCRYPTION_KEYS';
  const encryptionKeys = readEncryptionKeys(set, faults);
  const plain = 'TOKEN_ENCRYPTION_PLAIN';
  const encryptionPlain = (set[plain] ?? 'refuse') as PlainValues;
  const options = { accounts: [], encryptionKeys, encryptionPlain };
  for (const fault of moduleFaults(options))
    if (fault.field.startsWith('encryption'))
      faults.push({
        field: fault.field
          .replace('encryptionKeys', field)
          .replace('encryptionPlain', plain),
        problem: fault.problem,
      });
  if (encryptionKeys.length === 0 && !faults.some((f) => f.field === field))
    faults.push({ field, problem: messages.encryptionKeysMissing() });

  if (faults.length > 0 || !database) return refuseSettings(faults, files);
  return { database, encryptionKeys, encryptionPlain };
}
