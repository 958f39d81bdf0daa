import {
  DEFAULT_FAKE_ACCOUNT,
  type FakeWechat,
} from '../../src/testing/index.js';

const API_KEY = 'contract-test-key-0001-abcdefghijklmnop';

/** The settings of an app on that platform and database, with the fake's own account and one API key. */
export function appEnv(
  wechat: FakeWechat,
  databaseUrl: string,
): Record<string, string> {
  return {
    DATABASE_URL: databaseUrl,
    WECHAT_API_BASE_URL: wechat.baseUrl,
    WECHAT_APP_ID: DEFAULT_FAKE_ACCOUNT.appId,
    WECHAT_APP_SECRET: DEFAULT_FAKE_ACCOUNT.appSecret,
    API_KEYS: JSON.stringify([
      { id: 'test', key: API_KEY, scopes: ['tokens:issue'] },
    ]),
  };
}

/** What an app with {@link appEnv} answers on `/cgi-bin/token`. */
export async function fetchToken(
  url: string,
): Promise<{ access_token: string; expires_in: number }> {
  const query = new URLSearchParams({
    grant_type: 'client_credential',
    appid: DEFAULT_FAKE_ACCOUNT.appId,
    secret: API_KEY,
  });
  const response = await fetch(`${url}/cgi-bin/token?${query.toString()}`);
  const body = (await response.json()) as {
    access_token?: string;
    expires_in?: number;
  };
  const { access_token, expires_in } = body;
  if (access_token === undefined || expires_in === undefined)
    throw new Error(`no token: ${JSON.stringify(body)}`);
  return { access_token, expires_in };
}
