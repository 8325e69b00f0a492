/** Tokens that are bound to a key, at the doors: who gets in with one, and with whose proof (RFC 9449 §7). */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, test } from 'vitest';
import { openDatabase } from '#db';
import { systemClock } from '#kernel';
import { raw } from './wire.fixture.ts';
import { dialects, emptyPlace, type TestPlace } from '../../../test/databases.ts';
import { proofKey, prove, type ProofKey, type ProofOf } from '../../../test/dpop.ts';
import { AUDIENCE, startIssuer, type TestIssuer } from '../../../test/issuer.ts';
import { authServicesOf, challengeOf, KEY, openDoors, type Doors } from './token-doors.fixture.ts';

const SECRET = randomBytes(32);
let issuer: TestIssuer;
let key: ProofKey;
let doors: Doors;
beforeAll(async () => {
  issuer = await startIssuer();
  key = await proofKey();
});
afterAll(() => issuer[Symbol.asyncDispose]());
beforeEach(async () => {
  doors = await openBeside(await emptyPlace('sqlite'));
  onTestFinished(() => doors[Symbol.asyncDispose]());
});

/** A process over that database. */
async function openBeside(at: TestPlace, clock: { now(): number } = systemClock): Promise<Doors> {
  const database = await openDatabase({ ...at.place, clock });
  const services = authServicesOf(
    `kind: authService\nname: mine\ntype: generic\naudience: ${AUDIENCE}\nauthorizationServer: ${issuer.url}\nmcpEnabled: true\n`,
  );
  const opened = await openDoors({
    services: () => services,
    confirmation: { database, nonceSecret: async () => SECRET },
    clock,
  });
  return {
    ...opened,
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      await database.close();
    },
  };
}

const bound = (by = key, claims: Record<string, unknown> = {}): Promise<string> =>
  issuer.token({ cnf: { jkt: by.jkt }, ...claims });

interface Sent {
  readonly token: string;
  readonly proof?: string | undefined;
  readonly scheme?: string;
  readonly path?: string;
}

const send = (at: Doors, { token, proof, scheme = 'DPoP', path = '/api/tool/open/invoke' }: Sent): Promise<Response> =>
  fetch(at.url + path, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Authorization: `${scheme} ${token}`,
      ...(proof !== undefined && { DPoP: proof }),
    },
    body: '{}',
  });

const proofAt = (at: Doors, token: string, of: Partial<ProofOf> = {}, by = key): Promise<string> =>
  prove(by, { url: `${at.url}/api/tool/open/invoke`, token, ...of });

/** The challenge of the scheme DPoP in an answer. */
const dpopOf = (response: Response): Record<string, string> => {
  const [, said = ''] = (response.headers.get('www-authenticate') ?? '').split('DPoP ');
  return challengeOf(new Response(null, { headers: { 'www-authenticate': said } }));
};

