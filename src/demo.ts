import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApp } from './app.js';
import { explain } from './config/explain.js';
import { loadSettings } from './config/settings.js';
import {
  DEFAULT_FAKE_ACCOUNT,
  DEFAULT_FAKE_WECOM_ACCOUNT,
  FakeWechat,
} from './testing/index.js';

/**
 * `npm run demo`: FakeWechat with tokens that expire after a minute, and the app with four accounts, of which two fail, on SQLite in
 * a temporary folder.
 */
const LIFE_SECONDS = Number(process.env['DEMO_LIFE_SECONDS'] ?? 60);
const API_KEY = randomBytes(32).toString('hex');
const { appId, appSecret } = DEFAULT_FAKE_ACCOUNT;
/** What the app has in place of this account's AppSecret is wrong. */
const SHOP = {
  appId: 'wx_fake_shop',
  appSecret: 'shop-secret-0123456789abcdef0123',
};
/** FakeWechat refuses the app's IP address for this account. */
const NEWS = {
  appId: 'wx_fake_news',
  appSecret: 'news-secret-0123456789abcdef0123',
};
const ACCOUNTS = [
  { appId, appSecret, tickets: ['jsapi'] },
  {
    name: 'shop',
    appId: SHOP.appId,
    appSecret: 'outdated-secret-0123456789abcdef',
  },
  { name: 'news', ...NEWS },
  { name: 'crm', kind: 'wecom', ...DEFAULT_FAKE_WECOM_ACCOUNT },
];

const print = (text: string) => process.stdout.write(`${text}\n`);

const folder = mkdtempSync(join(tmpdir(), 'wechat-token-demo-'));
process.once('exit', () => {
  rmSync(folder, { recursive: true, force: true });
  print('Demo stopped; its temporary files are removed.');
});
// Until the app has started and installs its own shutdown hooks.
const exit = () => process.exit(130);
process.on('SIGINT', exit).on('SIGTERM', exit);

async function main(): Promise<void> {
  const wechat = await FakeWechat.start({
    lifeSeconds: LIFE_SECONDS,
    accounts: [DEFAULT_FAKE_ACCOUNT, SHOP, NEWS, DEFAULT_FAKE_WECOM_ACCOUNT],
  });
  wechat.inject(
    'stable',
    { errcode: 40164 },
    { appId: NEWS.appId, times: Infinity },
  );
  wechat.onIssue(({ kind, appId: issuedFor, fingerprint }) => {
    const platform = kind === 'wecom' ? 'WeCom' : 'WeChat';
    const number = wechat.issued(issuedFor);
    print(`>> ${platform} issued token ${fingerprint}, number ${number}`);
  });

  try {
    const url = await startApp(
      loadSettings({
        PORT: process.env['PORT'] ?? '3000',
        DATABASE_URL: `sqlite:${join(folder, 'demo.sqlite')}`,
        WECHAT_ACCOUNTS: JSON.stringify(ACCOUNTS),
        WECHAT_API_BASE_URL: wechat.baseUrl,
        WECOM_API_BASE_URL: wechat.baseUrl,
        // The default of 5 s is too long for such a short life.
        WECHAT_REFRESH_CRON: '* * * * * *',
        API_KEYS: JSON.stringify([
          {
            id: 'demo',
            key: API_KEY,
            scopes: ['tokens:issue', 'tokens:read', 'tokens:refresh'],
          },
        ]),
      }),
    );
    process.off('SIGINT', exit).off('SIGTERM', exit);
    print(`
Open the console in a browser and sign in with this key:

  ${url}/admin/wechat-tokens/console
  ${API_KEY}

The app listens on ${url} and has four accounts at FakeWechat, a model of WeChat on
${wechat.baseUrl}, where a token expires after ${LIFE_SECONDS} s. Press Ctrl-C to stop.

  access_token        healthy: it is renewed about every ${Math.round((LIFE_SECONDS * 2) / 3)} s, as the log below shows
  jsapi_ticket        made from that token, for the JS-SDK on web pages
  access_token:crm    healthy: an application of WeCom
  access_token:shop   its AppSecret is wrong: WeChat answers 40125
  access_token:news   the IP address of the app is not in WeChat's whitelist: WeChat answers 40164

Try in another terminal:

${exampleCommands(url).join('\n')}
`);
  } catch (error) {
    explain(error);
    await wechat.stop();
  }
}

/** Example commands, one for each route. */
function exampleCommands(url: string): string[] {
  const key = `-H 'Authorization: Bearer ${API_KEY}'`;
  const json = `-H 'Content-Type: application/json' -d`;
  const credentials = {
    grant_type: 'client_credential',
    appid: appId,
    secret: API_KEY,
  };
  const admin = `${url}/admin/wechat-tokens`;
  const token = `${url}/wechat-tokens/access_token`;
  return [
    '  # the WeChat-shaped routes, for SDKs',
    `  curl '${url}/cgi-bin/token?${new URLSearchParams(credentials).toString()}'`,
    `  curl '${url}/cgi-bin/stable_token' -d '${JSON.stringify(credentials)}'`,
    '  # the token routes, for programs in any language: get the token, report one that WeChat rejected',
    `  curl '${token}' ${key}`,
    `  curl '${url}/wechat-tokens/jsapi_ticket' ${key}`,
    `  curl '${token}/rejected' ${key} ${json} '{"value":"the-rejected-token"}'`,
    '  # the admin routes, for operators: inspect and renew',
    `  curl '${admin}' ${key}`,
    `  curl '${admin}/summary' ${key}`,
    `  curl '${admin}/access_token' ${key}`,
    `  curl '${admin}/access_token/events?limit=10' ${key}`,
    `  curl '${admin}/access_token/refresh' ${key} ${json} '{"force":true,"reason":"demo"}'`,
    `  curl -N '${admin}/stream' ${key}`,
    '  # health, metrics and API documentation',
    `  curl '${url}/health/live'`,
    `  curl '${url}/health/ready'`,
    `  curl '${url}/metrics'`,
    `  curl '${url}/docs-json'   # in a browser: ${url}/docs`,
  ];
}

void main();
