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
        { id: 'demo', key: API_KEY, scopes: ['tokens:issue'] },
      ]),
    }),
  );
  process.off('SIGINT', leave).off('SIGTERM', leave);
  say(`
The app listens on ${url}
and keeps the token of a model of WeChat on ${wechat.baseUrl} valid. A token lives
${LIFE_SECONDS} s there, so it is rotated about every ${Math.round((LIFE_SECONDS * 2) / 3)} s: watch it happen below. Ctrl-C ends all of it.
Try in another terminal:

  curl '${url}/cgi-bin/token?grant_type=client_credential&appid=${appId}&secret=${API_KEY}'
  curl '${url}/health/live'
`);
} catch (error) {
  explain(error);
  await wechat.stop();
}
