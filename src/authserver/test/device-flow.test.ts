import { expect, test } from 'vitest';
import { startAuthorizationServer } from './authorization-server.fixture.ts';
import type { Browser, Seen } from '../../../test/browser.ts';
import { ask } from './code-flow.fixture.ts';

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const clients = { tv: { displayName: 'Wall Display', grantTypes: ['device_code', 'refresh_token'] } };

const field = (page: Seen, name: string): string =>
  new RegExp(`name="${name}" value="([^"]*)"`).exec(page.text)?.[1] ?? '';

async function enter(browser: Browser, code: string): Promise<Seen> {
  const page = await browser.get(`/oauth/device/verify?user_code=${code}`);
  expect(page.text).toContain(code);
  expect(page.text).not.toContain('<script');
  return browser.post('/oauth/device/verify', { xsrf: field(page, 'xsrf'), user_code: code });
}

test('a program on another device is let in by its code (RFC 8628)', async () => {
  const process = await startAuthorizationServer('sqlite', undefined, clients);
  const { id, browser } = await process.person('alice');
  const wanted = { client_id: 'tv', scope: 'read:flights', resource: process.resource };
  const { body } = await ask(process, '/oauth/device', wanted);
  const poll = () =>
    ask(process, '/oauth/token', { grant_type: DEVICE, client_id: 'tv', device_code: body['device_code'] as string });
  expect((await poll()).body['error']).toBe('authorization_pending');
  const confirm = await enter(browser, body['user_code'] as string);
  expect(confirm.text).toContain('Wall Display');
  const fields = { xsrf: field(confirm, 'xsrf'), user_code: field(confirm, 'user_code'), confirm: 'yes' };
  const asked = await browser.post('/oauth/device/verify', fields);
  const consent = await browser.follow(asked.to ?? '');
  expect(consent.text).toContain('read:flights');
  expect((await browser.decide(consent, 'approve')).text).toContain('signed in');
  const { status, body: tokens } = await poll();
  expect(status).toBe(200);
  expect(await process.server.verifier.verify(tokens['access_token'] as string)).toMatchObject({
    ok: true,
    value: { sub: id, clientId: 'tv', aud: process.resource },
  });
  expect((await poll()).body['error']).toBe('invalid_grant');
});

test('a code that is sent away is denied, and one that is guessed is none (RFC 8628 §3.5)', async () => {
  const process = await startAuthorizationServer('sqlite', undefined, clients);
  const { browser } = await process.person('alice');
  const { body } = await ask(process, '/oauth/device', {
    client_id: 'tv',
    scope: 'read:flights',
    resource: process.resource,
  });
  expect((await enter(browser, 'BBBB-BBBB')).text).toContain('no such code');
  const confirm = await enter(browser, body['user_code'] as string);
  const fields = { xsrf: field(confirm, 'xsrf'), user_code: field(confirm, 'user_code'), abort: 'yes' };
  await browser.post('/oauth/device/verify', fields);
  const form = { grant_type: DEVICE, client_id: 'tv', device_code: body['device_code'] as string };
  expect((await ask(process, '/oauth/token', form)).body['error']).toBe('access_denied');
});
