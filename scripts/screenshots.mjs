// `npm run screenshots`: the pictures of the console in the pages, docs/console/*.png. The app runs on a FakeWechat with a week of
// history; what the pictures show is the same each time, except for the times of day.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { launchChromium } from './chromium.mjs';
import {
  ACCOUNTS,
  startPlatform,
  takeLease,
  tokensAreThere,
  writeHistory,
} from './screenshots-data.mjs';

const PROJECT = resolve(import.meta.dirname, '..');
const PICTURES = join(PROJECT, 'docs/console');
const KEY = 'screenshots-0123456789-abcdefghijkl';
const ONE_TOKEN = 'access_token:news';
const WIDE = { width: 1280, height: 800 };
const PHONE = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
};
/** The name of this machine is nobody's business. */
const HOST_NAME = `data:text/javascript,import os from 'node:os'; os.hostname = () => 'token-1';`;

async function main() {
  const folder = mkdtempSync(join(tmpdir(), 'wechat-token-screenshots-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const wechat = await startPlatform();
  const env = {
    PORT: '0',
    LOG_LEVEL: 'fatal',
    DATABASE_URL: `sqlite:${join(folder, 'app.sqlite')}`,
    WECHAT_API_BASE_URL: wechat.baseUrl,
    WECOM_API_BASE_URL: wechat.baseUrl,
    WECHAT_ACCOUNTS: JSON.stringify(ACCOUNTS),
    API_KEYS: JSON.stringify([
      { id: 'ops', key: KEY, scopes: ['tokens:read', 'tokens:refresh'] },
    ]),
  };
  // A refresher, running or starting, would change what is written here and renew what is due: a reader shows it.
  const first = await startApp(env);
  await tokensAreThere(first.url, KEY);
  await first.stop();
  await writeHistory(env.DATABASE_URL);
  const app = await startApp({ ...env, WECHAT_ROLE: 'reader' });
  const console = `${app.url}/admin/wechat-tokens/console`;
  const browser = await launchChromium();
  mkdirSync(PICTURES, { recursive: true });
  const take = async (name, options, show) => {
    await takeLease(env.DATABASE_URL);
    const path = join(PICTURES, `${name}.png`);
    await picture(browser, console, path, options, show);
  };

  await take('list', {}, stay);
  await take('token', {}, openOne);
  await take('dark', { colorScheme: 'dark' }, stay);
  await take('chinese', { locale: 'zh-CN' }, openOne);
  await take('phone', PHONE, openOne);
  await browser.close();
  await app.stop();
  await wechat.stop();
}

async function startApp(env) {
  const child = spawn(
    process.execPath,
    ['--import', HOST_NAME, join(PROJECT, 'dist/main.js')],
    {
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  process.once('exit', () => child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  let text = '';
  const url = await new Promise((found, failed) => {
    void ended.then(() => failed(new Error('The app did not start.')));
    child.stdout.on('data', (chunk) => {
      text += chunk;
      const listens = /listens on (http:\/\/[^\s"]+)/.exec(text);
      if (listens) found(listens[1]);
    });
  });
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  return { url, stop };
}

async function picture(browser, url, path, options, show) {
  const context = await browser.newContext({
    viewport: WIDE,
    locale: 'en-US',
    timezoneId: 'Asia/Shanghai',
    colorScheme: 'light',
    reducedMotion: 'reduce',
    ...options,
  });
  const page = await context.newPage();
  await page.goto(url);
  await page.locator('input[type=password]').fill(KEY);
  await page.keyboard.press('Enter');
  await whole(page);
  await show(page);
  // A headless browser draws no scrollbar in the place that is kept for it.
  await page.evaluate(
    "document.documentElement.style.scrollbarGutter = 'auto'",
  );
  await page.screenshot({ path, animations: 'disabled' });
  await context.close();
}

/** Loaded, with its charts and its stream. */
const whole = (page) =>
  page
    .locator('[data-state=ready][data-connection=live] figure canvas')
    .first()
    .waitFor();

const stay = async () => undefined;

async function openOne(page) {
  await page.getByRole('link', { name: ONE_TOKEN, exact: true }).click();
  await page.locator('.token .history').waitFor();
  await whole(page);
}

await main();
