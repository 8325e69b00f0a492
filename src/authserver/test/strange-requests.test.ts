/**
 * What oidc-provider leaves to whoever runs it: prototype pollution, parameters twice, size, and time spent on what is
 * long. Each is tried at the endpoints, with the process that answers in this one.
 */
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SECRET, startAuthorizationServer, type AuthorizationServerProcess } from './authorization-server.fixture.ts';
import { answerAt, ask, authorizeUrl, codeFor, newVerifier, redeem } from './code-flow.fixture.ts';

const basic = { authorization: `Basic ${Buffer.from(`c2:${SECRET}`).toString('base64')}` };

async function post(
  process: Pick<AuthorizationServerProcess, 'url'>,
  path: string,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
) {
  const response = await fetch(new URL(path, process.url), {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: typeof body === 'string' ? body : new Uint8Array(body),
  });
  const text = await response.text();
  return {
    status: response.status,
    text,
    body: (text.startsWith('{') ? JSON.parse(text) : {}) as Record<string, unknown>,
  };
}

const ownKeys = () => [Object.prototype, Array.prototype, Function.prototype].map((one) => Reflect.ownKeys(one));
const before = ownKeys();

/** What every object of this process has is what it had. */
function expectUntouched(): void {
  expect(ownKeys()).toEqual(before);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
}

describe('prototype pollution', () => {
  let process: AuthorizationServerProcess;
  beforeEach(async () => {
    process = await startAuthorizationServer('sqlite');
  });
  afterEach(expectUntouched);
  const NAMES = [
    '__proto__',
    '__proto__[polluted]',
    '__proto__.polluted',
    'constructor',
    'constructor[prototype][polluted]',
    'prototype',
    'hasOwnProperty',
    'toString',
  ];

  test('by names of parameters, in the address and in bodies', async () => {
    const { browser } = await process.person('alice');
    for (const name of NAMES) {
      const encoded = `${encodeURIComponent(name)}=yes`;
      const seen = await browser.get(`${authorizeUrl(process, newVerifier())}&${encoded}`);
      expect([name, seen.status]).toEqual([name, 303]);
      for (const path of [
        '/oauth/token',
        '/oauth/revoke',
        '/oauth/introspect',
        '/oauth/par',
        '/oauth/device',
        '/oauth/userinfo',
      ])
        expect((await post(process, path, `${encoded}&${encoded}&client_id=c1`)).status).toBeLessThan(500);
    }
  });

  test('by values that name what every object has', async () => {
    const { browser } = await process.person('alice');
    for (const value of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf']) {
      const granted = await post(process, '/oauth/token', `grant_type=${value}&client_id=c1`);
      expect([value, granted.status, granted.body['error']]).toEqual([value, 400, 'unsupported_grant_type']);
      for (const field of [
        'client_id',
        'scope',
        'resource',
        'prompt',
        'response_type',
        'response_mode',
        'code_challenge_method',
        'claims',
        'max_age',
        'id_token_hint',
      ]) {
        const seen = await browser.get(authorizeUrl(process, newVerifier(), { [field]: value }));
        expect([field, value, seen.status < 500]).toEqual([field, value, true]);
        expect(seen.text).not.toContain('[native code]');
      }
      expect((await post(process, '/oauth/introspect', `token=${value}&token_type_hint=${value}`, basic)).body).toEqual(
        { active: false },
      );
      for (const page of [
        `/console/connections?after=${value}`,
        `/oauth/logout?client_id=${value}`,
        `/console/sign-in?after=${value}`,
        `/console/account?after=${value}`,
      ]) {
        const seen = await browser.get(page);
        expect([page, seen.status < 500]).toEqual([page, true]);
        expect(seen.text).not.toContain('[native code]');
      }
    }
  });

  test('by a registration in JSON', async () => {
    const pollution = '{"polluted":"yes","client_name":"from the prototype","firstParty":true}';
    for (const body of [
      `{"redirect_uris":["https://d.test/cb"],"__proto__":${pollution}}`,
      `{"redirect_uris":["https://d.test/cb"],"constructor":{"prototype":${pollution}}}`,
      `{"redirect_uris":["https://d.test/cb"],"jwks":{"__proto__":${pollution},"keys":[]},"token_endpoint_auth_method":"none"}`,
    ]) {
      const { status, body: answer } = await post(process, '/oauth/register', body, {
        'content-type': 'application/json',
      });
      expect([201, 400]).toContain(status);
      expect(answer['client_name']).toBeUndefined();
    }
    const hidden = `{"__proto__":{"redirect_uris":["https://d.test/cb"]}}`;
    expect((await post(process, '/oauth/register', hidden, { 'content-type': 'application/json' })).body['error']).toBe(
      'invalid_redirect_uri',
    );
  });

  test('by claims and headers of tokens that clients bring', async () => {
    const part = (text: string): string => Buffer.from(text).toString('base64url');
    const proto = '"__proto__":{"polluted":"yes","sub":"c2","alg":"none"}';
    const jwt = `${part(`{"alg":"ES256","typ":"JWT",${proto}}`)}.${part(`{"iss":"c2","sub":"c2","aud":"x",${proto}}`)}.${part('x')}`;
    const { browser } = await process.person('alice');
    for (const token of [
      jwt,
      `${part(`{${proto}}`)}.${part(`{${proto}}`)}.`,
      `${part('null')}.${part('null')}.x`,
      `${part('[]')}.${part('"__proto__"')}.x`,
    ]) {
      const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
      const form = new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion: token,
        client_assertion_type: type,
      });
      expect((await post(process, '/oauth/token', form.toString())).status).toBeLessThan(500);
      expect(
        (await post(process, '/oauth/token', 'grant_type=client_credentials', { ...basic, dpop: token })).status,
      ).toBe(400);
      expect((await post(process, '/oauth/introspect', new URLSearchParams({ token }).toString(), basic)).body).toEqual(
        { active: false },
      );
      expect((await post(process, '/oauth/revoke', new URLSearchParams({ token }).toString(), basic)).status).toBe(200);
      expect((await browser.get(`/oauth/logout?id_token_hint=${token}`)).status).toBe(400);
      expect((await browser.get(authorizeUrl(process, newVerifier(), { id_token_hint: token }))).status).toBeLessThan(
        500,
      );
      expect((await process.server.verifier.verify(token)).ok).toBe(false);
    }
  });
});

