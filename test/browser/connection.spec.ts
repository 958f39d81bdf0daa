import { useBrowser } from '../support/browser.js';
import {
  listShown,
  live,
  rowOf,
  setVisibility,
  signIn,
} from '../support/console-page.js';
import { ConsoleWorld, KEYS } from '../support/console-world.js';

const NAME = 'access_token';

describe('a lost connection', () => {
  const browser = useBrowser();
  let world: ConsoleWorld;
  beforeAll(async () => {
    world = await ConsoleWorld.start();
    await world.settled();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  it('is said, and made good by itself: what was missed is shown', async () => {
    const { page } = await browser.open(world.console);
    await signIn(page, KEYS.reader);
    await listShown(page);

    await world.line.refuse();
    await page.getByText('What you see may be out of date.').waitFor();
    await page.getByText(/Reconnecting/).waitFor();
    await page.getByRole('button', { name: 'Reconnect now' }).click();
    // The list stays readable.
    expect(await rowOf(page, NAME).count()).toBe(1);

    await world.line.passThrough();
    const fingerprint = await world.rotate();
    await live(page);
    await rowOf(page, NAME).getByText(fingerprint).waitFor();
    expect(await page.getByText('may be out of date').count()).toBe(0);
  });

  it('a hidden tab asks for nothing, and is up to date once it is seen again', async () => {
    const { page, requests } = await browser.open(world.console);
    await signIn(page, KEYS.reader);
    await listShown(page);

    const ended = page.waitForEvent('requestfailed', {
      predicate: (request) => request.url().includes('/stream'),
    });
    await setVisibility(page, 'hidden');
    await ended;
    const before = requests.length;
    const fingerprint = await world.rotate();
    expect(requests.length).toBe(before);

    await setVisibility(page, 'visible');
    await live(page);
    await rowOf(page, NAME).getByText(fingerprint).waitFor();
    expect(requests.slice(before).join('\n')).toContain('/stream');
  });
});
