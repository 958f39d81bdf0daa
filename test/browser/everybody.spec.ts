import axe, { type Result } from 'axe-core';
import type { Page } from 'playwright-core';
import { useBrowser } from '../support/browser.js';
import { listShown, openToken, storageOf } from '../support/console-page.js';
import { ConsoleWorld, KEYS } from '../support/console-world.js';

const FAILING = 'access_token:news';

describe('for everybody', () => {
  const browser = useBrowser();
  let world: ConsoleWorld;
  beforeAll(async () => {
    world = await ConsoleWorld.start();
    await world.settled();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  /** Each view of the console, one after the other. */
  const eachView = async (
    page: Page,
    inLanguage: Readonly<Record<'key' | 'force', string>>,
    look: (view: string) => Promise<void>,
  ) => {
    await page.locator('input:focus').waitFor();
    await look('sign-in');
    await page.getByLabel(inLanguage.key).fill(KEYS.operator);
    await page.keyboard.press('Enter');
    await listShown(page);
    await look('list');
    await openToken(page, FAILING);
    await look('token');
    await page.getByRole('button', { name: inLanguage.force }).click();
    await page.locator('dialog[open]').waitFor();
    await look('dialog');
  };
  const ENGLISH = { key: 'API key', force: 'Force…' };

  it.each(['light', 'dark'] as const)(
    'axe finds nothing on any view, in the %s theme',
    async (colorScheme) => {
      const { page } = await browser.open(world.console, {
        colorScheme,
        // What is half faded in has half of its contrast.
        reducedMotion: 'reduce',
      });
      const found: string[] = [];
      await eachView(page, ENGLISH, async (view) => {
        await page.evaluate(axe.source);
        const violations: Result[] = await page.evaluate(
          'axe.run({ resultTypes: ["violations"] }).then(({ violations }) => violations)',
        );
        for (const { id, help, nodes } of violations)
          for (const { html, failureSummary } of nodes)
            found.push(`${view}: ${id}: ${help}\n${html}\n${failureSummary}`);
      });
      expect(found).toEqual([]);
    },
  );

  it('is used by the keyboard alone, and what has the focus shows it', async () => {
    const { page } = await browser.open(world.console);
    await page.locator('input:focus').waitFor();
    await page.keyboard.type(KEYS.operator);
    await page.keyboard.press('Enter');
    await listShown(page);
    // From the top of a page that has come to rest.
    await page.reload();
    await listShown(page);

    await page.keyboard.press('Tab');
    await page.locator('.skip-link:focus').waitFor();
    await page.keyboard.press('Enter');
    await page.locator('#content:focus').waitFor();
    await tabTo(page, `a:focus:text-is("access_token:kiosk")`);
    await page.keyboard.press('Enter');
    await page.locator('h1:focus', { hasText: 'access_token:kiosk' }).waitFor();
    await page.locator('.token[data-state=ready] figure').first().waitFor();
    await page.locator('.history tr[data-type]').first().waitFor();

    await tabTo(page, 'button:focus:text-is("Force…")');
    await page.keyboard.press('Enter');
    await page.locator('dialog[open] :focus').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'hidden' });
    await page.locator('button:focus:text-is("Force…")').waitFor();

    await page.keyboard.press('Enter');
    await page.locator('dialog[open] input:focus').waitFor();
    await page.keyboard.type('access_token:kiosk');
    await tabTo(page, 'dialog button:focus:text-is("Force a new token")');
    await page.keyboard.press('Enter');
    await page.getByText(/^Refreshed: the token is now/).waitFor();
  });

  it('is Chinese in a Chinese browser, and in another one once that was chosen', async () => {
    const { page } = await browser.open(world.console, {
      locale: 'zh-CN',
      timezoneId: 'Asia/Shanghai',
    });
    await eachView(page, { key: 'API key', force: '强制' }, async (view) => {
      const text = await page.locator('body').innerText();
      expect(text, view).toMatch(/[\u4e00-\u9fff]{2}/);
      // What English is left are names: of tokens, accounts, settings and errors.
      expect(text, view).not.toMatch(
        /\b(?:the|Status|Life|Refresh|Valid|Missing|Failures)\b/,
      );
    });
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN');

    const { page: english } = await browser.open(world.console);
    await english.getByLabel('Language').selectOption('中文');
    await english.getByRole('heading', { name: '登录' }).waitFor();
    await english.getByLabel('主题').selectOption('深色');
    await english.reload();
    await english.getByRole('heading', { name: '登录' }).waitFor();
    expect((await storageOf(english)).local).toEqual({
      language: 'zh',
      theme: 'dark',
    });
  });

  it('is as dark as the system, or as was chosen', async () => {
    const brightness = (page: Page) =>
      page.evaluate<number>(
        'Math.max(...getComputedStyle(document.documentElement).backgroundColor.match(/[\\d.]+/g).slice(0, 3).map(Number))',
      );
    const { page } = await browser.open(world.console, { colorScheme: 'dark' });
    await page.locator('input:focus').waitFor();
    await expect.poll(() => brightness(page)).toBeLessThan(60);
    await page.getByLabel('Theme').selectOption('Light');
    await expect.poll(() => brightness(page)).toBeGreaterThan(230);
  });

  it('fits a telephone: 390 px, and nothing scrolls sideways', async () => {
    const { page } = await browser.open(world.console, {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      isMobile: true,
    });
    await eachView(page, ENGLISH, async (view) => {
      const wide = () => page.evaluate('document.documentElement.scrollWidth');
      await expect.poll(wide, { message: view }).toBeLessThanOrEqual(390);
      const outside = await page.evaluate(`
        [...document.querySelectorAll('a, button, input, select')]
          .filter((one) => one.checkVisibility() && !one.matches('.skip-link'))
          .filter((one) => one.getBoundingClientRect().right > 391 || one.getBoundingClientRect().left < -1)
          .map((one) => one.outerHTML)`);
      expect(outside, view).toEqual([]);
    });
  });

  it('does not move where the viewer wants no motion', async () => {
    const moving = async (reducedMotion: 'reduce' | 'no-preference') => {
      const { page } = await browser.open(world.console, { reducedMotion });
      let found = 0;
      await eachView(page, ENGLISH, async () => {
        found += await page.evaluate<number>(`
          [...document.querySelectorAll('*')]
            .map((one) => getComputedStyle(one))
            .flatMap((style) => [...style.transitionDuration.split(','), ...(style.animationName === 'none' ? [] : style.animationDuration.split(','))])
            .filter((duration) => parseFloat(duration) > 0.01).length`);
      });
      return found;
    };
    expect(await moving('no-preference')).toBeGreaterThan(0);
    expect(await moving('reduce')).toBe(0);
  });
});

/** Presses Tab until that selector is found. Whatever has the focus on the way must be seen to have it. */
async function tabTo(page: Page, selector: string): Promise<void> {
  for (let presses = 0; presses < 100; presses++) {
    await page.keyboard.press('Tab');
    const { mark, html } = await page.evaluate<Focused>(`(() => {
      const one = document.activeElement;
      const { outlineStyle, boxShadow } = getComputedStyle(one);
      const isPage = one === document.body;
      return { mark: isPage || outlineStyle !== 'none' || boxShadow !== 'none', html: one.outerHTML };
    })()`);
    expect(mark, html).toBe(true);
    if ((await page.locator(selector).count()) > 0) return;
  }
  throw new Error(`Tab never reached ${selector}`);
}

interface Focused {
  readonly mark: boolean;
  readonly html: string;
}
