import type { Page } from 'playwright-core';
import { useBrowser } from '../support/browser.js';
import { listShown, signIn, storageOf } from '../support/console-page.js';
import { ConsoleWorld, KEYS, WRONG_KEY } from '../support/console-world.js';

/** Wrong keys that one network may send in a minute. */
const WRONG_KEYS = 10;

describe('signing in', () => {
  const browser = useBrowser();
  let world: ConsoleWorld;
  beforeAll(async () => {
    world = await ConsoleWorld.start();
    await world.settled();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const says = (page: Page, sentence: RegExp) =>
    page.getByRole('alert').filter({ hasText: sentence }).waitFor();

  it('takes one key, in a field that has the focus, and keeps it for this tab only', async () => {
    const { page, requests } = await browser.open(world.console);
    const field = page.locator('input');
    await expect.poll(() => field.count()).toBe(1);
    await page.locator('input:focus').waitFor();
    expect(await field.getAttribute('type')).toBe('password');
    expect(await field.getAttribute('autocomplete')).toBe('off');

    await signIn(page, KEYS.reader);
    await listShown(page);

    const { session, local, cookie } = await storageOf(page);
    expect(Object.values(session)).toEqual([KEYS.reader]);
    expect(JSON.stringify([local, cookie])).not.toContain(KEYS.reader);
    expect(requests.join('\n')).not.toContain(KEYS.reader);
    await page.reload();
    await listShown(page);
    const other = await page.context().newPage();
    await other.goto(world.console);
    await other.getByLabel('API key').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('API key').waitFor();
    expect((await storageOf(page)).session).toEqual({});
  });

  it('has a sentence for each refusal: no scope, wrong key, too many, server away', async () => {
    const { page } = await browser.open(world.console);

    await signIn(page, KEYS.program);
    await says(page, /lacks the scope tokens:read/);
    await signIn(page, WRONG_KEY);
    await says(page, /Unknown key/);
    expect((await storageOf(page)).session).toEqual({});

    const headers = { authorization: `Bearer ${WRONG_KEY}` };
    for (let sent = 0; sent < WRONG_KEYS; sent++)
      await fetch(`${world.url}/admin/wechat-tokens`, { headers });
    await signIn(page, WRONG_KEY);
    await says(page, /Too many wrong keys .* Try again in \d+ (s|min)/);

    await world.line.refuse();
    await signIn(page, KEYS.reader);
    await says(page, /server does not answer/);
    await world.line.passThrough();
    await signIn(page, KEYS.reader);
    await listShown(page);
  });
});
