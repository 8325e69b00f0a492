import { generateKeyPairSync } from 'node:crypto';
import { decodeJwt } from 'jose';
import { describe, expect, test } from 'vitest';
import { Secret } from '#kernel';
import { dialects } from '../../../../../test/databases.ts';
import { finish, PUBLIC_URL, visit } from '../../../test/federation.fixture.ts';
import { NAME, startScripted, type Strange } from './scripted-server.fixture.ts';
import { link, outcomeOf, somebody, startWith, tokenOf, wish } from './server-account.fixture.ts';

/** Client and secret of a `Basic` field (RFC 6749 §2.3.1: both are encoded as in forms). */
const basicOf = (field: string | undefined): readonly string[] | undefined =>
  field === undefined
    ? undefined
    : Buffer.from(field.replace('Basic ', ''), 'base64')
        .toString()
        .split(':')
        .map((part) => decodeURIComponent(part.replaceAll('+', ' ')));
const SECRET = 'a secret of the other side';

test.each<[string, readonly string[] | undefined, 'none' | 'basic' | 'post']>([
  ['nothing is announced (RFC 8414 §2)', undefined, 'basic'],
  ['only basic', ['client_secret_basic'], 'basic'],
  ['only post', ['client_secret_post'], 'post'],
  ['only none', ['none'], 'none'],
])('a client that registers itself authenticates as is announced: %s', async (_, announced, expected) => {
  const scripted = await startScripted({ metadata: { token_endpoint_auth_methods_supported: announced } });
  const federation = await startWith([scripted.document()]);
  await link(federation, await somebody(federation));
  const [{ form, authorization } = { form: new URLSearchParams(), authorization: undefined }] = scripted.tokens;
  expect(basicOf(authorization)).toEqual(expected === 'basic' ? ['client-1', SECRET] : undefined);
  expect(form.get('client_secret')).toBe(expected === 'post' ? SECRET : null);
  expect(form.get('client_id')).toBe(expected === 'basic' ? null : 'client-1');
});

test('where clients that register themselves get no secret, we register without one', async () => {
  const scripted = await startScripted({
    before(_, response) {
      const { url, body = '' } = scripted.http.received.at(-1) ?? {};
      if (
        url !== '/register' ||
        (JSON.parse(body) as { token_endpoint_auth_method: string }).token_endpoint_auth_method === 'none'
      )
        return false;
      response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_client_metadata"}');
      return true;
    },
  });
  const federation = await startWith([scripted.document()]);
  await link(federation, await somebody(federation));
  expect(scripted.registrations).toMatchObject([{ token_endpoint_auth_method: 'none' }]);
  expect(scripted.tokens[0]?.authorization).toBeUndefined();
});

test('what is registered: who we are, one redirect address of this server alone (RFC 7591)', async () => {
  const scripted = await startScripted();
  const publicUrl = new URL('https://tools.example');
  const federation = await startWith([scripted.document()], { publicUrl });
  await federation.legs.begin(wish(await somebody(federation)));
  expect(scripted.registrations).toEqual([
    {
      client_name: 'Chatelaine at tools.example',
      client_uri: 'https://tools.example',
      redirect_uris: [`https://tools.example/oauth/callback/${NAME}`],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      application_type: 'web',
      token_endpoint_auth_method: 'client_secret_basic',
    },
  ]);
});

test('our metadata document is who we are where such documents are taken, and nothing is registered', async () => {
  const scripted = await startScripted({ metadata: { client_id_metadata_document_supported: true } });
  const ours = await startWith([scripted.document()], { publicUrl: new URL('https://tools.example') });
  const { location } = await ours.legs.begin(wish(await somebody(ours)));
  const id = `https://tools.example/oauth/client-metadata/${NAME}`;
  expect(location.searchParams.get('client_id')).toBe(id);
  expect(ours.upstreams.clientDocument(NAME)).toMatchObject({
    client_id: id,
    redirect_uris: [location.searchParams.get('redirect_uri')],
    token_endpoint_auth_method: 'none',
  });
  expect(ours.upstreams.clientDocument('mcp~default~other')).toBeUndefined();

  const clientMetadataUrl = 'https://conformance-test.local/client-metadata.json';
  const published = await startWith([scripted.document({ clientMetadataUrl })]);
  await link(published, await somebody(published));
  expect(scripted.authorizations[0]?.get('client_id')).toBe(clientMetadataUrl);
  expect(scripted.tokens[0]?.form.get('client_id')).toBe(clientMetadataUrl);
  expect(scripted.registrations).toEqual([]);
});

