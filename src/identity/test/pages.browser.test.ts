import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { launchBrowser, missingBrowser, picture, whySkipped } from '../../../test/chromium.ts';
import { reveal, Secret } from '#kernel';
import { codeAt, stepAt } from '../second-factors/totp.ts';
import { servePages } from './page-visitor.fixture.ts';
import { PASSWORD, startSignIn } from './sign-in.fixture.ts';

const SYSTEM = {
  door: 'system' as const,
  actor: { kind: 'system' as const, iss: 'chatelaine', sub: 'serve', name: 'serve' },
};

// A browser comes with no npm package: where there is none the title says so.
describe.skipIf(missingBrowser !== undefined)(`in a real browser${whySkipped}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => await browser?.close());

  /** The pages at `localhost`, where browsers have passkeys without TLS. */
  async function start(options: { scripts?: boolean; scheme?: 'light' | 'dark'; width?: number } = {}) {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://localhost:${(server.address() as AddressInfo).port}`;
    const signIn = await startSignIn('sqlite', undefined, { publicUrl: new URL(url) });
    await servePages(signIn, server);
    const context = await browser.newContext({
      baseURL: url,
      javaScriptEnabled: options.scripts ?? true,
      colorScheme: options.scheme ?? 'light',
      viewport: { width: options.width ?? 1000, height: 800 },
    });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      // Chromium reports every answer of 400 and above; those are what some of these tests ask for.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    return { ...signIn, page, context, complaints };
  }

  test('the first administrator comes in without a script, by app and code', async () => {
    const { services, page, clock } = await start({ scripts: false });
    const link = reveal((await services.setup.issue(SYSTEM, { reissue: false })) as Secret);
    await page.goto(`/console/setup?token=${link}`);
    expect(page.url()).not.toContain(link);
    await picture(page, 'setup');
    await page.getByLabel('Name to sign in with').fill('maria');
    await page.getByLabel('Your name').fill('Maria Bernasconi');
    await page.getByLabel('New password', { exact: true }).fill('maria-maria-1');
    await page.getByLabel('New password again').fill('maria-maria-1');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').textContent()).toContain('tried first');
    await picture(page, 'setup-refused');
    await page.getByLabel('New password', { exact: true }).fill(PASSWORD);
    await page.getByLabel('New password again').fill(PASSWORD);
    await page.getByRole('button', { name: 'Go on' }).click();
    await picture(page, 'enrol');
    await page.getByRole('button', { name: 'Set up an app' }).click();
    await picture(page, 'enrol-app');
    await page.getByText('Cannot scan?').click();
    const seed = new Secret(((await page.locator('.seed').textContent()) ?? '').replaceAll(/\s/g, ''));
    await page.getByLabel('Code from the app').fill(codeAt(seed, stepAt(clock.now())));
    await page.getByRole('button', { name: 'Confirm' }).click();
    expect(await page.locator('.codes li').count()).toBe(10);
    await picture(page, 'recovery-codes');
    await page.getByRole('link', { name: 'I have kept them' }).click();
    expect(await page.getByRole('heading', { name: 'Your account' }).isVisible()).toBe(true);
  });

  test('a passkey of the browser is set up, lets in, and steps up', async () => {
    const { page, context, person, clock, complaints } = await start();
    const session = await context.newCDPSession(page);
    await session.send('WebAuthn.enable');
    await session.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    await person('root', ['admin']);
    const signIn = async () => {
      await page.goto('/console/sign-in?next=/console/account');
      await page.getByLabel('Name').fill('root');
      await page.getByLabel('Password').fill(PASSWORD);
      await page.getByRole('button', { name: 'Sign in' }).click();
    };
    await signIn();
    await page.getByRole('link', { name: 'Set up a passkey' }).click();
    await picture(page, 'enrol-passkey');
    await page.getByLabel('Name of this passkey').fill('Laptop');
    await page.getByRole('button', { name: 'Set up the passkey' }).click();
    await page.getByRole('link', { name: 'I have kept them' }).click();
    await page.getByText('Laptop').waitFor();
    await picture(page, 'account');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await picture(page, 'sign-in');
    await signIn();
    await picture(page, 'second-factor');
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByRole('heading', { name: 'Your account' }).waitFor();
    clock.advance(11 * 60_000);
    await page.getByRole('button', { name: 'Make new ones' }).click();
    await picture(page, 'step-up');
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByRole('heading', { name: 'Your account' }).waitFor();
    expect(complaints).toEqual([]);
  });

  test('no passkey comes about when the person does not confirm, and the page says what to do', async () => {
    const { page, context, person } = await start();
    const session = await context.newCDPSession(page);
    await session.send('WebAuthn.enable');
    await session.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasUserVerification: true,
        isUserVerified: false,
        automaticPresenceSimulation: true,
      },
    });
    await person('root', ['admin']);
    await page.goto('/console/sign-in');
    await page.getByLabel('Name').fill('root');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'Set up a passkey' }).click();
    await page.getByRole('button', { name: 'Set up the passkey' }).click();
    await page.getByText('Nothing was confirmed.').waitFor();
    expect(await page.getByRole('button', { name: 'Set up the passkey' }).isEnabled()).toBe(true);
  });

  test('a program is let in; dark, and narrow as a telephone', async () => {
    const { page, person, services, complaints } = await start({ scheme: 'dark', width: 390 });
    await person('maria');
    const waiting = await services.programs.start(
      { address: '192.0.2.9', userAgent: '' },
      'chatelaine on maria-laptop',
    );
    await page.goto(`/console/device?code=${waiting.userCode}`);
    await page.getByLabel('Name').fill('maria');
    await page.getByLabel('Password').fill('wrong password 77');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    await picture(page, 'sign-in-refused-dark');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await picture(page, 'device-dark');
    await page.getByRole('button', { name: 'Go on' }).click();
    await picture(page, 'device-decision-dark');
    await page.getByRole('button', { name: 'Let it in' }).click();
    expect(await page.getByText('The program is signed in.').isVisible()).toBe(true);
    await page.goto('/console/account');
    await picture(page, 'account-dark-narrow');
    const overflow = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    expect(overflow).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('every field has a label, every problem is read with its field, and the keyboard reaches everything', async () => {
    const { page, person } = await start();
    await person('maria');
    await page.goto('/console/sign-in');
    expect(await page.evaluate('document.activeElement.id')).toBe('name');
    await page.keyboard.type('maria');
    await page.keyboard.press('Tab');
    await page.keyboard.type('wrong password 77');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Sign in');
    await page.keyboard.press('Enter');
    const field = page.getByLabel('Password');
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    const described = await field.getAttribute('aria-describedby');
    expect(await page.locator(`#${described}`).textContent()).toContain('not right');
    expect(await page.evaluate('document.activeElement.id')).toBe('password');
    for (const input of await page.locator('input:not([type=hidden])').all()) {
      expect(await page.locator(`label[for="${await input.getAttribute('id')}"]`).count()).toBe(1);
    }
  });
});
