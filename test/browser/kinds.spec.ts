import {
  DEFAULT_FAKE_WECOM_ACCOUNT,
  type FakeWecomAccount,
} from '../../src/testing/index.js';
import { useBrowser } from '../support/browser.js';
import {
  listShown,
  live,
  rowOf,
  rows,
  signIn,
} from '../support/console-page.js';
import { ConsoleWorld, KEYS, KIOSK, OWN } from '../support/console-world.js';

const SITE = {
  name: 'site',
  appId: 'wx_site_app',
  appSecret: 'site-secret-0123456789abcdefg',
} as const;
/** The secret that the app has for it is an old one. */
const HELP: FakeWecomAccount = {
  corpId: DEFAULT_FAKE_WECOM_ACCOUNT.corpId,
  agentId: '1000003',
  secret: 'current-secret-of-help-0123456789',
};
const CRM = { ...DEFAULT_FAKE_WECOM_ACCOUNT, name: 'crm', kind: 'wecom' };

describe('tokens of every kind', () => {
  const browser = useBrowser();
  let world: ConsoleWorld;
  beforeAll(async () => {
    const accounts = [
      { ...SITE, tickets: ['jsapi'] },
      { ...CRM, tickets: ['agent'] },
      { ...HELP, name: 'help', kind: 'wecom', secret: 'outdated' },
    ];
    world = await ConsoleWorld.start(
      { WECHAT_ACCOUNTS: JSON.stringify(accounts) },
      { accounts: [OWN, KIOSK, SITE, DEFAULT_FAKE_WECOM_ACCOUNT, HELP] },
    );
    await world.settled();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const signedIn = async (locale = 'en-US') => {
    const tab = await browser.open(world.console, { locale });
    await signIn(tab.page, KEYS.operator);
    await listShown(tab.page);
    return tab;
  };

  it('are in the list, and found by their kind and by the application', async () => {
    const { page } = await signedIn();
    const row = rowOf(page, 'agent_ticket:crm');
    await row
      .getByText(`crm · ${CRM.corpId}/${CRM.agentId} · WeCom`, { exact: true })
      .waitFor();
    await row.getByText('wecom-agent').waitFor();
    // The code has the meaning that WeCom gives it.
    await rowOf(page, 'access_token:help')
      .getByText('The secret is wrong')
      .waitFor();

    const names = rows(page).getByRole('link');
    await page.getByLabel('Kind').selectOption('jsapi_ticket');
    await expect
      .poll(() => names.allTextContents())
      .toEqual(['jsapi_ticket:site']);
    await page.getByRole('button', { name: 'Clear filters' }).first().click();
    await page
      .getByLabel('Search by name or id')
      .fill(`${CRM.corpId}/${CRM.agentId}`);
    await expect
      .poll(async () => (await names.allTextContents()).toSorted())
      .toEqual(['access_token:crm', 'agent_ticket:crm']);
  });

  it.each([
    {
      locale: 'en-US',
      why: 'It cannot be forced: WeChat has no call',
      refresh: 'Refresh',
      done: /^Unchanged: /,
    },
    {
      locale: 'zh-CN',
      why: '不支持强制刷新：微信没有',
      refresh: '刷新',
      done: /^未变化，/,
    },
  ])(
    'a ticket is refreshed without force, and its page says why ($locale)',
    async ({ locale, why, refresh, done }) => {
      const { page, errors } = await signedIn(locale);
      await page.getByRole('link', { name: 'jsapi_ticket:site' }).click();
      await live(page);
      await page.getByText(why).waitFor();
      await page.locator('.history tr[data-type=refreshed]').waitFor();
      for (const absent of ['.button.danger', 'dialog', '.budget', '.quota'])
        expect(await page.locator(absent).count(), absent).toBe(0);
      await page.getByRole('button', { name: refresh, exact: true }).click();
      await page.getByText(done).waitFor();
      expect(errors).toEqual([]);
      const html = await page.content();
      for (const ticket of world.wechat.issuedTickets)
        expect(html).not.toContain(ticket);
    },
  );

  it('a failure of WeCom is explained as WeCom means it', async () => {
    const { page } = await signedIn();
    await page.getByRole('link', { name: 'access_token:help' }).click();
    await live(page);
    const error = page.getByRole('region', { name: 'Last error' });
    await error.getByText('Each application has a secret of its own').waitFor();
    await error.getByText('WeCom admin console').first().waitFor();
    const facts = page.locator('.token-facts');
    await facts.getByText('CorpId', { exact: true }).waitFor();
    await facts.getByText('1000003', { exact: true }).waitFor();
    const detail = page.locator('.history tr[data-type=failed]').first();
    await detail.getByText(/The secret is wrong\s+40001/).waitFor();
    for (const absent of ['.budget', '.quota'])
      expect(await page.locator(absent).count(), absent).toBe(0);
    expect(await page.content()).not.toContain(HELP.secret);
  });
});
