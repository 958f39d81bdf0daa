import {
  ConfigurationError,
  type ConfigurationFault,
  type PlainValues,
  type WechatTokenModuleOptions,
} from '../wechat-token/index.js';
import { messages } from './config.messages.js';
import { readDatabase } from './database-settings.js';
import type { Database } from './database-url.js';
import { readEncryptionKeys } from './module-options.js';
import { type Environment, moduleFaults, settingsIn } from './settings.js';

/** The settings of the app that `npm run reseal` needs; it does not need the WeChat credentials. */
export interface ResealSettings {
  readonly database: Database;
  readonly encryptionKeys: NonNullable<
    WechatTokenModuleOptions['encryptionKeys']
  >;
  readonly encryptionPlain: PlainValues;
}

/** Reads them. @throws ConfigurationError that lists every fault; it contains no value (R15). */
export function loadResealSettings(environment: Environment): ResealSettings {
  const set = settingsIn(environment);
  const faults: ConfigurationFault[] = [];
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

  if (faults.length > 0 || !database)
    throw new ConfigurationError(faults, messages.settingsWrong(faults));
  return { database, encryptionKeys, encryptionPlain };
}
