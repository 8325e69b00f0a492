import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { launchBrowser, missingBrowser, picture, whySkipped } from '../../../../test/chromium.ts';
import { serveDesk } from './pages.fixture.ts';

// A browser comes with no npm package: where there is none the title says so.
describe.skipIf(missingBrowser !== undefined)(`in a real browser${whySkipped}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => await browser?.close());

  async function open(options: { readonly scheme?: 'light' | 'dark'; readonly width?: number } = {}) {
    const desk = await serveDesk();
    const [ann, claude] = [await desk.person('ann'), await desk.agent('claude')];
    const context = await browser.newContext({
      baseURL: desk.url.href,
      javaScriptEnabled: false,
      colorScheme: options.scheme ?? 'light',
      viewport: { width: options.width ?? 1000, height: 900 },
    });
    onTestFinished(() => context.close());
    await context.addCookies([{ name: 'chatelaine', value: await desk.session(ann.sub), url: desk.url.href }]);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().startsWith('Failed to load')) complaints.push(message.text());
    });
    return { desk, ann, claude, page, complaints };
  }

  const ARGS = { iban: 'CH93 0076 2011 6238 5295 7', amount: 1200.5, note: 'rent for\u200b March', tags: ['a', 'b'] };

  test('a person looks at a call and approves it, without a script', async () => {
    const { desk, claude, page, complaints } = await open();
    const { id } = await desk.claim(claude, ARGS);
    await page.goto('/console/approvals');
    await picture(page, 'approvals');
    await page.getByRole('link', { name: 'Look' }).click();
    await picture(page, 'approval');
    expect(await page.getByRole('alert').textContent()).toContain('There is a character below that one does not see');
    expect(await page.locator('mark').allTextContents()).toEqual(['U+200B']);
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByText('It is approved').waitFor();
    expect(page.url()).toMatch(new RegExp(`${id}$`));
    await picture(page, 'approval-given');
    expect((await desk.claim(claude, ARGS)).outcome).toBe('let through');
    expect(complaints).toEqual([]);
  });

  test('and refuses it with a reason, on a small screen in the dark', async () => {
    const { desk, claude, page, complaints } = await open({ scheme: 'dark', width: 390 });
    const { id } = await desk.claim(claude, ARGS);
    await page.goto(`/console/approvals/${id}`);
    await picture(page, 'approval-dark');
    const overflow = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
    expect(overflow).toBe(false);
    await page.getByLabel('Reason').fill('the wrong account');
    await page.getByRole('button', { name: 'Refuse' }).click();
    await page.getByText('It was refused').waitFor();
    expect((await desk.claim(claude, ARGS)).outcome).toBe('APPROVAL_REFUSED');
    expect(complaints).toEqual([]);
  });
});
