/** The browser of the machine, for pages that are held to their policy by one. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A browser comes with no npm package; `.ci/run` installs one, and where there is none the title says so. */
export const missingBrowser = existsSync(CHROMIUM) ? undefined : `there is no ${CHROMIUM}`;

/** Behind the title of a suite that needs it: why it is skipped, where it is. */
export const whySkipped = missingBrowser === undefined ? '' : ` (skipped: ${missingBrowser})`;

export const launchBrowser = (): Promise<Browser> => chromium.launch({ executablePath: CHROMIUM, args: FLAGS });

/** With `CHATELAINE_SCREENSHOTS=folder` each page leaves its picture there. */
const PICTURES = process.env['CHATELAINE_SCREENSHOTS'];

export async function picture(page: Page, name: string): Promise<void> {
  if (PICTURES === undefined) return;
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
}
