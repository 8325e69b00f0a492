/** The way through a provider in a real browser, which holds pages to their policy, without a script. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { launchBrowser, missingBrowser, picture, whySkipped } from '../../../test/chromium.ts';
import { CALLBACK } from './authorization-server.fixture.ts';
import { authorizeUrl, newVerifier } from './code-flow.fixture.ts';
import { startFederated } from './federated.fixture.ts';

// A browser comes with no npm package: where there is none the title says so.
describe.skipIf(missingBrowser !== undefined)(`in a real browser${whySkipped}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => await browser?.close());

  test.each([
    ['wide and light', { width: 1000, colorScheme: 'light' as const }],
    ['dark, and narrow as a telephone', { width: 390, colorScheme: 'dark' as const }],
  ])('somebody signs in at the provider, allows a program, links an account and ends it; %s', async (name, look) => {
    const federated = await startFederated();
    const { process } = federated;
    federated.company.accounts.set('ana', { name: 'Ana Ruiz', preferred_username: 'ana' });
    const context = await browser.newContext({
      baseURL: process.url.origin,
      javaScriptEnabled: false,
      colorScheme: look.colorScheme,
      viewport: { width: look.width, height: 800 },
    });
    onTestFinished(() => context.close());
    await context.route(`${CALLBACK}**`, (route) => route.fulfill({ body: 'the client' }));
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        complaints.push(message.text());
    });
    const shot = (of: string): Promise<void> => picture(page, `${of}-${look.colorScheme}`);

    await page.goto(authorizeUrl(process, newVerifier()));
    await shot('sign-in');
    await page.getByText('Sign in with a name and a password').click();
    expect(await page.getByLabel('Password').isVisible()).toBe(true);
    await shot('sign-in-open');
    await page.getByRole('button', { name: 'Continue with Acme' }).click();
    await page.getByRole('heading', { name: 'Allow this program?' }).waitFor();
    await shot('consent');
    await page.getByRole('button', { name: 'Allow', exact: true }).click();
    await page.waitForURL(`${CALLBACK}?**`);

    await page.goto('/console/connections');
    await shot('connections');
    await page.getByRole('button', { name: 'Connect your account at GitHub' }).click();
    await page.getByText('The account is connected.').waitFor();
    await shot('connections-linked');
    await page.getByRole('button', { name: 'Disconnect your account at GitHub' }).click();
    await page.getByText('The account is disconnected.').waitFor();
    const { id } = (await process.users.list()).items[0] as { id: string };
    await page.goto(`/console/connections/link?owner=default/gateway&upstream=github&sub=${id}`);
    await shot('link');
    federated.github.account = undefined;
    await page.getByRole('button', { name: 'Connect your account at GitHub' }).click();
    await page.getByRole('heading', { name: 'That did not work' }).waitFor();
    await shot('refused');
    await page.getByRole('link', { name: 'Back to where you began' }).click();
    await page.getByRole('heading', { name: 'Connections' }).waitFor();
    expect(complaints, name).toEqual([]);
  });
});
