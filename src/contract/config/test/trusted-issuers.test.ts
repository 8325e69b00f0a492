import { expect, test } from 'vitest';
import { trustedIssuersSchema } from '#contract';

const ISSUER = 'https://login.example';

test('an issuer that is trusted is one URL; the rest has its usual values', () => {
  expect(trustedIssuersSchema.parse([{ issuer: ISSUER }])).toEqual([
    { issuer: ISSUER, subjectClaim: 'sub', maxLifetime: 300_000, allowedIpRanges: [], allowPrivateNetworks: false },
  ]);
});

test.each<[string, object, string]>([
  ['an issuer in the clear', { issuer: 'http://login.example' }, '0.issuer'],
  ['an issuer with a query', { issuer: `${ISSUER}?tenant=1` }, '0.issuer'],
  ['keys in the clear', { issuer: ISSUER, jwksUri: 'http://login.example/keys' }, '0.jwksUri'],
  ['assertions that live for hours', { issuer: ISSUER, maxLifetime: '2h' }, '0.maxLifetime'],
  ['no client at all', { issuer: ISSUER, clients: [] }, '0.clients'],
  ['a network that is none', { issuer: ISSUER, allowedIpRanges: ['10.0.0.0/99'] }, '0.allowedIpRanges.0'],
  ['a field that there is not', { issuer: ISSUER, provision: true }, '0'],
])('%s is refused where it stands', (_, trusted, place) => {
  const { error } = trustedIssuersSchema.safeParse([trusted]);
  expect(error?.issues[0]?.path.join('.')).toBe(place);
});

test('one issuer is trusted in one way', () => {
  const { error } = trustedIssuersSchema.safeParse([{ issuer: ISSUER }, { issuer: ISSUER, clients: ['bot'] }]);
  expect(error?.issues[0]?.message).toContain('already');
});
