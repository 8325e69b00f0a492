import { expect, test } from 'vitest';
import { serverSchema } from '#contract';

const parse = (authorizationServer: unknown) => serverSchema.safeParse({ kind: 'server', authorizationServer });
const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

test('without a word tokens are short, clients may introduce themselves, and keys are made', () => {
  expect(serverSchema.parse({ kind: 'server' }).authorizationServer).toEqual({
    lifetimes: {
      accessToken: 15 * MINUTE,
      refreshToken: 30 * DAY,
      authorizationCode: MINUTE,
      interaction: 60 * MINUTE,
      deviceCode: 10 * MINUTE,
    },
    registration: { confidentialClients: false, most: 10_000, unused: DAY },
    clientDocuments: { allowedIpRanges: [], customBlockedIpRanges: [], allowPrivateNetworks: false },
    baselineScopes: [],
    trustedIssuers: [],
  });
});

test('clients can be kept from introducing themselves', () => {
  const closed = parse({ registration: false, clientDocuments: false }).data?.authorizationServer;
  expect([closed?.registration, closed?.clientDocuments]).toEqual([false, false]);
});

test.each<[string, object, string]>([
  [
    'an access token of more than an hour (RFC 9700 §2.2)',
    { lifetimes: { accessToken: '2h' } },
    'lifetimes.accessToken',
  ],
  ['one that expires on its way', { lifetimes: { accessToken: '10s' } }, 'lifetimes.accessToken'],
  [
    'a fraction of a second, which `expires_in` cannot say',
    { lifetimes: { accessToken: '90500ms' } },
    'lifetimes.accessToken',
  ],
  [
    'a code of more than ten minutes (RFC 6749 §4.1.2)',
    { lifetimes: { authorizationCode: '11m' } },
    'lifetimes.authorizationCode',
  ],
  ['a sign-in that goes on for more than a quarter', { lifetimes: { refreshToken: '91d' } }, 'lifetimes.refreshToken'],
  ['a sign-in that nobody can finish', { lifetimes: { interaction: '1m' } }, 'lifetimes.interaction'],
  ['a code nobody can type in time', { lifetimes: { deviceCode: '10s' } }, 'lifetimes.deviceCode'],
  ['a registry for nobody', { registration: { most: 0 } }, 'registration.most'],
  ['a scope of two words', { baselineScopes: ['read write'] }, 'baselineScopes.0'],
  [
    'a network that is none',
    { clientDocuments: { allowedIpRanges: ['10.0.0.1/64'] } },
    'clientDocuments.allowedIpRanges.0',
  ],
  ['a signing key in two places', { signingKeys: [{ file: '/k', pem: 'x' }] }, 'signingKeys.0.pem'],
  ['a signing key nowhere', { signingKeys: [{}] }, 'signingKeys.0'],
  ['a signing key of a relative path', { signingKeys: [{ file: 'k.pem' }] }, 'signingKeys.0.file'],
  ['no signing keys at all', { signingKeys: [] }, 'signingKeys'],
  ['a field that there is not', { issuer: 'https://a' }, ''],
])('refuses %s', (_, settings, path) => {
  const [issue, ...others] = parse(settings).error?.issues ?? [];
  expect(others).toEqual([]);
  const at = (issue?.path ?? []).map(String);
  const inner = issue?.code === 'invalid_union' ? issue.errors.flat().map(({ path: more }) => more.map(String)) : [[]];
  expect(inner.map((more) => [...at, ...more].join('.'))).toContain(
    ['authorizationServer', path].filter(Boolean).join('.'),
  );
});
