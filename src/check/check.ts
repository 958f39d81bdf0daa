import { Logger } from '@nestjs/common';
import { type Environment, readSettings } from '../config/settings.js';
import type { AppSettings } from '../config/settings.js';
import { isConfigurationError } from '../wechat-token/index.js';
import { checkDatabase } from './check-database.js';
import { type CheckLine, tableOf } from './check-line.js';
import { checkWechat } from './check-wechat.js';
import { messages } from './check.messages.js';

/**
 * `--check`: whether all is there that the app needs, with what to do where it is not. It starts nothing and stores nothing.
 * @returns The table as text, and whether there is no fault in it.
 */
export async function check(
  environment: Environment,
): Promise<{ text: string; isSound: boolean }> {
  // The table is all that is printed.
  Logger.overrideLogger(false);
  const lines = await linesOf(environment);
  const faults = lines.filter(({ finding }) => finding === 'fault').length;
  const isSound = faults === 0;
  const end = isSound ? messages.sound() : messages.faults(faults);
  return { text: `${tableOf(lines)}\n${end}\n`, isSound };
}

async function linesOf(environment: Environment): Promise<CheckLine[]> {
  const subject = 'settings';
  let settings: AppSettings;
  try {
    settings = await readSettings(environment);
  } catch (error) {
    if (!isConfigurationError(error)) throw error;
    return error.faults.map(({ field, problem }) => ({
      subject,
      finding: 'fault',
      detail: messages.settingFault(field, problem),
    }));
  }
  const [database, wechat] = await Promise.all([
    checkDatabase(settings),
    checkWechat(settings),
  ]);
  return [
    { subject, finding: 'ok', detail: messages.settingsValid() },
    ...settings.warnings.map(({ field, problem }) => ({
      subject,
      finding: 'warning' as const,
      detail: messages.settingFault(field, problem),
    })),
    ...database,
    ...wechat,
  ];
}