describe('a token that is bound to a key', () => {
  it('opens REST and MCP to whoever proves the key, each time anew', async () => {
    const token = await bound();
    for (let time = 0; time < 3; time++)
      expect((await send(doors, { token, proof: await proofAt(doors, token) })).status).toBe(200);
    const url = `${doors.url}/mcp`;
    const listed = await fetch(url, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        Accept: 'application/json, text/event-stream',
        Authorization: `dpop ${token}`,
        DPoP: await prove(key, { url, token }),
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
    });
    expect([listed.status, await listed.text()]).toEqual([200, expect.stringContaining('open')]);
  });

  it('is verified once for many calls, and its proof at every one', async () => {
    const token = await bound();
    for (let call = 0; call < 20; call++)
      expect((await send(doors, { token, proof: await proofAt(doors, token) })).status).toBe(200);
    expect(doors.resources.counts()['default/mine']).toEqual({ signatures: 1, introspections: 0 });
    expect((await send(doors, { token, proof: await proofAt(doors, token, { claims: { htm: 'GET' } }) })).status).toBe(
      401,
    );
  });

  it('AS-074: as a bearer token is refused, remembered or not, and the challenge asks for a proof', async () => {
    const token = await bound();
    for (const scheme of ['Bearer', 'bearer']) {
      for (const proof of [undefined, await proofAt(doors, token)]) {
        const refused = await send(doors, { token, scheme, proof });
        expect([refused.status, dpopOf(refused)['error']]).toEqual([401, 'invalid_token']);
        expect(dpopOf(refused)['algs']).toContain('ES256');
        expect(await refused.json()).toMatchObject({ code: 'PROOF_REFUSED' });
      }
      await send(doors, { token, proof: await proofAt(doors, token) });
    }
    expect(doors.trail.events).toContainEqual(
      expect.objectContaining({
        type: 'authentication',
        outcome: 'denied',
        details: expect.objectContaining({ reason: 'mismatch' }),
      }),
    );
  });

  it.each<[what: string, of: Partial<ProofOf>]>([
    ['for another method', { claims: { htm: 'GET' } }],
    ['for another URL', { claims: { htu: 'http://localhost/api/tool/open/invoke' } }],
    ['for another token', { token: 'another' }],
    ['without a digest of the token', { token: undefined }],
  ])('AS-074: is refused with a proof %s', async (_, of) => {
    const token = await bound();
    const refused = await send(doors, { token, proof: await proofAt(doors, token, { ...{ token }, ...of }) });
    expect([refused.status, dpopOf(refused)['error']]).toEqual([401, 'invalid_dpop_proof']);
  });

  it('AS-074: is refused with the proof of another key, with none and with two', async () => {
    const token = await bound();
    const thief = await proofKey();
    const foreign = await send(doors, { token, proof: await proofAt(doors, token, {}, thief) });
    expect([foreign.status, dpopOf(foreign)['error']]).toEqual([401, 'invalid_token']);
    expect((await send(doors, { token })).status).toBe(401);
    const [one, two] = [await proofAt(doors, token), await proofAt(doors, token)];
    const { port } = new URL(doors.url);
    const answer = await raw(
      Number(port),
      `POST /api/tool/open/invoke HTTP/1.1\r\nHost: localhost:${port}\r\nAuthorization: DPoP ${token}\r\nDPoP: ${one}\r\ndpop: ${two}\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 401 [^]*more than one DPoP header/);
  });

  it('is a client’s whose clock is wrong, once it proves with the nonce that it is given', async () => {
    const token = await bound();
    const iat = 1_700_000_000;
    const refused = await send(doors, { token, proof: await proofAt(doors, token, { claims: { iat } }) });
    const nonce = refused.headers.get('dpop-nonce');
    expect([refused.status, dpopOf(refused)['error'], nonce]).toEqual([401, 'use_dpop_nonce', expect.any(String)]);
    const proof = await proofAt(doors, token, { claims: { iat, nonce } });
    expect((await send(doors, { token, proof })).status).toBe(200);
  });

  it('binds to nothing else that we would not check', async () => {
    for (const cnf of [
      { kid: 'a' },
      {},
      { jkt: key.jkt, jwk: key.jwk },
      { jkt: 'short' },
      'text',
      null,
      { jkt: [key.jkt] },
    ]) {
      const token = await issuer.token({ cnf });
      expect((await send(doors, { token, proof: await proofAt(doors, token) })).status).toBe(401);
      expect((await send(doors, { token, scheme: 'Bearer' })).status).toBe(401);
    }
  });

  it('that an introspection endpoint tells of is asked for its proof as well', async () => {
    issuer.opaque.set('opaque-1', { active: true, ...issuer.claims({ cnf: { jkt: key.jkt } }) });
    const token = 'opaque-1';
    expect((await send(doors, { token, scheme: 'Bearer' })).status).toBe(401);
    expect((await send(doors, { token, proof: await proofAt(doors, token) })).status).toBe(200);
  });

  it('is none beside a credential, where nothing is proved', async () => {
    const headers = { Authorization: `Bearer ${KEY}`, 'Content-Type': 'application/json', mine_token: await bound() };
    const answer = await fetch(`${doors.url}/api/tool/guarded/invoke`, { method: 'POST', headers, body: '{}' });
    expect(answer.status).toBe(401);
  });
});

describe('AS-074: what is bound to no key', () => {
  it('is refused as DPoP, a key like a token, also with a proof', async () => {
    for (const token of [KEY, await issuer.token()]) {
      for (const proof of [undefined, await proofAt(doors, token)]) {
        const refused = await send(doors, { token, proof });
        expect([refused.status, dpopOf(refused)['error']]).toEqual([401, 'invalid_token']);
      }
      expect((await send(doors, { token, scheme: 'Bearer' })).status).toBe(200);
    }
  });
});

test('whoever presents nothing is told both schemes, Bearer first; metadata say what proofs are signed with', async () => {
  const refused = await fetch(`${doors.url}/mcp`, { method: 'POST' });
  expect(refused.headers.get('www-authenticate')).toMatch(
    /^Bearer realm="chatelaine", resource_metadata="[^"]+", DPoP realm="chatelaine", algs="ES256 [^"]+"$/,
  );
  const metadata = await (await fetch(`${doors.url}/.well-known/oauth-protected-resource/mcp`)).json();
  expect(metadata).toMatchObject({ dpop_signing_alg_values_supported: expect.arrayContaining(['ES256', 'EdDSA']) });
  expect(metadata).not.toHaveProperty('tls_client_certificate_bound_access_tokens');
});

test('a stream that a proof opened goes on when its token is asked about again, and ends with the token', async () => {
  let now = Date.now();
  await using opened = await openBeside(await emptyPlace('sqlite'), { now: () => now });
  const token = await bound();
  const url = `${opened.url}/mcp`;
  const headers = async (method: string) => ({
    'Content-Type': 'application/json',
    Accept: method === 'GET' ? 'text/event-stream' : 'application/json, text/event-stream',
    Authorization: `DPoP ${token}`,
    DPoP: await prove(key, { method, url, token }),
  });
  const initialize = {
    ...{ jsonrpc: '2.0', id: 1, method: 'initialize' },
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
  };
  const session = await fetch(url, {
    method: 'POST',
    headers: await headers('POST'),
    body: JSON.stringify(initialize),
  });
  const id = session.headers.get('mcp-session-id') ?? '';
  const stream = await fetch(url, { headers: { ...(await headers('GET')), 'Mcp-Session-Id': id } });
  expect(stream.status).toBe(200);
  const { streams } = opened.gateway.services;
  await streams.round();
  await streams.round();
  expect(streams.size).toBe(1);
  now += 3_600_000;
  await streams.round();
  await stream.text();
  expect(streams.size).toBe(0);
});

describe.each(dialects)('AS-074: a proof on %s', (dialect) => {
  test('counts once: not again, not in another process, not after a restart, not for one of many at once', async () => {
    const at = await emptyPlace(dialect);
    const [one, other] = [await openBeside(at), await openBeside(at)];
    // Both processes answer for one URL.
    other.resources.reachedAt(new URL(one.url));
    const token = await bound();
    const proof = await proofAt(one, token);
    expect((await send(one, { token, proof })).status).toBe(200);
    for (const process of [one, other]) {
      const again = await send(process, { token, proof });
      expect([again.status, dpopOf(again)['error']]).toEqual([401, 'invalid_dpop_proof']);
    }
    const crowd = await proofAt(one, token);
    const statuses = await Promise.all(
      Array.from(
        { length: 20 },
        async (_, turn) => (await send(turn % 2 ? one : other, { token, proof: crowd })).status,
      ),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    await one[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
    const restarted = await openBeside(at);
    restarted.resources.reachedAt(new URL(one.url));
    onTestFinished(() => restarted[Symbol.asyncDispose]());
    expect((await send(restarted, { token, proof })).status).toBe(401);
    expect((await send(restarted, { token, proof: await proofAt(one, token) })).status).toBe(200);
  });
});
