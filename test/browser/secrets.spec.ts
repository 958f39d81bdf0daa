import { useBrowser } from '../support/browser.js';
import {
  listShown,
  openToken,
  signIn,
  storageOf,
} from '../support/console-page.js';
import {
  ConsoleWorld,
  KEYS,
  KIOSK,
  NEWS,
  OWN,
  SHOP,
} from '../support/console-world.js';

describe('what the browser gets to see', () => {
  const browser = useBrowser();
  let world: ConsoleWorld;
  beforeAll(async () => {
    world = await ConsoleWorld.start();
    await world.settled();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  it('is no token and no AppSecret, and the key nowhere but in its own place and a header', async () => {
    const { page, requests, errors } = await browser.open(world.console);
    const answers: Promise<string>[] = [];
    const logged: string[] = [];
    page.on('console', (message) => logged.push(message.text()));
    page.on('response', (response) => {
      if (!response.url().includes('/stream'))
        answers.push(response.text().catch(() => ''));
    });
    const shown: string[] = [];
    const look = async () => {
      const fields = await page
        .locator('input')
        .evaluateAll((all) =>
          all.map((one) => ('value' in one ? String(one.value) : '')),
        );
      shown.push(await page.content(), ...fields, page.url());
    };

    await signIn(page, KEYS.operator);
    await listShown(page);
    await look();
    await openToken(page, 'access_token:news');
    await look();
    await page.getByRole('link', { name: /All tokens/ }).click();
    await listShown(page);
    await openToken(page, 'access_token');
    await page.getByRole('button', { name: 'Force…' }).click();
    await page.getByRole('button', { name: 'Force a new token' }).click();
    await page.getByText(/^Refreshed/).waitFor();
    await page.getByRole('button', { name: 'Check quota' }).click();
    await page
      .getByRole('rowheader', { name: '/cgi-bin/stable_token' })
      .waitFor();
    await look();

    const { session, local, cookie } = await storageOf(page);
    const { [Object.keys(session)[0] ?? '']: kept, ...others } = session;
    expect(kept).toBe(KEYS.operator);
    shown.push(
      ...(await Promise.all(answers)),
      ...requests,
      ...logged,
      ...errors,
    );
    shown.push(JSON.stringify([others, local, cookie]));
    const all = shown.join('\n');
    const secrets = [
      ...world.wechat.issuedTokens,
      ...[OWN, KIOSK, NEWS, SHOP].map(({ appSecret }) => appSecret),
      KEYS.operator,
    ];
    expect(world.wechat.issuedTokens.length).toBeGreaterThan(2);
    // The search would find one: a token's fingerprint is there.
    const { fingerprint } = await world.admin<{ fingerprint: string }>(
      '/access_token',
    );
    expect(all).toContain(fingerprint);
    for (const secret of secrets) {
      expect(all.includes(secret)).toBe(false);
      expect(all.includes(encodeURIComponent(secret))).toBe(false);
    }
  });
});