test('a client of the document comes before all others', async () => {
  const scripted = await startScripted({ metadata: { client_id_metadata_document_supported: true } });
  const auth = { clientId: 'desk', clientSecret: SECRET, issuer: scripted.url };
  const federation = await startWith([scripted.document(auth)]);
  await link(federation, await somebody(federation));
  expect(basicOf(scripted.tokens[0]?.authorization)).toEqual(['desk', SECRET]);
  expect(scripted.registrations).toEqual([]);
});

test('a server that knows no way for us to be its client is refused with what to do', async () => {
  const scripted = await startScripted({ metadata: { registration_endpoint: undefined } });
  const federation = await startWith([scripted.document()]);
  const user = await somebody(federation);
  await expect(federation.legs.begin(wish(user))).rejects.toMatchObject({ code: 'UPSTREAM_NO_CLIENT' });
});

test.each<[string, Strange, string | null]>([
  [
    'the challenge first',
    {
      challenge: 'Bearer scope="a b", resource_metadata="{url}/r"',
      resourceAt: '/r',
      resource: { scopes_supported: ['c'] },
    },
    'a b',
  ],
  ['else what the resource metadata list', { resource: { scopes_supported: ['c', 'd'] } }, 'c d'],
  ['else none', {}, null],
  [
    'offline access where the authorization server announces it',
    { resource: { scopes_supported: ['c'] }, metadata: { scopes_supported: ['c', 'offline_access'] } },
    'c offline_access',
  ],
  [
    'and nowhere else',
    { resource: { scopes_supported: ['c', 'offline_access'] }, metadata: { scopes_supported: ['c'] } },
    'c',
  ],
])('scopes that are asked for: %s', async (_, strange, expected) => {
  const scripted = await startScripted(strange);
  const federation = await startWith([scripted.document()]);
  const { location } = await federation.legs.begin(wish(await somebody(federation)));
  expect(location.searchParams.get('scope')).toBe(expected);
  expect(location.searchParams.get('prompt')).toBe(expected?.includes('offline') === true ? 'consent' : null);
});

test('`resource` stands in every request as it is published, letter by letter (RFC 8707)', async () => {
  const scripted = await startScripted();
  scripted.strange = { resource: { resource: scripted.url } };
  const federation = await startWith([scripted.document()]);
  const user = await somebody(federation);
  const { tokens } = await link(federation, user);
  await tokenOf(federation, user, tokens.accessToken);
  expect(scripted.authorizations[0]?.get('resource')).toBe(scripted.url);
  expect(scripted.authorizations[0]?.get('code_challenge_method')).toBe('S256');
  expect(scripted.tokens.map(({ form }) => [form.get('grant_type'), form.get('resource')])).toEqual([
    ['authorization_code', scripted.url],
    ['refresh_token', scripted.url],
  ]);
});

