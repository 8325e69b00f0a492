import { describe, expect, test } from 'vitest';
import { dialects } from '../../../test/databases.ts';
import { CALLBACK, startAuthorizationServer } from './authorization-server.fixture.ts';
import { answerAt, authorizeUrl, codeFor, newVerifier, redeem, refresh } from './code-flow.fixture.ts';

describe.each(dialects)('the authorization code flow on %s', (dialect) => {
  test('a person allows a client, which gets a token for that resource and that scope (RFC 6749 §4.1, RFC 8707)', async () => {
    const process = await startAuthorizationServer(dialect);
    const { id, browser } = await process.person('alice');
    const verifier = newVerifier();
    const page = await browser.follow(authorizeUrl(process, verifier));
    expect(page.text).toContain('Flights Desk');
    expect(page.text).toContain('read:flights');
    expect(page.text).toContain('c1.test');
    const done = await browser.decide(page, 'approve');
    const answer = answerAt(done.to);
    expect(done.to?.startsWith(`${CALLBACK}?`)).toBe(true);
    expect(answer.get('state')).toBe('the-state');
    // RFC 9207 §2.
    expect(answer.get('iss')).toBe(process.url.origin);
    const { status, body } = await redeem(process, answer.get('code') ?? '', verifier);
    expect([status, body['token_type'], body['scope']]).toEqual([200, 'Bearer', 'read:flights']);
    const verdict = await process.server.verifier.verify(body['access_token'] as string);
    expect(verdict).toMatchObject({ ok: true, value: { sub: id, aud: process.resource, clientId: 'c1' } });
    const renewed = await refresh(process, body['refresh_token'] as string);
    expect(renewed.status).toBe(200);
    expect(renewed.body['refresh_token']).not.toBe(body['refresh_token']);
  });

  test('a code is redeemed once; a second time ends what the first one got (RFC 6749 §4.1.2)', async () => {
    const process = await startAuthorizationServer(dialect);
    const { browser } = await process.person('alice');
    const verifier = newVerifier();
    const code = await codeFor(process, browser, verifier);
    const first = await redeem(process, code, verifier);
    const second = await redeem(process, code, verifier);
    expect([first.status, second.status, second.body['error']]).toEqual([200, 400, 'invalid_grant']);
    expect(await process.server.verifier.verify(first.body['access_token'] as string)).toMatchObject({
      ok: false,
      error: { reason: 'revoked' },
    });
    expect((await refresh(process, first.body['refresh_token'] as string)).body['error']).toBe('invalid_grant');
  });
});
