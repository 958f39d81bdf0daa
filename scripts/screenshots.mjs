// `npm run screenshots`: the pictures of the console in the READMEs, docs/console/*.png. The app runs on a FakeWechat with a week of
// history, in this process; what the pictures show is the same each time, except for the times of day.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import { join, resolve } from 'node:path';
import { startApp } from '../dist/app.js';
import { loadSettings } from '../dist/config/settings.js';
import { launchChromium } from './chromium.mjs';
import { ACCOUNTS, pictured, startPlatform } from './screenshots-data.mjs';

const PICTURES = resolve(import.meta.dirname, '../docs/console');
const KEY = 'screenshots-0123456789-abcdefghijkl';
const ONE_TOKEN = 'access_token:news';
const WIDE = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };

async function main() {
  // The name of this machine is nobody's business.
  os.hostname = () => 'token-1';
  const folder = mkdtempSync(join(os.tmpdir(), 'wechat-token-screenshots-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const wechat = await startPlatform();
  const settings = loadSettings({
    PORT: '0',
    LOG_LEVEL: 'fatal',
    DATABASE_URL: `sqlite:${join(folder, 'app.sqlite')}`,
    WECHAT_API_BASE_URL: wechat.baseUrl,
    WECHAT_ACCOUNTS: JSON.stringify(ACCOUNTS),
    API_KEYS: JSON.stringify([
      { id: 'ops', key: KEY, scopes: ['tokens:read', 'tokens:refresh'] },
    ]),
  });
  const url = await startApp(settings);
  await pictured({ wechat, url, key: KEY, database: settings.database });
  const console = `${url}/admin/wechat-tokens/console`;
  const browser = await launchChromium();
  mkdirSync(PICTURES, { recursive: true });
  const take = (name, options, show) =>
    picture(browser, console, join(PICTURES, `${name}.png`), options, show);

  await take('list', {}, stay);
  await take('token', {}, openOne);
  await take('dark', { colorScheme: 'dark' }, stay);
  await take('chinese', { locale: 'zh-CN' }, openOne);
  await take('phone', { viewport: PHONE, deviceScaleFactor: 2 }, stay);
  await browser.close();
  // Its shutdown hook ends the app, and with it this process.
  process.kill(process.pid, 'SIGTERM');
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
  await page.locator('[data-status]').first().waitFor();
  await show(page);
  await page.waitForLoadState('networkidle').catch(() => undefined);
  await page.screenshot({ path, animations: 'disabled' });
  await context.close();
}

const stay = async () => undefined;

async function openOne(page) {
  await page.getByRole('link', { name: ONE_TOKEN, exact: true }).click();
  await page.getByRole('heading', { level: 1 }).waitFor();
}

await main();