describe('a parameter that is there twice (RFC 6749 §3.1)', () => {
  test('is refused wherever it is, also with the same value', async () => {
    const process = await startAuthorizationServer('sqlite');
    const { browser } = await process.person('alice');
    const verifier = newVerifier();
    const url = authorizeUrl(process, verifier);
    for (const name of ['scope', 'state', 'response_type', 'code_challenge', 'nonce', 'prompt']) {
      const value = new URL(url, process.url).searchParams.get(name) ?? 'x';
      const extra = `&${name}=${encodeURIComponent(value)}`.repeat(name === 'nonce' || name === 'prompt' ? 2 : 1);
      expect([name, answerAt((await browser.get(url + extra)).to).get('error')]).toEqual([name, 'invalid_request']);
    }
    // To whom a code would go cannot be known: nobody is sent anywhere. A place that is registered alone still can be.
    for (const extra of ['&client_id=c1', '&client_id=c2']) {
      const seen = await browser.get(url + extra);
      expect([extra, seen.status, seen.to]).toEqual([extra, 400, undefined]);
    }
    for (const place of ['https://evil.test/', 'https://c1.test/cb']) {
      const { to = '' } = await browser.get(`${url}&redirect_uri=${encodeURIComponent(place)}`);
      expect([new URL(to).origin, answerAt(to).get('error')]).toEqual(['https://c1.test', 'invalid_request']);
    }
    const code = await codeFor(process, browser, verifier);
    const form = `grant_type=authorization_code&client_id=c1&redirect_uri=https%3A%2F%2Fc1.test%2Fcb&code=${code}&code_verifier=${verifier}`;
    for (const twice of [
      'grant_type=authorization_code',
      'client_id=c1',
      'client_id=c2',
      `code=${code}`,
      'code=other',
      `code_verifier=${verifier}`,
    ])
      expect([twice, (await post(process, '/oauth/token', `${form}&${twice}`)).body['error']]).toEqual([
        twice,
        'invalid_request',
      ]);
    for (const [path, fields] of [
      ['/oauth/introspect', 'token=a&token=b'],
      ['/oauth/revoke', 'token=a&token=b'],
      ['/oauth/token', 'grant_type=client_credentials&scope=a&scope=b'],
    ] as const)
      expect([path, (await post(process, path, fields, basic)).body['error']]).toEqual([path, 'invalid_request']);
    // Nothing of that used the code up.
    expect((await redeem(process, code, verifier)).status).toBe(200);
  });

  test('of several resources at once none is chosen (RFC 8707 §2)', async () => {
    const process = await startAuthorizationServer('sqlite');
    const { browser } = await process.person('alice');
    const two = `${authorizeUrl(process, newVerifier())}&resource=${encodeURIComponent(`${process.resource}/flights`)}`;
    expect(answerAt((await browser.get(two)).to).get('error')).toBe('invalid_target');
    const form = `grant_type=client_credentials&scope=read:flights&resource=${process.resource}&resource=${process.resource}/flights`;
    expect((await post(process, '/oauth/token', form, basic)).body['error']).toBe('invalid_target');
    // The same one twice is one.
    const same = `grant_type=client_credentials&scope=read:flights&resource=${process.resource}&resource=${process.resource}/`;
    expect((await post(process, '/oauth/token', same, basic)).status).toBe(200);
  });
});

