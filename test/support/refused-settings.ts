import { type Environment, loadSettings } from '../../src/config/settings.js';
import {
  readSettingFiles,
  type SettingFiles,
} from '../../src/config/setting-files.js';
import { ConfigurationError } from '../../src/wechat-token/index.js';

/** Begins every secret here, so that one search finds any that shows. */
export const MARK = 'SeCrEt';
export const ACCOUNT = {
  WECHAT_APP_ID: 'wx_one',
  WECHAT_APP_SECRET: `${MARK}-own`,
};

/** Sees that the settings are refused without showing a secret, and returns the error. */
export function refuse(
  environment: Environment,
  files?: SettingFiles,
): ConfigurationError {
  try {
    loadSettings(environment, files);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(`${(error as Error).stack} ${JSON.stringify(error)}`).not.toContain(
      MARK,
    );
    return error as ConfigurationError;
  }
  throw new Error('It was accepted.');
}

/** The same, with the files that the settings name. */
export async function refuseFiles(
  environment: Environment,
): Promise<ConfigurationError> {
  return refuse(environment, await readSettingFiles(environment));
}
