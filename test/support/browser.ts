import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { launchChromium } from '../../scripts/chromium.mjs';

/** How long a page may take for anything that is waited for: a busy machine makes a test slower, never red. */
export const PATIENCE_MS = 120_000;

/** A tab of its own, with its own storage. */
export interface Tab {
  readonly page: Page;
  /** The address of every request so far. */
  readonly requests: readonly string[];
  /** What the page has written to its console as an error, and what it has thrown. */
  readonly errors: readonly string[];
}

/**
 * One Chromium for the tests of a spec file, English and light unless a tab asks for something else. After each test the tabs are closed;
 * one that has asked another machine for anything fails it.
 */
export function useBrowser(): {
  open(url: string, options?: BrowserContextOptions): Promise<Tab>;
} {
  let browser: Browser;
  let foreign: string[] = [];
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await tell(browser);
    await Promise.all(browser.contexts().map((context) => context.close()));
    const asked = foreign;
    foreign = [];
    expect(asked).toEqual([]);
  });

  return {
    async open(url, options) {
      const context = await browser.newContext({
        locale: 'en-US',
        timezoneId: 'Europe/Berlin',
        colorScheme: 'light',
        viewport: { width: 1280, height: 800 },
        ...options,
      });
      context.setDefaultTimeout(PATIENCE_MS);
      const requests: string[] = [];
      const errors: string[] = [];
      context.on('request', (request) => {
        requests.push(request.url());
        if (!isLocal(request.url())) foreign.push(request.url());
      });
      const page = await context.newPage();
      page.on('console', (message) => {
        if (message.type() === 'error') errors.push(message.text());
      });
      page.on('pageerror', (error) => errors.push(String(error)));
      await page.goto(url);
      return { page, requests, errors };
    },
  };
}

/** What is to be read on the pages, for the log of a test that fails. */
async function tell(browser: Browser): Promise<void> {
  for (const page of browser.contexts().flatMap((one) => one.pages())) {
    const text = await page.locator('body').innerText();
    process.stdout.write(`[page] ${page.url()}\n${text}\n`);
  }
}

function isLocal(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return (
    protocol === 'data:' || protocol === 'blob:' || hostname === '127.0.0.1'
  );
}