describe('what is too large', () => {
  test('is refused before it is kept: bodies, with and without a length, and numbers of parameters', async () => {
    const process = await startAuthorizationServer('sqlite');
    const { browser } = await process.person('alice');
    const large = `grant_type=x&client_id=${'x'.repeat(70_000)}`;
    for (const path of [
      '/oauth/token',
      '/oauth/par',
      '/oauth/introspect',
      '/oauth/revoke',
      '/oauth/device',
      '/oauth/register',
    ])
      expect([path, (await post(process, path, large)).status]).toEqual([path, 413]);
    const many = Array.from({ length: 101 }, (_, index) => `p${index}=1`).join('&');
    const refused = await post(process, '/oauth/token', many);
    expect([refused.status, refused.body['error']]).toEqual([400, 'invalid_request']);
    expect((await browser.get(`${authorizeUrl(process, newVerifier())}&${many}`)).status).toBe(400);
    // Without a length: what is told is told before all of it has come.
    const { promise, resolve } = Promise.withResolvers<string>();
    const socket = connect(Number(process.own.port), '127.0.0.1');
    let told = '';
    socket
      .on('data', (chunk) => (told += String(chunk)))
      .on('close', () => resolve(told))
      .on('error', () => resolve(told));
    socket.write(
      'POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    const chunk = `1000\r\n${'x'.repeat(0x1000)}\r\n`;
    for (let index = 0; index < 20; index++) socket.write(chunk);
    expect(await promise).toMatch(/^HTTP\/1\.1 413 /);
  });

  // An expression that goes back over what it read takes minutes at these lengths: this would not end in time.
  test('costs nobody else anything: long, nested, packed or repetitive values are answered at once', async () => {
    const process = await startAuthorizationServer('sqlite');
    const { browser } = await process.person('alice');
    const values = [
      'a'.repeat(14_000),
      'a '.repeat(6000),
      `${'a.'.repeat(6000)}!`,
      '%41'.repeat(4000),
      `https://${'a'.repeat(6000)}@${'b.'.repeat(3000)}`,
      `http://127.0.0.1:${'9'.repeat(6000)}/`,
      `${'/'.repeat(6000)}..`,
      '\u0000'.repeat(2000),
      `${'-'.repeat(6000)}A`,
    ];
    const fields = [
      'client_id',
      'redirect_uri',
      'scope',
      'resource',
      'state',
      'code_challenge',
      'prompt',
      'request_uri',
      'id_token_hint',
    ];
    for (const value of values) {
      for (const field of fields) {
        const url = authorizeUrl(process, newVerifier(), { [field]: value });
        // Longer than headers may be: the listener's to refuse (431).
        if (url.length > 15_000) continue;
        const seen = await browser.get(url);
        expect([field, seen.status < 500]).toEqual([field, true]);
      }
      for (const field of ['client_id', 'code', 'code_verifier', 'scope', 'token', 'client_assertion', 'user_code'])
        expect(
          (
            await post(
              process,
              '/oauth/token',
              new URLSearchParams({ grant_type: 'authorization_code', [field]: value }).toString(),
            )
          ).status,
        ).toBeLessThan(500);
    }
    const deep = `{"redirect_uris":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
    expect((await post(process, '/oauth/register', deep, { 'content-type': 'application/json' })).status).toBe(400);
    const claims = `${'{"a":'.repeat(1500)}1${'}'.repeat(1500)}`;
    expect((await browser.get(authorizeUrl(process, newVerifier(), { claims }))).status).toBeLessThan(500);
    // A bomb is no form: what is packed is not unpacked.
    const bomb = gzipSync(Buffer.alloc(50_000_000, 'a=b&'));
    const packed = await post(process, '/oauth/token', bomb, { 'content-encoding': 'gzip' });
    expect(packed.status).toBeGreaterThanOrEqual(400);
    expect(packed.status).toBeLessThan(500);
  });
});

test('a client that is not there and a secret that is wrong are answered alike, to the byte (RFC 6749 §5.2)', async () => {
  const process = await startAuthorizationServer('sqlite');
  const answer = async (path: string, id: string) => {
    const response = await fetch(new URL(path, process.url), {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${id}:wrong`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=client_credentials&token=x',
    });
    const { date: _, ...headers } = Object.fromEntries(response.headers);
    return { status: response.status, headers, body: await response.text() };
  };
  for (const path of ['/oauth/token', '/oauth/introspect', '/oauth/revoke', '/oauth/par', '/oauth/device']) {
    const [wrong, unknown, dynamic] = [
      await answer(path, 'c2'),
      await answer(path, 'zz'),
      await answer(path, 'dyn_00000000000000000000000000'),
    ];
    expect([path, wrong.status]).toEqual([path, 401]);
    expect(unknown).toEqual(wrong);
    expect(dynamic).toEqual(wrong);
  }
});

test('a code, a token and a user code that are not there are answered as those of somebody else', async () => {
  const process = await startAuthorizationServer('sqlite');
  const { browser } = await process.person('alice');
  const verifier = newVerifier();
  const code = await codeFor(process, browser, verifier);
  const form = { grant_type: 'authorization_code', code_verifier: verifier, redirect_uri: 'https://c1.test/cb' };
  const foreign = await ask(process, '/oauth/token', { ...form, code }, basic);
  const unknown = await ask(process, '/oauth/token', { ...form, code: 'x'.repeat(43) }, basic);
  expect([foreign.status, foreign.body]).toEqual([unknown.status, unknown.body]);
});
