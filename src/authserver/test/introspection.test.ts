import { describe, expect, test, vi } from 'vitest';
import { oauthClientSchema } from '#contract';
import { dialects } from '../../../test/databases.ts';
import {
  CLIENTS,
  SECRET,
  startAuthorizationServer,
  type AuthorizationServerProcess,
  type Clients,
} from './authorization-server.fixture.ts';
import { ask, codeFor, newVerifier, redeem, refresh } from './code-flow.fixture.ts';

const basic = (id: string) => ({ authorization: `Basic ${Buffer.from(`${id}:${SECRET}`).toString('base64')}` });

/** Two processes, and the servers of two resources as clients: of the one door there is, and of another. */
async function withServers(dialect: 'sqlite' | 'postgres') {
  const clients: Clients = { ...CLIENTS };
  const process = await startAuthorizationServer(dialect, undefined, clients);
  const server = (introspects: string[]) => ({
    ...{ clientSecret: SECRET, tokenEndpointAuthMethod: 'client_secret_basic' },
    ...{ grantTypes: [], introspects },
  });
  clients['rs1'] = server([`${process.resource}/`]);
  clients['rs2'] = server([`${process.resource}/flights`, 'https://other.test/mcp']);
  const other = await startAuthorizationServer(dialect, process, clients);
  return { process, there: { url: other.own }, other };
}

async function tokens(process: AuthorizationServerProcess) {
  const { browser, id } = await process.person('alice');
  const verifier = newVerifier();
  const { body } = await redeem(process, await codeFor(process, browser, verifier), verifier);
  return { id, access: body['access_token'] as string, refreshToken: body['refresh_token'] as string };
}

describe.each(dialects)('on %s, at two processes', (dialect) => {
  test('AS-058: the server of a resource learns of tokens for it, and of none for another (RFC 7662 §4)', async () => {
    const { process, there } = await withServers(dialect);
    const { id, access, refreshToken } = await tokens(process);
    for (const at of [process, there]) {
      const asked = await ask(at, '/oauth/introspect', { token: access }, basic('rs1'));
      expect(asked.body).toMatchObject({
        ...{ active: true, sub: id, client_id: 'c1', scope: 'read:flights', aud: process.resource },
        ...{ iss: process.url.origin, token_type: 'Bearer' },
      });
      for (const [client, token] of [
        ['rs2', access],
        ['rs1', refreshToken],
        ['rs1', 'unknown'],
        ['rs1', `${access.slice(0, -6)}AAAAAA`],
        ['c2', access],
      ] as const)
        expect((await ask(at, '/oauth/introspect', { token }, basic(client))).body).toEqual({ active: false });
      expect((await ask(at, '/oauth/introspect', { token: access, client_id: 'c1' })).body).toEqual({ active: false });
    }
  });

  test('a client takes back its own access token, and its refresh token with all that came of it (RFC 7009)', async () => {
    const { process, there, other } = await withServers(dialect);
    const gone = async (access: string): Promise<void> => {
      await vi.waitFor(
        async () => {
          expect((await other.server.verifier.verify(access)).ok).toBe(false);
          expect((await process.server.verifier.verify(access)).ok).toBe(false);
        },
        { timeout: 5000, interval: 50 },
      );
      expect((await ask(there, '/oauth/introspect', { token: access }, basic('rs1'))).body).toEqual({ active: false });
    };
    const first = await tokens(process);
    expect((await other.server.verifier.verify(first.access)).ok).toBe(true);
    expect((await ask(there, '/oauth/revoke', { client_id: 'c1', token: first.access })).status).toBe(200);
    await gone(first.access);
    const second = await tokens(process);
    const { body } = await refresh(process, second.refreshToken);
    const newest = body['refresh_token'] as string;
    // A resource server may ask, and take nothing back that is not its own.
    expect((await ask(there, '/oauth/revoke', { token: newest }, basic('rs1'))).status).toBe(200);
    expect((await ask(there, '/oauth/introspect', { token: second.access }, basic('rs1'))).body['active']).toBe(true);
    expect((await ask(there, '/oauth/revoke', { client_id: 'c1', token: newest })).status).toBe(200);
    await gone(second.access);
    await gone(body['access_token'] as string);
    expect((await refresh(process, newest)).body['error']).toBe('invalid_grant');
  });
});

test('who asks about tokens has to prove who it is, and need not ask for any', () => {
  const parse = (fields: object) =>
    oauthClientSchema
      .safeParse({ kind: 'client', name: 'rs', clientId: 'rs', introspects: ['https://tools.test/mcp'], ...fields })
      .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  const proven = { tokenEndpointAuthMethod: 'client_secret_basic', clientSecret: SECRET, grantTypes: [] };
  expect(parse(proven)).toBeUndefined();
  expect(parse({ grantTypes: [] })?.join()).toContain('RFC 7662 §2.1');
  expect(parse({ ...proven, introspects: [] })?.join()).toContain('asks for no token');
  expect(parse({ ...proven, introspects: ['not a URL'] })?.join()).toContain('introspects.0');
});
