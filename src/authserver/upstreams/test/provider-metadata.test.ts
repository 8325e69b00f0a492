import { describe, expect, test } from 'vitest';
import { egressRules } from '#egress';
import { startCompanyIdp, type CompanyIdp } from '../../../../test/company-idp.ts';
import { serve } from '../../../../test/http-server.ts';
import {
  callbackOf,
  companyOf,
  goThrough,
  startFederation,
  verdict,
  visit,
  finish,
} from '../../test/federation.fixture.ts';
import { checkMetadata } from '../provider-metadata.ts';

const ISSUER = 'https://idp.example';
const GOOD = {
  issuer: ISSUER,
  authorization_endpoint: 'https://idp.example/authorize',
  token_endpoint: 'https://idp.example/token',
  jwks_uri: 'https://idp.example/keys',
};
const PUBLIC = egressRules({ allowedIpRanges: [], customBlockedIpRanges: [], allowPrivateNetworks: false });
const startIdp = () => startCompanyIdp({ redirectUris: [callbackOf('company'), callbackOf('other')] });
const begin = { purpose: { kind: 'sign-in' }, returnTo: '/' } as const;
const discoveries = ({ requests }: CompanyIdp): number =>
  requests.filter((one) => one.includes('/.well-known/')).length;

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'ok';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
};

describe('AS-021: metadata is refused', () => {
  test.each<[string, Record<string, unknown>]>([
    ['of another issuer (RFC 8414 §3.3)', { issuer: 'https://honest.example' }],
    ['of an issuer that differs by a slash', { issuer: `${ISSUER}/` }],
    ['with a token endpoint on this machine', { token_endpoint: 'https://127.0.0.1/token' }],
    ['with a token endpoint in the clear', { token_endpoint: 'http://idp.example/token' }],
    ['with keys on a private address', { jwks_uri: 'https://10.0.0.1/keys' }],
    ['with keys at the metadata service of a cloud', { jwks_uri: 'https://169.254.169.254/keys' }],
    ['with userinfo behind NAT64', { userinfo_endpoint: 'https://[64:ff9b::7f00:1]/me' }],
    ['with an address in one number', { revocation_endpoint: 'https://2130706433/revoke' }],
    ['with a password', { token_endpoint: 'https://u:p@idp.example/token' }],
    ['with a file', { jwks_uri: 'file:///etc/passwd' }],
    ['with an endpoint that is no text', { token_endpoint: ['https://idp.example/token'] }],
    ['without keys', { jwks_uri: undefined }],
    ['that signs with the secret alone', { id_token_signing_alg_values_supported: ['HS256', 'none'] }],
  ])('%s', (_, wrong) => {
    expect(() => checkMetadata({ ...GOOD, ...wrong }, ISSUER, PUBLIC)).toThrow(/`https:\/\/idp\.example`/);
  });

  test('and what is not verifiable is left out of what is', () => {
    const algorithms = { id_token_signing_alg_values_supported: ['none', 'HS256', 'RS256'] };
    expect(checkMetadata({ ...GOOD, ...algorithms }, ISSUER, PUBLIC).id_token_signing_alg_values_supported).toEqual([
      'RS256',
    ]);
  });
});

test('AS-021: a token endpoint that the rules do not open gets no connection and no credential', async () => {
  await using trap = await serve((_, response) => response.end('{}'), { host: '127.0.0.2' });
  const idp = await startIdp();
  const document = companyOf(idp, { allowPrivateNetworks: false, allowedIpRanges: ['127.0.0.1/32'] });
  const federation = await startFederation('sqlite', () => [document]);
  await visit(federation.legs);
  federation.clock.advance(2 * 60 * 60_000);
  idp.intercept = ({ url }, response) => {
    if (!url?.startsWith('/.well-known/')) return false;
    const bad = { ...GOOD, issuer: idp.issuer, token_endpoint: `${trap.url}/token` };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(bad));
    return true;
  };
  // The good copy stays in force.
  const before = discoveries(idp);
  expect((await federation.legs.begin({ upstream: 'company', ...begin })).location.origin).toBe(idp.issuer);
  expect(discoveries(idp)).toBe(before + 1);
  // A process that never had one does without.
  const other = await federation.beside();
  expect(await codeOf(other.legs.begin({ upstream: 'company', ...begin }))).toBe('UPSTREAM_UNTRUSTED');
  expect(trap.connections()).toBe(0);
});

