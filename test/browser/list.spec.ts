import { gzipSync } from 'node:zlib';
import { useBrowser } from '../support/browser.js';
import {
  listShown,
  rowOf,
  rows,
  signIn,
  watchShifts,
} from '../support/console-page.js';
import { ConsoleWorld, KEYS } from '../support/console-world.js';

const FIRST_VIEW_BYTES = 100_000;
/** The page, its script and style, its icon, the list, the summary and the stream; the key is tried once before. */
const FIRST_VIEW_REQUESTS = 12;

describe('the list', () => {
  const browser = useBrowser();
  let world: ConsoleWorld;
  beforeAll(async () => {
    world = await ConsoleWorld.start();
    await world.settled();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  it('shows every token, the worst first, with its status in a word', async () => {
    const { page, errors } = await browser.open(world.console);
    await signIn(page, KEYS.reader);
    await listShown(page);

    await expect
      .poll(() => rows(page).getByRole('link').allTextContents())
      .toEqual([
        'access_token:news',
        'access_token:shop',
        'access_token',
        'access_token:kiosk',
      ]);
    expect(await rows(page).first().getAttribute('data-status')).toBe(
      'missing',
    );
    for (const text of ['Missing', 'wx_news_app'])
      await rowOf(page, 'access_token:news').getByText(text).first().waitFor();
    for (const text of [
      'Valid',
      'Mini program',
      'classic',
      /\d h \d+ min left/,
    ])
      await rowOf(page, 'access_token:kiosk').getByText(text).first().waitFor();
    for (const chart of ['Renewals', 'Failures'])
      await page
        .getByRole('img', { name: new RegExp(`^${chart}, Last 24`) })
        .waitFor();
    expect(errors).toEqual([]);
  });

  it('shows a rotation as it happens, and nothing moves but what has changed', async () => {
    const { page, requests } = await browser.open(world.console);
    await signIn(page, KEYS.reader);
    await listShown(page);
    const row = rowOf(page, 'access_token');
    const before = await world.admin<{ fingerprint: string }>('/access_token');
    await row.getByText(before.fingerprint).waitFor();
    const shifts = await watchShifts(page);
    const asked = requests.filter((url) => !url.endsWith('/summary')).length;

    const fingerprint = await world.rotate();
    expect(fingerprint).not.toBe(before.fingerprint);
    await row.getByText(fingerprint).waitFor();

    expect(await shifts()).toEqual([]);
    // It came by the stream: the list was not asked for again.
    expect(requests.filter((url) => !url.endsWith('/summary')).length).toBe(
      asked,
    );
  });

  it('its first view is 100 kB and a dozen requests', async () => {
    const { page, requests } = await browser.open('about:blank');
    const sizes: Promise<number>[] = [];
    page.on('response', (response) => {
      if (response.url().includes('/console'))
        sizes.push(response.body().then((body) => gzipSync(body).length));
    });
    await page.goto(world.console);
    await signIn(page, KEYS.reader);
    await listShown(page);
    const bytes = (await Promise.all(sizes)).reduce((sum, one) => sum + one, 0);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThanOrEqual(FIRST_VIEW_BYTES);
    expect(requests.length).toBeLessThanOrEqual(FIRST_VIEW_REQUESTS);
  });

  it('filters by status and by a part of the name or appid', async () => {
    const { page } = await browser.open(world.console);
    await signIn(page, KEYS.reader);
    await listShown(page);
    const names = rows(page).getByRole('link');

    await page.getByLabel('Search by name or id').fill('wx_kiosk');
    await expect
      .poll(() => names.allTextContents())
      .toEqual(['access_token:kiosk']);
    await page.getByLabel('Search by name or id').fill('nothing at all');
    await page.getByText('No token matches the filters').waitFor();
    await page.getByRole('button', { name: 'Clear filters' }).first().click();
    await expect.poll(() => names.count()).toBe(4);
  });

  it('keeps a search that is being typed when another filter is chosen, and forgets it when the filters are cleared', async () => {
    const { page } = await browser.open(world.console);
    await signIn(page, KEYS.reader);
    await listShown(page);
    const search = page.getByLabel('Search by name or id');
    const filters = () => new URL(page.url()).hash;

    await search.fill('wx_kiosk');
    await page.getByLabel('Kind').selectOption('access_token');
    await expect.poll(filters).toBe('#/?kind=access_token&search=wx_kiosk');

    await search.fill('nothing at all');
    await page.getByRole('button', { name: 'Clear filters' }).first().click();
    expect(await search.inputValue()).toBe('');
    await expect.poll(filters).toBe('#/');
  });
});
