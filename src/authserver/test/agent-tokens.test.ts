import { decodeJwt } from 'jose';
import { describe, expect, test, vi } from 'vitest';
import { operator } from '#identity';
import { dialects } from '../../../test/databases.ts';
import { CALLBACK, startAuthorizationServer, type AuthorizationServerProcess } from './authorization-server.fixture.ts';
import { ask } from './code-flow.fixture.ts';
import { askAs, byKey, clientAssertion, programKey, proved, TOKEN_EXCHANGE } from './grant-types.fixture.ts';

const BOT = 'agent:default/booking-bot';
const forItself = (process: AuthorizationServerProcess, more: Readonly<Record<string, string>> = {}) => ({
  grant_type: 'client_credentials',
  resource: process.resource,
  scope: 'read:flights',
  ...more,
});

/** A server with an agent that has keys, and one token of it. */
async function withBot(dialect: (typeof dialects)[number] = 'sqlite') {
  const key = programKey();
  const night = programKey();
  const process = await startAuthorizationServer(dialect, undefined, {
    c1: { redirectUris: [CALLBACK] },
    night: byKey(night, { grantTypes: ['client_credentials'], agent: 'booking-bot', scopes: ['read:flights'] }),
    nobody: byKey(night, { grantTypes: ['client_credentials'] }),
    lost: byKey(night, { grantTypes: ['client_credentials'], agent: 'nobody-made-it' }),
  });
  const agent = await process.agent({ name: 'booking-bot', roles: ['user'], jwks: key.jwks });
  const { status, body } = await askAs(process, BOT, key, forItself(process));
  return { process, key, night, agent, status, body, access: body['access_token'] as string };
}

const counts = async ({ server }: AuthorizationServerProcess, token: string): Promise<boolean> =>
  (await server.verifier.verify(token)).ok;

test('an agent proves itself with its own key, and its token is the agent, for what it asked for and no more', async () => {
  const { process, agent, status, body, access } = await withBot();
  expect([status, body['scope'], body['refresh_token']]).toEqual([200, 'read:flights', undefined]);
  const verified = await process.server.verifier.verify(access);
  expect(verified.ok && verified.value).toMatchObject({
    kind: 'agent',
    iss: 'chatelaine',
    sub: agent.id,
    name: 'booking-bot',
    roles: ['user'],
    scopes: new Set(['read:flights']),
    access: new Set(['read', 'execute']),
    aud: process.resource,
    clientId: BOT,
  });
  // No token session, and so nothing that is ever exchanged for a provider's token.
  expect(verified.ok && verified.value.tsid).toBeUndefined();
  expect(decodeJwt(access)).toMatchObject({ sub: agent.id, client_id: BOT, agent: 'default/booking-bot' });
});

test('the record says which agent got a token, as which client', async () => {
  const { process, agent } = await withBot();
  const { records } = await process.audit.query({ type: 'oauth.token' }, { limit: 1 });
  expect(records[0]).toMatchObject({
    outcome: 'success',
    actor: { kind: 'agent', sub: agent.id, name: 'booking-bot' },
    object: { kind: 'client', id: BOT },
    details: { grantType: 'client_credentials', resource: process.resource },
  });
});

test('a declared client is the agent that its document says, within its own limits', async () => {
  const { process, agent, night } = await withBot();
  const asked = forItself(process, { scope: 'read:flights write:flights' });
  const { status, body } = await askAs(process, 'night', night, asked);
  expect([status, body['scope']]).toEqual([200, 'read:flights']);
  const verified = await process.server.verifier.verify(body['access_token'] as string);
  expect(verified.ok && verified.value).toMatchObject({ kind: 'agent', sub: agent.id, clientId: 'night' });
});

test.each([
  ['that is no agent', 'nobody', 'the client is no agent'],
  ['whose agent nobody made', 'lost', 'does not exist'],
])('a client %s gets no token for itself, and is told why', async (_, clientId, why) => {
  const { process, night } = await withBot();
  const { status, body } = await askAs(process, clientId, night, forItself(process));
  expect([status, body['error']]).toEqual([400, 'unauthorized_client']);
  expect(body['error_description']).toContain(why);
  expect(body).not.toHaveProperty('access_token');
});

test('a token for itself is for one resource: without one there is none (RFC 8707 §2)', async () => {
  const { process, key } = await withBot();
  for (const resource of [undefined, 'https://elsewhere.test/mcp', `${process.url.origin}/nothing`]) {
    const { resource: _, ...rest } = forItself(process);
    const asked = resource === undefined ? rest : { ...rest, resource };
    expect((await askAs(process, BOT, key, asked)).body['error']).toBe('invalid_target');
  }
});

test('an agent asks for tokens for itself alone, and with keys that it has', async () => {
  const { process, key, night, access } = await withBot();
  const exchange = { grant_type: TOKEN_EXCHANGE, subject_token: access };
  expect((await askAs(process, BOT, key, exchange)).status).toBe(400);
  expect((await askAs(process, BOT, night, forItself(process))).body['error']).toBe('invalid_client');
  const public_ = await ask(process, '/oauth/token', { ...forItself(process), client_id: BOT });
  expect(public_.body['error']).toBe('invalid_client');
  await process.agent({ name: 'keyless', roles: ['user'] });
  expect((await askAs(process, 'agent:default/keyless', key, forItself(process))).body['error']).toBe('invalid_client');
});

describe.each(dialects)('on %s', (dialect) => {
  test('an agent that is disabled is cut off at once, and soon in another process', async () => {
    const { process, key, access } = await withBot(dialect);
    const other = await startAuthorizationServer(dialect, process);
    expect([await counts(process, access), await counts(other, access)]).toEqual([true, true]);
    await process.identity.agents.disable(operator(), 'booking-bot');
    expect(await counts(process, access)).toBe(false);
    await vi.waitFor(async () => expect(await counts(other, access)).toBe(false), { timeout: 5000, interval: 20 });
    for (const at of [process, other])
      expect((await askAs({ url: process.url, own: at.own }, BOT, key, forItself(process))).status).toBe(401);
  });

  test('a token that its agent revoked is none, at once here and soon in another process', async () => {
    const { process, key, access } = await withBot(dialect);
    const other = await startAuthorizationServer(dialect, process);
    // What is remembered there stays for as long as nothing seems to change.
    await vi.waitFor(() => expect(other.database.changes.version()).not.toBe('unknown'), { timeout: 5000 });
    expect([await counts(process, access), await counts(other, access)]).toEqual([true, true]);
    const form = { token: access, ...proved(await clientAssertion(process, BOT, key)) };
    expect((await ask(process, '/oauth/revoke', form)).status).toBe(200);
    expect(await counts(process, access)).toBe(false);
    await vi.waitFor(async () => expect(await counts(other, access)).toBe(false), { timeout: 5000, interval: 20 });
  });
});
