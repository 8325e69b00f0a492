import { describe, expect, test } from 'vitest';
import { startAuthorizationServer } from './authorization-server.fixture.ts';
import type { Seen } from '../../../test/browser.ts';
import { authorizeUrl, newVerifier } from './code-flow.fixture.ts';

const DOCUMENT = 'https://app.test/client.json';

async function visitor(documents: ReadonlyMap<string, object> = new Map()) {
  const process = await startAuthorizationServer('sqlite', undefined, undefined, true, { documents });
  const { browser } = await process.person('alice');
  const at = (more: Readonly<Record<string, string | undefined>>) => authorizeUrl(process, newVerifier(), more);
  return { process, browser, at };
}

/** A page that leads nowhere, in the order in which it is read out. */
function expectPage(seen: Seen): void {
  expect([seen.status, seen.to, seen.headers.get('refresh')]).toEqual([400, undefined, null]);
  expect(seen.headers.get('content-type')).toContain('text/html');
  expect(seen.headers.get('cache-control')).toContain('no-store');
  expect(seen.text).toContain('<html lang="en">');
  expect(seen.text).toMatch(/<main>\s*<h1>/);
  expect(seen.text).toMatch(/role="alert"/);
  expect(seen.text).toMatch(/Request r\d+/);
  expect(seen.text).not.toMatch(/<script|\son\w+=|javascript:/i);
}

describe('a request that must not lead back', () => {
  test('says in plain words that the program is not known, or wants to go where it may not', async () => {
    const { browser, at } = await visitor();
    const unknown = await browser.get(at({ client_id: 'nobody' }));
    expectPage(unknown);
    expect(unknown.text).toContain('does not know the program');
    expect(unknown.text).toContain('invalid_client');
    const elsewhere = await browser.get(at({ redirect_uri: 'https://evil.test/cb' }));
    expectPage(elsewhere);
    expect(elsewhere.text).toContain('has not registered');
    expect(elsewhere.text).not.toContain('href="https://evil.test');
    expectPage(await browser.get(at({ client_id: undefined })));
  });

  test('says what is wrong with a client’s document, for who wrote it, and repeats it as text', async () => {
    const documents = new Map<string, object>([
      [DOCUMENT, { client_id: 'https://app.test/other.json', redirect_uris: ['https://app.test/cb'] }],
      ['https://b.test/c.json', { client_id: 'https://b.test/c.json', redirect_uris: ['http://b.test/cb'] }],
      [
        'https://c.test/c.json',
        {
          ...{ client_id: 'https://c.test/c.json', redirect_uris: ['https://c.test/cb'] },
          token_endpoint_auth_method: '<img src=x onerror=alert(1)>',
        },
      ],
    ]);
    const { browser, at } = await visitor(documents);
    const why = async (client_id: string): Promise<string> => {
      const seen = await browser.get(at({ client_id, redirect_uri: 'https://app.test/cb' }));
      expectPage(seen);
      return seen.text;
    };
    expect(await why(DOCUMENT)).toContain('its `client_id` is not the URL that it was fetched from');
    expect(await why('https://b.test/c.json')).toContain('redirect_uris[0]');
    expect(await why('https://c.test/c.json')).toContain('token_endpoint_auth_method');
    expect(await why('https://nothing.test/c.json')).toContain('cannot be fetched');
    expect(await why('https://app.test/../client.json')).toContain('climbs');
    expect(await why('https://app.test/"><script>alert(1)</script>')).toContain('not written as URLs are');
  });

  test('AS-029: what is wrong and what was sent stand there as text, whatever it is', async () => {
    const { browser, at } = await visitor();
    for (const bad of ['"><img src=x onerror=alert(1)>', '&lt;script&gt;', '\u202egnp.exe', 'x'.repeat(3000)]) {
      for (const field of ['client_id', 'redirect_uri', 'scope', 'response_type', 'state', 'code_challenge'])
        expect((await browser.get(at({ redirect_uri: 'https://evil.test', [field]: bad }))).text).not.toContain(
          '<img src=x',
        );
    }
  });

  test('is JSON for a program that asks for it (RFC 6749 §5.2)', async () => {
    const { process, at } = await visitor();
    const seen = await fetch(new URL(at({ client_id: 'nobody' }), process.url), {
      headers: { accept: 'application/json' },
      redirect: 'manual',
    });
    expect([seen.status, seen.headers.get('location')]).toEqual([400, null]);
    expect(await seen.json()).toMatchObject({ error: 'invalid_client', error_description: 'client is invalid' });
  });
});