describe('`iss` of the answer (RFC 9207)', () => {
  const announced = { authorization_response_iss_parameter_supported: true };
  const unsaid = { authorization_response_iss_parameter_supported: undefined };
  test.each<[string, Strange, string]>([
    ['there and right', { metadata: announced }, 'ok'],
    [
      'missing, though announced',
      { metadata: announced, answer: (query) => query.delete('iss') },
      'UPSTREAM_UNTRUSTED',
    ],
    ['missing, and never announced', { metadata: unsaid, answer: (query) => query.delete('iss') }, 'ok'],
    [
      'of another',
      { metadata: announced, answer: (query) => query.set('iss', 'https://evil.example') },
      'UPSTREAM_UNTRUSTED',
    ],
    [
      'of another, though not announced',
      { metadata: unsaid, answer: (query) => query.set('iss', 'https://evil.example') },
      'UPSTREAM_UNTRUSTED',
    ],
    [
      'with a slash more',
      { metadata: announced, answer: (query) => query.set('iss', `${query.get('iss')}/`) },
      'UPSTREAM_UNTRUSTED',
    ],
    [
      'of another, with an error',
      {
        metadata: announced,
        answer(query) {
          query.delete('code');
          query.set('error', 'access_denied');
          query.set('iss', 'https://evil.example');
        },
      },
      'UPSTREAM_UNTRUSTED',
    ],
    [
      'right, with an error',
      {
        answer(query) {
          query.delete('code');
          query.set('error', 'access_denied');
        },
      },
      'LEG_DECLINED',
    ],
  ])('%s', async (_, strange, expected) => {
    const scripted = await startScripted(strange);
    const federation = await startWith([scripted.document()]);
    expect(await outcomeOf(federation, await somebody(federation))).toBe(expected);
    expect(scripted.tokens).toHaveLength(expected === 'ok' ? 1 : 0);
  });
});

describe.each(dialects)('on %s', (dialect) => {
  test('twenty in two processes register once for an issuer, and what was registered is sealed', async () => {
    const scripted = await startScripted();
    const here = await startWith([scripted.document()], { dialect });
    const there = await here.beside();
    const user = await somebody(here);
    const begun = await Promise.all(
      Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? here : there).legs.begin(wish(user))),
    );
    expect(new Set(begun.map(({ location }) => location.searchParams.get('client_id')))).toEqual(new Set(['client-1']));
    expect(scripted.registrations).toHaveLength(1);
    const rows = await here.database.db.selectFrom('upstream_clients').selectAll().execute();
    expect(rows).toMatchObject([{ upstream: NAME, issuer: scripted.url }]);
    expect(JSON.stringify(rows)).not.toContain('client-1');
    expect(JSON.stringify(rows)).not.toContain(SECRET);
  });

  test('a hundred who were refused with one token, in two processes, are one refresh', async () => {
    const scripted = await startScripted();
    const here = await startWith([scripted.document()], { dialect });
    const there = await here.beside();
    const user = await somebody(here);
    const { tokens } = await link(here, user);
    const given = await Promise.all(
      Array.from({ length: 100 }, (_, at) => tokenOf(at % 2 === 0 ? here : there, user, tokens.accessToken)),
    );
    const [next] = given;
    expect(new Set(given).size).toBe(1);
    expect(scripted.accepted.has(next as string)).toBe(true);
    expect(scripted.tokens.filter(({ form }) => form.get('grant_type') === 'refresh_token')).toHaveLength(1);
  });
});

test('a server that names another authorization server: registered anew, and the old refresh token stays where it is', async () => {
  const scripted = await startScripted();
  const federation = await startWith([scripted.document()]);
  const user = await somebody(federation);
  const { tokens } = await link(federation, user);
  scripted.strange = { issuerPath: '/moved' };
  federation.clock.advance(10_000);
  expect(await tokenOf(federation, user, tokens.accessToken)).toBe('link');
  expect(scripted.tokens).toHaveLength(1);
  const again = await link(federation, user);
  expect(again.tokens.givenBy).toBe(`${scripted.url}/moved`);
  expect(scripted.registrations).toHaveLength(2);
  expect(basicOf(scripted.tokens[1]?.authorization)).toEqual(['client-2', SECRET]);
});

test('a code goes to the authorization server that it was asked of, or to none', async () => {
  const scripted = await startScripted();
  const federation = await startWith([scripted.document()]);
  const user = await somebody(federation);
  const returned = await visit(federation.legs, wish(user));
  scripted.strange = { issuerPath: '/moved' };
  federation.clock.advance(10_000);
  const { outcome } = await finish(federation, returned, { user });
  expect(outcome.ok ? 'ok' : outcome.error.error.code).toBe('LEG_OTHER_UPSTREAM');
  expect(scripted.tokens).toEqual([]);
});

