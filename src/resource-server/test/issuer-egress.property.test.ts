/** Wherever the metadata of an issuer lead, nobody is connected to who may not be (invariant 18). */
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '#kernel';
import { ResourceServer } from '#resource-server';
import { declared } from '../../../test/declared.ts';
import { AUDIENCE, startIssuer } from '../../../test/issuer.ts';
import { forbiddenUrls, watchOutbound } from '../../../test/outbound.ts';

/** An issuer on this machine may have its keys anywhere on this machine. */
const isHere = (address: string): boolean => address.startsWith('127.') || address === '::1';
const URLS = forbiddenUrls.filter(
  (to) => !isHere(new URL(to).hostname.replace(/^\[|\]$/g, '')) && !/\[::(?:ffff:)?7f/.test(new URL(to).hostname),
);

test('keys and introspection are fetched from no address that is not public and not allowed (invariant 18, property)', async () => {
  const issuer = await startIssuer();
  onTestFinished(async () => await issuer[Symbol.asyncDispose]());
  const { authServices } = declared(
    `kind: authService\nname: issuer\ntype: generic\nmcpEnabled: true\nauthorizationServer: ${issuer.url}\naudience: ${AUDIENCE}\n`,
  );
  const verdictOn = async (token: string): Promise<string> => {
    const resources = new ResourceServer({
      services: () => authServices,
      people: { ofSubject: async () => 'unknown' },
      secrets: { read: () => Promise.reject(new Error('there is no vault here')) },
      clock: systemClock,
    });
    const verdict = await resources.verify(token, { resource: { kind: 'mcp', namespace: 'default' } });
    await resources.close();
    return verdict.ok ? 'counts' : verdict.error.reason;
  };
  const outbound = watchOutbound();
  onTestFinished(() => outbound.stop());
  expect(await verdictOn(await issuer.token())).toBe('counts');
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('jwks_uri', 'introspection_endpoint'), URLS, async (field, to) => {
      issuer.configuration = { [field]: to };
      const verdict = await verdictOn(field === 'jwks_uri' ? await issuer.token() : 'an-opaque-token');
      expect([field, to, verdict]).toEqual([field, to, expect.not.stringMatching(/^counts$/)]);
      expect([field, to, outbound.tried.filter((address) => !isHere(address))]).toEqual([field, to, []]);
    }),
    { numRuns: 200 },
  );
  expect(outbound.tried.length).toBeGreaterThan(200);
}, 120_000);
