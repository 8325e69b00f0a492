import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { contrastOf, themeSchema } from '#contract';
import { documentOf, html, readAssets, signInPages } from '#identity';
import { silentLogger } from '#kernel';
import { lighterAccent } from '../pages/theme.ts';
import { startSignIn } from './sign-in.fixture.ts';

const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script><rect width="8" height="8"/></svg>';
const PNG = Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), Buffer.alloc(32)]);

function fileOf(name: string, bytes: string | Buffer): string {
  const folder = mkdtempSync(join(tmpdir(), 'chatelaine-theme-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

/** The pages with a theme, on a listener. */
async function serve(theme: Parameters<typeof readAssets>[0]) {
  const { services } = await startSignIn('sqlite');
  const pages = signInPages({ services, log: silentLogger, ...(theme && { theme }) });
  const server = createServer((request, response) => {
    void pages.handle(request, response, { requestId: 'r', address: '192.0.2.1', headers: [] });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const get = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };
  return { get, port };
}

test('the pages have the name, the logo, the colour and the way to help, under a policy that is as strict as before', async () => {
  const theme = themeSchema.parse({
    name: '<b>Acme</b> & "Sons"',
    logo: fileOf('logo.svg', SVG),
    accentColor: '#7A1F1F',
    supportUrl: 'https://help.test/?a=1&b="2"',
  });
  const { get } = await serve(theme);
  const { text, headers } = await get('/console/sign-in');
  expect(text).toContain('<title>Sign in · &lt;b&gt;Acme&lt;/b&gt; &amp; &quot;Sons&quot;</title>');
  expect(text).not.toContain('<b>Acme');
  expect(text).toContain('href="https://help.test/?a=1&amp;b=&quot;2&quot;"');
  expect(text).not.toContain('Chatelaine');
  const policy = headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'; style-src 'self'; img-src 'self'; script-src 'none'");
  expect(policy).not.toMatch(/unsafe|data:|https:/);
  expect(text).not.toMatch(/\sstyle=|<style/);
  const style = await get(/href="([^"]+\.css)"/.exec(text)?.[1] ?? '');
  expect(style.text).toContain('--accent:#7a1f1f');
  const logo = await get(/<img src="([^"]+)"/.exec(text)?.[1] ?? '');
  expect([logo.status, logo.headers.get('content-type'), logo.text]).toEqual([200, 'image/svg+xml', SVG]);
  // Opened by itself it is a document, in which a script would run as one of ours.
  expect(logo.headers.get('content-security-policy')).toMatch(/default-src 'none'.*sandbox/);
});

test('without a theme nothing looks or is called otherwise', async () => {
  const { get } = await serve(undefined);
  const { text } = await get('/console/sign-in');
  expect(text).toContain('<title>Sign in · Chatelaine</title>');
  expect(text).not.toContain('<footer>');
  const style = await get(/href="([^"]+\.css)"/.exec(text)?.[1] ?? '');
  expect(style.text).not.toContain('prefers-color-scheme:dark');
});

test('a page of ours is called as the theme says', () => {
  const { text } = documentOf({ title: 'T', body: html`x`, assets: readAssets(themeSchema.parse({ name: 'Acme' })) });
  expect(text).toContain('<title>T · Acme</title>');
});

test('a PNG is one by its bytes, whatever it is called', () => {
  const { mark } = readAssets(themeSchema.parse({ logo: fileOf('logo.svg', PNG) }));
  expect([mark.type, mark.path.endsWith('.png')]).toEqual(['image/png', true]);
});

describe('a logo that is none is refused', () => {
  test.each([
    ['because nothing is there', () => join(tmpdir(), 'chatelaine-nothing', 'logo.svg'), /cannot be read/],
    ['because it is too large', () => fileOf('logo.svg', SVG + ' '.repeat(64 * 1024)), /larger than 65536/],
    ['because it is a page', () => fileOf('logo.svg', '<html><svg></svg></html>'), /neither an SVG nor a PNG/],
    ['because it is a script', () => fileOf('logo.png', 'alert(1)'), /neither an SVG nor a PNG/],
  ])('%s', (_, file, said) => {
    const read = (): unknown => readAssets(themeSchema.parse({ logo: file() }));
    expect(read).toThrow(said);
    expect(read).toThrow(expect.objectContaining({ code: 'THEME_LOGO_UNUSABLE' }));
  });
});

test('whatever colour is let in, on dark pages it can be read too', () => {
  const channel = fc.integer({ min: 0, max: 255 }).map((value) => value.toString(16).padStart(2, '0'));
  fc.assert(
    fc.property(fc.tuple(channel, channel, channel), (channels) => {
      const accentColor = `#${channels.join('')}`;
      fc.pre(themeSchema.safeParse({ accentColor }).success);
      const lighter = lighterAccent(accentColor);
      expect(contrastOf(lighter, '#1e2324')).toBeGreaterThanOrEqual(4.5);
      expect(contrastOf(lighter, '#10201f')).toBeGreaterThanOrEqual(4.5);
    }),
    { numRuns: 500 },
  );
});