test('AS-021: a provider on a private address is not asked unless its document says so', async () => {
  const idp = await startIdp();
  const federation = await startFederation('sqlite', () => [companyOf(idp, { allowPrivateNetworks: false })]);
  expect(await codeOf(federation.legs.begin({ upstream: 'company', ...begin }))).toBe('UPSTREAM_UNTRUSTED');
  expect(idp.requests).toEqual([]);
});

test('a redirect is not followed, wherever it leads', async () => {
  await using trap = await serve((_, response) => response.end('{}'));
  const idp = await startIdp();
  const federation = await startFederation('sqlite', () => [companyOf(idp)]);
  const returned = await visit(federation.legs);
  idp.intercept = ({ url }, response) => {
    if (url !== '/token') return false;
    response.writeHead(307, { location: `${trap.url}/token` }).end();
    return true;
  };
  expect(await verdict(finish(federation, returned))).toBe('UPSTREAM_UNTRUSTED');
  expect(trap.connections()).toBe(0);
});

test('a provider is asked for its metadata when it is needed, once for all, and hourly', async () => {
  const idp = await startIdp();
  const federation = await startFederation('sqlite', () => [companyOf(idp)]);
  expect(discoveries(idp)).toBe(0);
  const many = Array.from({ length: 20 }, () => federation.legs.begin({ upstream: 'company', ...begin }));
  await Promise.all(many);
  expect(discoveries(idp)).toBe(1);
  federation.clock.advance(61 * 60_000);
  await federation.legs.begin({ upstream: 'company', ...begin });
  expect(discoveries(idp)).toBe(2);
});

test('a provider that fails is left alone for a while, and holds up no other', async () => {
  const [broken, good] = [await startIdp(), await startIdp()];
  broken.intercept = (_, response) => {
    response.writeHead(503).end();
    return true;
  };
  const documents = [companyOf(broken, { primary: true }), companyOf(good, { name: 'other', primary: false })];
  const federation = await startFederation('sqlite', () => documents);
  for (let asked = 0; asked < 10; asked++) {
    expect(await codeOf(federation.legs.begin({ upstream: 'company', ...begin }))).toBe('UPSTREAM_UNAVAILABLE');
  }
  expect(discoveries(broken)).toBe(1);
  expect(await goThrough(federation, { upstream: 'other' })).toMatchObject({ identity: { issuer: good.issuer } });
  broken.intercept = undefined;
  federation.clock.advance(6_000);
  expect(await goThrough(federation)).toMatchObject({ identity: { issuer: broken.issuer } });
});

test('a document that a reload leaves as it was goes on with what is known', async () => {
  const idp = await startIdp();
  let document = companyOf(idp);
  const federation = await startFederation('sqlite', () => [document]);
  for (const reloaded of [companyOf(idp), companyOf(idp)]) {
    await federation.legs.begin({ upstream: 'company', ...begin });
    document = reloaded;
  }
  const returned = await visit(federation.legs);
  expect(discoveries(idp)).toBe(1);
  // Another secret is another document, although secrets print alike.
  document = companyOf(idp, { clientSecret: 'another' });
  expect(await verdict(finish(federation, returned))).toBe('UPSTREAM_CLIENT_REFUSED');
});

test('a document that a reload replaced begins anew, and one that is gone is unknown', async () => {
  const [one, two] = [await startIdp(), await startIdp()];
  let documents = [companyOf(one)];
  const federation = await startFederation('sqlite', () => documents);
  expect((await federation.legs.begin({ upstream: 'company', ...begin })).location.origin).toBe(one.issuer);
  documents = [companyOf(two)];
  expect((await federation.legs.begin({ upstream: 'company', ...begin })).location.origin).toBe(two.issuer);
  documents = [];
  expect(await codeOf(federation.legs.begin({ upstream: 'company', ...begin }))).toBe('UPSTREAM_UNKNOWN');
});
