import { useBrowser } from '../support/browser.js';
import { listShown, openToken, signIn } from '../support/console-page.js';
import {
  ConsoleWorld,
  KEYS,
  KIOSK,
  NEWS,
  OWN,
} from '../support/console-world.js';

interface View {
  readonly fingerprint: string;
}

describe('one token', () => {
  const browser = useBrowser();
  let world: ConsoleWorld;
  beforeAll(async () => {
    world = await ConsoleWorld.start();
    await world.settled();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const open = async (name: string, key: string = KEYS.operator) => {
    const tab = await browser.open(world.console);
    await signIn(tab.page, key);
    await listShown(tab.page);
    await openToken(tab.page, name);
    return tab;
  };
  const history = (name: string) =>
    world
      .admin<{ items: { type: string; detail: string | null }[] }>(
        `/${name}/events`,
      )
      .then(({ items }) => items);

  it('explains its last error, with the IP address for the whitelist ready to copy', async () => {
    const { page } = await open('access_token:news');
    const error = page.getByRole('region', { name: 'Last error' });
    await error
      .getByRole('heading', { name: /IP address is not in the whitelist/ })
      .waitFor();
    await error.getByText(/Add the address to the IP whitelist/).waitFor();
    await error.getByText('203.0.113.7', { exact: true }).waitFor();
    await error.getByText(/40164/).first().waitFor();

    await page
      .context()
      .grantPermissions(['clipboard-read', 'clipboard-write']);
    await error.getByRole('button', { name: 'Copy IP address' }).click();
    await expect
      .poll(() => page.evaluate('navigator.clipboard.readText()'))
      .toBe('203.0.113.7');
  });

  it('is refreshed in normal mode, with a reason, and its outcome is said', async () => {
    const { page } = await open('access_token');
    const before = await world.admin<View>('/access_token');
    await page
      .getByRole('textbox', { name: 'Reason' })
      .first()
      .fill('looks old to me');
    await page.getByRole('button', { name: 'Refresh', exact: true }).click();
    await page
      .getByText(`Unchanged: ${before.fingerprint} is still the current token.`)
      .waitFor();
    await page
      .getByRole('row', {
        name: /Refresh requested.*operator.*looks old to me/,
      })
      .waitFor();
    expect(world.wechat.callsFor(OWN.appId).stableForced).toBe(0);

    const fingerprint = await world.rotate();
    expect(fingerprint).not.toBe(before.fingerprint);
    await page.locator('.token-facts').getByText(fingerprint).waitFor();
  });

  it('is refreshed by force only behind a dialogue that says whom it hurts and what it spends', async () => {
    const { page } = await open('access_token');
    const dialog = page.getByRole('dialog', { name: 'Force a new token?' });
    await page.getByText('20 of 20 left today').waitFor();
    await page.getByText(/00:00 China time/).waitFor();
    const before = await world.admin<View>('/access_token');

    await page.getByRole('button', { name: 'Force…' }).click();
    await dialog
      .getByText(/fails with 40001 until it has the new one/)
      .waitFor();
    await dialog
      .getByText(/one of the day's 20 forced renewals, of which 20 are left/)
      .waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'hidden' });
    expect(world.wechat.callsFor(OWN.appId).stableForced).toBe(0);

    await page.getByRole('button', { name: 'Force…' }).click();
    await dialog.getByLabel('Reason').fill('the token has leaked');
    await dialog.getByRole('button', { name: 'Force a new token' }).click();
    await page
      .getByText(/^Refreshed: the token is now [0-9a-f]{8}\.$/)
      .waitFor();
    await dialog.waitFor({ state: 'hidden' });
    await page.getByText('19 of 20 left today').waitFor();
    await page
      .getByRole('row', { name: /Refresh requested.*the token has leaked/ })
      .waitFor();
    const after = await world.admin<View>('/access_token');
    expect(after.fingerprint).not.toBe(before.fingerprint);
    expect(world.wechat.callsFor(OWN.appId).stableForced).toBe(1);

    // The next one must wait, and it says so.
    await page.getByRole('button', { name: 'Force…' }).click();
    await dialog.getByRole('button', { name: 'Force a new token' }).click();
    await page
      .getByRole('alert')
      .filter({ hasText: /Try again in/ })
      .waitFor();
  });

  it('in classic mode is forced only when its name has been typed', async () => {
    const { page } = await open('access_token:kiosk');
    const dialog = page.getByRole('dialog');
    const submit = dialog.getByRole('button', { name: 'Force a new token' });
    await page.getByRole('button', { name: 'Force…' }).click();
    await dialog
      .getByText(/ends the current one within five minutes/)
      .waitFor();
    const name = dialog.getByLabel('Type access_token:kiosk to confirm');
    expect(await submit.isDisabled()).toBe(true);
    await name.fill('access_token:kios');
    await page.keyboard.press('Enter');
    expect(await submit.isDisabled()).toBe(true);
    expect(world.wechat.callsFor(KIOSK.appId).classic).toBe(1);

    await name.fill('access_token:kiosk');
    await expect.poll(() => submit.isDisabled()).toBe(false);
    await submit.click();
    await page.getByText(/^Refreshed: the token is now/).waitFor();
    expect(world.wechat.callsFor(KIOSK.appId).classic).toBe(2);
  });

  it("shows WeChat's own quota on demand", async () => {
    const { page } = await open('access_token');
    const asked = world.wechat.callsFor(OWN.appId).business;
    await page.getByRole('button', { name: 'Check quota' }).click();
    for (const path of [
      '/cgi-bin/token',
      '/cgi-bin/stable_token',
      '/cgi-bin/ticket/getticket',
    ])
      await page.getByRole('rowheader', { name: path, exact: true }).waitFor();
    expect(world.wechat.callsFor(OWN.appId).business).toBeGreaterThan(asked);
  });

  it('is only shown to a key that may only read', async () => {
    const { page } = await open('access_token:news', KEYS.reader);
    const calls = world.wechat.callsFor(NEWS.appId).total;
    await page.getByRole('button', { name: 'Refresh', exact: true }).click();
    await page
      .getByRole('alert')
      .filter({ hasText: /lacks the scope tokens:refresh/ })
      .waitFor();
    expect(world.wechat.callsFor(NEWS.appId).total).toBe(calls);
    const asked = await history('access_token:news');
    expect(asked.map(({ type }) => type)).not.toContain('asked');
  });
});
