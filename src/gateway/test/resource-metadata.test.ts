/** What doors say of whose tokens open them (RFC 9728), and what a token of our own issuer opens. */
import {
  checkResourceAllowed,
  discoverOAuthProtectedResourceMetadata,
  extractWWWAuthenticateParams,
} from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '#contract';
import { err, ok } from '#kernel';
import type { Issuer } from '#resource-server';
import { AUDIENCE, startIssuer, type TestIssuer } from '../../../test/issuer.ts';
import { authServicesOf, call, challengeOf, KEY, listed, openDoors, type Doors } from './token-doors.fixture.ts';

let issuer: TestIssuer;
let doors: Doors;

const service = (of: TestIssuer, fields = ''): string => `
kind: authService
name: mine
type: generic
audience: ${AUDIENCE}
authorizationServer: ${of.url}
mcpEnabled: true
scopesRequired: [read]
${fields}
`;

beforeAll(async () => {
  issuer = await startIssuer();
  const services = authServicesOf(service(issuer));
  doors = await openDoors({ services: () => services });
});
afterAll(async () => {
  await doors[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

const metadataAt = (path: string, init: RequestInit = {}, at = doors): Promise<Response> =>
  fetch(`${at.url}/.well-known/oauth-protected-resource${path}`, init);

describe('the metadata of a door', () => {
  const table: [path: string, resource: string, scopes: string[]][] = [
    ['', '/mcp', ['read', 'write']],
    ['/mcp', '/mcp', ['read', 'write']],
    ['/mcp/', '/mcp', ['read', 'write']],
    ['/mcp/n/default', '/mcp', ['read', 'write']],
    ['/mcp/few', '/mcp/few', ['read']],
    ['/mcp/writing', '/mcp/writing', ['read', 'write']],
    ['/api', '/api', ['read', 'write']],
  ];
  it.each(table)(
    'at `%s` are those of %s, with the scopes of what is seen there (RFC 9728 §2)',
    async (path, resource, scopes) => {
      const response = await metadataAt(path);
      expect(await response.json()).toEqual({
        resource: `${doors.url}${resource}`,
        authorization_servers: [issuer.url],
        scopes_supported: scopes,
        bearer_methods_supported: ['header'],
        resource_name: 'Chatelaine',
      });
    },
  );

  it('may be kept, and read by pages of any origin, which may call nothing else', async () => {
    const headers = { Origin: 'https://inspector.example' };
    const response = await metadataAt('/mcp', { headers });
    expect([
      response.status,
      response.headers.get('cache-control'),
      response.headers.get('access-control-allow-origin'),
    ]).toEqual([200, 'public, max-age=300', '*']);
    const preflight = await metadataAt('/mcp', { method: 'OPTIONS', headers });
    expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([
      204,
      'MCP-Protocol-Version',
    ]);
    expect((await fetch(`${doors.url}/mcp`, { method: 'POST', headers })).status).toBe(403);
  });

  it.each(['/mcp/nothing', '/mcp/n/team', '/mcp/n/nowhere', '/api/n/team', '/api/v1', '/mcp/s/default/x', '/console'])(
    'are not there for a door that is not, or that no issuer opens: %s',
    async (path) => expect((await metadataAt(path)).status).toBe(404),
  );

  it('answer GET and HEAD, and at no foreign host', async () => {
    expect((await metadataAt('/mcp', { method: 'POST' })).status).toBe(405);
    expect((await metadataAt('/mcp', { method: 'HEAD' })).status).toBe(200);
  });

  it('are not there without an issuer, and no challenge names them', async () => {
    await using closed = await openDoors({ services: () => NONE });
    expect((await metadataAt('', {}, closed)).status).toBe(404);
    const response = await fetch(`${closed.url}/mcp`);
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="chatelaine"']);
  });

  it.each(['/mcp', '/mcp/few', '/mcp/n/default/few'])(
    'are found by the official client, from the challenge and without it: %s',
    async (path) => {
      const url = `${doors.url}${path}`;
      const { resourceMetadataUrl, scope } = extractWWWAuthenticateParams(await fetch(url, { method: 'POST' }));
      expect(scope).toBe('read');
      const told = resourceMetadataUrl && { resourceMetadataUrl };
      const [followed, guessed] = [
        await discoverOAuthProtectedResourceMetadata(url, told),
        await discoverOAuthProtectedResourceMetadata(url),
      ];
      expect(followed).toEqual(guessed);
      expect(followed.authorization_servers).toEqual([issuer.url]);
      // By another spelling of the door it is another URL, which the client does not take for the resource.
      const isAllowed = checkResourceAllowed({ requestedResource: url, configuredResource: followed.resource });
      expect(isAllowed).toBe(!path.startsWith('/mcp/n/default'));
    },
  );

  it('follow the configuration, and what a service accepted ends with it', async () => {
    let services = authServicesOf(service(issuer));
    await using changing = await openDoors({ services: () => services });
    const token = await issuer.token();
    expect((await call(`${changing.url}/mcp`, token, 'open')).status).toBe(200);
    services = authServicesOf(service(issuer));
    expect((await call(`${changing.url}/mcp`, token, 'open')).status).toBe(200);
    // The same document: its keys were not fetched again.
    expect(changing.resources.counts()['default/mine']?.signatures).toBe(2);
    services = [];
    expect((await call(`${changing.url}/mcp`, token, 'open')).status).toBe(401);
    expect((await metadataAt('', {}, changing)).status).toBe(404);
  });
});

const NONE: readonly never[] = [];

describe('a token of our own issuer', () => {
  const OWN = 'https://own.example';
  let own: Doors;
  let asked: unknown[] = [];
  const person = (aud: string | undefined): Principal => ({
    kind: 'user',
    iss: OWN,
    sub: 'alice',
    name: 'alice',
    namespace: 'default',
    roles: ['user'],
    access: new Set(['read', 'execute']),
    groups: [],
    scopes: new Set(['read', 'write']),
    via: { method: 'token', issuer: OWN },
    ...(aud !== undefined && { aud }),
  });
  // A stand-in for the authorization server: it reads the audience, and trusts whatever is signed with `good`.
  const issuers: Issuer[] = [
    {
      issuer: OWN,
      verifier: {
        verify(token, facts) {
          asked.push(facts?.resource);
          const [, payload, signature] = token.split('.');
          const { aud } = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString()) as { aud?: string };
          return signature === 'good' ? ok(person(aud)) : err({ reason: 'mismatch' });
        },
      },
    },
  ];
  const token = (path: string | undefined, signature = 'good'): string =>
    [
      { alg: 'ES256' },
      { iss: OWN, ...(path !== undefined && { aud: path.startsWith('/') ? `${own.url}${path}` : path }) },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .concat(signature)
      .join('.');

  beforeAll(async () => {
    const services = authServicesOf(service(issuer));
    own = await openDoors({ services: () => services, issuers: () => issuers });
  });
  afterAll(() => own[Symbol.asyncDispose]());

  const statusAt = async (path: string, aud: string | undefined): Promise<number> =>
    path.startsWith('/mcp')
      ? (await call(`${own.url}${path}`, token(aud), 'open')).status
      : (await fetch(`${own.url}${path}`, { headers: { Authorization: `Bearer ${token(aud)}` } })).status;

  it.each([
    ['/mcp', '/mcp', 200],
    ['/mcp', '/mcp/few', 200],
    ['/mcp', '/api/toolset', 200],
    ['/mcp', '/mcp/n/team', 401],
    ['/mcp', '/api/v1/users', 404],
    ['/mcp/few', '/mcp/few', 200],
    ['/mcp/few', '/mcp', 200],
    ['/mcp/few', '/mcp/writing', 401],
    ['/mcp/few', '/api/toolset', 401],
    ['/mcp/s/default/x', '/mcp', 401],
    ['/mcp/s/default/far', '/mcp/s/default/far', 200],
    ['/mcp/s/default/far', '/mcp/s/default/far/', 200],
    ['/mcp/s/default/far', '/mcp', 401],
    ['/mcp/s/default/far', '/mcp/s/default/near', 401],
    ['/mcp/s/default/far', '/api/toolset', 401],
    ['/mcp', '/mcp/s/default/far', 401],
    ['/mcp/few', '/mcp/s/default/far', 401],
    ['/api/v1', '/mcp', 401],
    ['/mcp/', '/mcp', 401],
    ['https://elsewhere.example/mcp', '/mcp', 401],
    [undefined, '/mcp', 401],
  ])('MCP-006: for %s opens %s: %i', async (aud, path, status) => {
    expect(await statusAt(path, aud)).toBe(status);
  });

  it('for a toolset sees that toolset alone, also at `/mcp`', async () => {
    expect(await listed(`${own.url}/mcp`, token('/mcp/few'))).toEqual(['open']);
    expect(await listed(`${own.url}/mcp`, token('/mcp'))).toEqual(['open', 'write', 'whoami', 'guarded']);
    const outside = await call(`${own.url}/mcp`, token('/mcp/few'), 'write');
    expect(await outside.json()).toMatchObject({ error: { code: -32602 } });
  });

  it('is shown to its own verifier, with the resource that is asked for', async () => {
    asked = [];
    await statusAt('/mcp/n/default/few/', '/mcp');
    expect(asked).toEqual([{ kind: 'mcp', namespace: 'default', toolset: 'few' }]);
    expect((await call(`${own.url}/mcp`, token('/mcp', 'bad'), 'open')).status).toBe(401);
  });

  it('is of the issuer that stands first in metadata, and alone opens the administrative API', async () => {
    const read = async (path: string): Promise<unknown> =>
      ((await (await metadataAt(path, {}, own)).json()) as { authorization_servers: unknown }).authorization_servers;
    expect([await read('/mcp'), await read('/api/v1'), await read('/mcp/n/team')]).toEqual([
      [OWN, issuer.url],
      [OWN],
      [OWN],
    ]);
  });

  it('alone opens the door of one server, whose metadata name no other issuer', async () => {
    const read = await metadataAt('/mcp/s/default/far', {}, own);
    expect(await read.json()).toMatchObject({
      resource: `${own.url}/mcp/s/default/far`,
      authorization_servers: [OWN],
      scopes_supported: expect.not.arrayContaining(['write']) as string[],
    });
    expect((await metadataAt('/mcp/s/default/nobody', {}, own)).status).toBe(404);
  });

  it('needs the scopes that everybody needs', async () => {
    const response = await call(`${own.url}/mcp`, KEY, 'open');
    expect([response.status, challengeOf(response)['scope']]).toEqual([403, 'read']);
    expect(await statusAt('/mcp', '/mcp')).toBe(200);
  });
});
