import { expect, test } from 'vitest';
import { serverOAuthSchema } from '../server-oauth.ts';

const issuer = 'https://auth.example';

test.each<[string, object]>([
  ['nothing: all of it is discovered', {}],
  ['a public client', { clientId: 'desk' }],
  ['a client with a secret of the vault', { clientId: 'desk', clientSecret: 'secret://default/desk', issuer }],
  ['a document that lies elsewhere', { clientMetadataUrl: 'https://conformance-test.local/client-metadata.json' }],
  ['tokens of our own', { grant: 'client_credentials', clientId: 'desk', privateKey: 'file', keyId: 'k1', issuer }],
])('is taken: %s', (_, fields) => {
  expect(serverOAuthSchema.safeParse({ type: 'oauth', ...fields }).error).toBeUndefined();
});

test.each<[string, object, RegExp]>([
  ['a secret for whoever the server names', { clientId: 'desk', clientSecret: 'x' }, /`issuer` is missing/],
  ['a secret of no client', { clientSecret: 'x' }, /`clientSecret` has no effect without `clientId`/],
  ['an issuer of no client', { issuer }, /`issuer` has no effect without `clientId`/],
  ['a secret and a key', { clientId: 'd', clientSecret: 'x', privateKey: 'y', issuer }, /has a secret already/],
  ['a key id without a key', { clientId: 'd', keyId: 'k' }, /`keyId` has no effect without `privateKey`/],
  ['a client and a document', { clientId: 'd', clientMetadataUrl: 'https://x.example/c' }, /is registered already/],
  ['a document in the clear', { clientMetadataUrl: 'http://127.0.0.1/c' }, /https URL with a path/],
  ['a document at the root', { clientMetadataUrl: 'https://x.example/' }, /https URL with a path/],
  ['tokens of our own without a secret', { grant: 'client_credentials', clientId: 'd' }, /`clientSecret` is missing/],
  ['an issuer in the clear', { clientId: 'd', issuer: 'http://auth.example' }, /no.* https URL|not an https URL/],
  ['a field that nobody knows', { audience: 'x' }, /audience/],
])('is refused: %s', (_, fields, why) => {
  const { error } = serverOAuthSchema.safeParse({ type: 'oauth', ...fields });
  expect(error?.issues.map(({ message }) => message).join('; ')).toMatch(why);
});
