import { apiKeys, AppSandbox } from '../support/app-sandbox.js';
import { useBrowser } from '../support/browser.js';
import { listShown, rows, signIn } from '../support/console-page.js';
import { KEYS } from '../support/console-world.js';
import { tenThousand } from '../support/ten-thousand.js';

const PAGE_ROWS = 50;
/** Elements of the whole page: some 60 of them for each row. */
const MAX_ELEMENTS = 5000;

describe('the list of 10,000 accounts', () => {
  const browser = useBrowser();
  let sandbox: AppSandbox;
  let console: string;
  beforeAll(async () => {
    sandbox = await AppSandbox.create();
    const { url } = await sandbox.run({
      ...(await tenThousand(sandbox)),
      API_KEYS: apiKeys({
        id: 'reader',
        key: KEYS.reader,
        scopes: ['tokens:read'],
      }),
    });
    console = `${url}/admin/wechat-tokens/console`;
  });
  afterAll(() => sandbox[Symbol.asyncDispose]());

  it('is read page by page, found by a part of a name, and never held as a whole', async () => {
    const { page, requests, errors } = await browser.open(console);
    await signIn(page, KEYS.reader);
    await listShown(page);
    const names = () => rows(page).getByRole('link').allTextContents();
    const next = page.getByRole('button', { name: 'Next' });
    const bounded = async () => {
      expect(await rows(page).count()).toBeLessThanOrEqual(PAGE_ROWS);
      expect(await page.locator('*').count()).toBeLessThan(MAX_ELEMENTS);
    };

    await page.getByText('10,000 total').waitFor();
    const worst = ['00000', '00001', '00002', '00003'];
    await expect
      .poll(async () => (await names()).slice(0, 4))
      .toEqual(worst.map((number) => `access_token:shop-${number}`));
    await bounded();

    for (let turned = 0; turned < 5; turned++) {
      const [first = ''] = await names();
      await next.click();
      await expect.poll(names).not.toContain(first);
      await bounded();
    }
    await page.getByRole('button', { name: 'Previous' }).click();
    await expect.poll(names).toContain('access_token:shop-00200');

    await page.getByLabel('Search by name or id').fill('wx_shop_09876');
    await expect.poll(names).toEqual(['access_token:shop-09876']);
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await expect.poll(async () => (await names()).length).toBe(PAGE_ROWS);
    await page
      .getByRole('group', { name: 'Status' })
      .getByRole('button', { name: /Expired/ })
      .click();
    await expect.poll(async () => (await names()).length).toBe(3);

    // Nothing is asked for row by row.
    expect(requests.length).toBeLessThan(60);
    expect(errors).toEqual([]);
  });
});
