import type { Locator, Page } from 'playwright-core';

export async function signIn(page: Page, key: string): Promise<void> {
  await page.getByLabel('API key').fill(key);
  await page.keyboard.press('Enter');
}

/** Resolves once the list, its charts and its stream are there: nothing of it comes later by itself. */
export async function listShown(page: Page): Promise<void> {
  await live(page);
  await page.locator('.fleet[data-state=ready] figure').first().waitFor();
}

export async function live(page: Page): Promise<void> {
  await page.locator('[data-state][data-connection=live]').waitFor();
}

export function rows(page: Page): Locator {
  return page.locator('tr[data-name]');
}

export function rowOf(page: Page, name: string): Locator {
  return page.locator(`tr[data-name="${name}"]`);
}

/** Shows one token, and resolves once all of it is there. */
export async function openToken(page: Page, name: string): Promise<void> {
  await page.getByRole('link', { name, exact: true }).click();
  await tokenShown(page, name);
}

export async function tokenShown(page: Page, name: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
  await live(page);
  await page.locator('.token[data-state=ready] figure').first().waitFor();
  await page.locator('.budget-left').waitFor();
  await page.locator('.history tr[data-type]').first().waitFor();
}

/** What this origin has stored in the browser. What runs in the page is text: the tests are compiled without the types of a DOM. */
export function storageOf(page: Page): Promise<{
  readonly session: Readonly<Record<string, string>>;
  readonly local: Readonly<Record<string, string>>;
  readonly cookie: string;
}> {
  return page.evaluate(
    '({ session: { ...sessionStorage }, local: { ...localStorage }, cookie: document.cookie })',
  );
}

/** To the page, its tab is in the background or is seen. */
export async function setVisibility(
  page: Page,
  state: 'hidden' | 'visible',
): Promise<void> {
  await page.evaluate(`
    for (const [name, value] of [['visibilityState', '${state}'], ['hidden', ${state === 'hidden'}]])
      Object.defineProperty(document, name, { value, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  `);
}

/** From now on: what has moved without being touched, as JSON. */
export async function watchShifts(
  page: Page,
): Promise<() => Promise<string[]>> {
  await page.evaluate(`
    window.shifts = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries())
        window.shifts.push(JSON.stringify({ ...entry.toJSON(), of: entry.sources.map(({ node }) => node?.outerHTML) }));
    }).observe({ type: 'layout-shift' });
  `);
  return () => page.evaluate('window.shifts');
}
