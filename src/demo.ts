import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApp } from './app.js';
import { explain } from './config/explain.js';
import { loadSettings } from './config/settings.js';
import { DEFAULT_FAKE_ACCOUNT, FakeWechat } from './testing/index.js';

/** `npm run demo`: a model of WeChat whose tokens live one minute, and the app on SQLite in a temporary folder. */
const LIFE_SECONDS = Number(process.env['DEMO_LIFE_SECONDS'] ?? 60);
const API_KEY = 'demo-key-0123456789';
const { appId, appSecret } = DEFAULT_FAKE_ACCOUNT;

const say = (text: string) => process.stdout.write(`${text}\n`);

const folder = mkdtempSync(join(tmpdir(), 'wechat-token-demo-'));
process.once('exit', () => {
  rmSync(folder, { recursive: true, force: true });
  say('The demo has ended; nothing is left behind.');
});
// Until the app is up and ends in good order by itself.
const leave = () => process.exit(130);
process.on('SIGINT', leave).on('SIGTERM', leave);

const wechat = await FakeWechat.start({ lifeSeconds: LIFE_SECONDS });
wechat.onIssue(({ fingerprint }) =>
  say(`>> WeChat issued token ${fingerprint}, number ${wechat.issued()}`),
);

try {
  const url = await startApp(
    loadSettings({
      PORT: process.env['PORT'] ?? '3000',
      DATABASE_URL: `sqlite:${join(folder, 'demo.sqlite')}`,
      WECHAT_APP_ID: appId,
      WECHAT_APP_SECRET: appSecret,
      WECHAT_API_BASE_URL: wechat.baseUrl,
      // The usual 5 s are long for so short a life.
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
  process.off('SIGINT', leave).off('SIGTERM', leave);
  say(`
The app listens on ${url}
and keeps the token of a model of WeChat on ${wechat.baseUrl} valid. A token lives
${LIFE_SECONDS} s there, so it is rotated about every ${Math.round((LIFE_SECONDS * 2) / 3)} s: watch it happen below. Ctrl-C ends all of it.
Try in another terminal:

${tries(url).join('\n')}
`);
} catch (error) {
  explain(error);
  await wechat.stop();
}

/** A line for each route. */
function tries(url: string): string[] {
  const key = `-H 'Authorization: Bearer ${API_KEY}'`;
  const json = `-H 'Content-Type: application/json' -d`;
  const question = {
    grant_type: 'client_credential',
    appid: appId,
    secret: API_KEY,
  };
  const admin = `${url}/admin/wechat-tokens`;
  const token = `${url}/wechat-tokens/access_token`;
  return [
    '  # as an SDK asks WeChat',
    `  curl '${url}/cgi-bin/token?${new URLSearchParams(question).toString()}'`,
    `  curl '${url}/cgi-bin/stable_token' -d '${JSON.stringify(question)}'`,
    '  # as a program in any language asks, and reports a token that WeChat has refused',
    `  curl '${token}' ${key}`,
    `  curl '${token}/rejected' ${key} ${json} '{"value":"the-refused-token"}'`,
    '  # as an operator looks, and renews',
    `  curl '${admin}' ${key}`,
    `  curl '${admin}/access_token' ${key}`,
    `  curl '${admin}/access_token/events?limit=10' ${key}`,
    `  curl '${admin}/access_token/refresh' ${key} ${json} '{"force":true,"reason":"to see it"}'`,
    `  curl -N '${admin}/stream' ${key}`,
    '  # the rest',
    `  curl '${url}/health/live'`,
    `  curl '${url}/docs-json'   # in a browser: ${url}/docs`,
  ];
}