test('a registration that the other side has forgotten is made anew', async () => {
  const scripted = await startScripted({
    before(request, response) {
      if (request.url !== '/token') return false;
      response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"invalid_client"}');
      return true;
    },
  });
  const federation = await startWith([scripted.document()]);
  const user = await somebody(federation);
  expect(await outcomeOf(federation, user)).toBe('UPSTREAM_CLIENT_REFUSED');
  scripted.strange = {};
  await link(federation, user);
  expect(scripted.registrations).toHaveLength(2);
});

test('two people have their own, and who they are there is not said', async () => {
  const scripted = await startScripted();
  const federation = await startWith([scripted.document()]);
  const [ana, ben] = [await somebody(federation, 'ana'), await somebody(federation, 'ben')];
  await link(federation, ana);
  expect(await tokenOf(federation, ben)).toBe('link');
  await link(federation, ben);
  expect(await tokenOf(federation, ana)).not.toBe(await tokenOf(federation, ben));
  expect(
    (await federation.grants.accounts({ userId: ana.id })).map(({ account, issuer }) => [account, issuer]),
  ).toEqual([['', `${scripted.url}/mcp`]]);
});

test('tokens of a server are not for another that was given its name', async () => {
  const scripted = await startScripted();
  const servers = [scripted.document()];
  const federation = await startWith(servers);
  const user = await somebody(federation);
  await link(federation, user);
  servers[0] = scripted.document({}, { url: `${scripted.url}/other` });
  expect(await tokenOf(federation, user)).toBe('link');
});

describe('tokens of our own (`grant: client_credentials`)', () => {
  const own = { grant: 'client_credentials', clientId: 'desk' };

  test('one for all who wait, with `resource`, and another when it is refused', async () => {
    const scripted = await startScripted({ resource: { scopes_supported: ['read'] } });
    const auth = { ...own, clientSecret: SECRET, issuer: scripted.url };
    const federation = await startWith([scripted.document(auth)]);
    const { upstreams, clock } = federation;
    const tokens = await Promise.all(Array.from({ length: 50 }, () => upstreams.ownToken(NAME)));
    expect(new Set(tokens).size).toBe(1);
    expect(
      scripted.tokens.map(({ form, authorization }) => [Object.fromEntries(form), basicOf(authorization)]),
    ).toEqual([
      [{ grant_type: 'client_credentials', scope: 'read', resource: `${scripted.url}/mcp` }, ['desk', SECRET]],
    ]);
    clock.advance(10_000);
    const [first] = tokens;
    expect(await upstreams.ownToken(NAME, first)).not.toBe(first);
    expect(scripted.tokens).toHaveLength(2);
    // A server that refuses everything does not have us ask with every request.
    expect(await upstreams.ownToken(NAME, await upstreams.ownToken(NAME))).toBeInstanceOf(Secret);
    expect(scripted.tokens).toHaveLength(2);
    expect(upstreams.list()).toEqual([]);
  });

  test('a key signs for whom there is no secret (RFC 7523)', async () => {
    const scripted = await startScripted();
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    const federation = await startWith([scripted.document({ ...own, privateKey: pem, issuer: scripted.url })]);
    await federation.upstreams.ownToken(NAME);
    const { form } = scripted.tokens[0] ?? { form: new URLSearchParams() };
    expect(decodeJwt(form.get('client_assertion') ?? '')).toMatchObject({
      iss: 'desk',
      sub: 'desk',
      aud: scripted.url,
    });
  });
});

test('the redirect address is the callback of this server alone', async () => {
  const scripted = await startScripted();
  const federation = await startWith([scripted.document()]);
  const { location } = await federation.legs.begin(wish(await somebody(federation)));
  expect(location.searchParams.get('redirect_uri')).toBe(`${PUBLIC_URL.origin}/oauth/callback/${NAME}`);
});
