import { type Environment, loadSettings } from '../../src/config/settings.js';
import { ConfigurationError } from '../../src/wechat-token/index.js';

/** Begins every secret here, so that one search finds any that shows. */
export const MARK = 'SeCrEt';
export const ACCOUNT = {
  WECHAT_APP_ID: 'wx_one',
  WECHAT_APP_SECRET: `${MARK}-own`,
};

/** Sees that the settings are refused without showing a secret, and returns the error. */
export function refuse(environment: Environment): ConfigurationError {
  try {
    loadSettings(environment);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(`${(error as Error).stack} ${JSON.stringify(error)}`).not.toContain(
      MARK,
    );
    return error as ConfigurationError;
  }
  throw new Error('It was accepted.');
}
