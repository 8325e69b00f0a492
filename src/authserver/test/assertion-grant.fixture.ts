import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import type { JWTHeaderParameters } from 'jose';
import { trustedIssuersSchema } from '#contract';
import { provisionUser } from '#identity';
import type { TestDialect } from '../../../test/databases.ts';
import { startIssuer, type SigningKey, type TestIssuer } from '../../../test/issuer.ts';
import {
  CALLBACK,
  SECRET,
  startAuthorizationServer,
  type AuthorizationServerProcess,
} from './authorization-server.fixture.ts';
import { askAs, byKey, JWT_BEARER, programKey } from './grant-types.fixture.ts';

const ASSERTIONS = { grantTypes: ['jwt-bearer'] };

/** A company whose identity provider says that `bot` may act for its people, of whom alice has been here. */
export async function startCompany(dialect: TestDialect = 'sqlite', trust: Readonly<Record<string, unknown>> = {}) {
  const issuer = await startIssuer();
  onTestFinished(() => issuer[Symbol.asyncDispose]());
  issuer.configuration = {
    authorization_endpoint: `${issuer.url}/authorize`,
    token_endpoint: `${issuer.url}/token`,
  };
  const key = programKey();
  const clients = {
    c1: { redirectUris: [CALLBACK] },
    bot: byKey(key, ASSERTIONS),
    reader: byKey(key, { ...ASSERTIONS, scopes: ['read:flights'] }),
    bound: byKey(key, { ...ASSERTIONS, dpopBoundAccessTokens: true }),
    secretive: { ...ASSERTIONS, tokenEndpointAuthMethod: 'client_secret_basic', clientSecret: SECRET },
    desk: byKey(key, { redirectUris: ['https://desk.test/cb'] }),
  };
  const trusted = trustedIssuersSchema.parse([{ issuer: issuer.url, allowedIpRanges: ['127.0.0.0/8'], ...trust }]);
  const process = await startAuthorizationServer(dialect, undefined, clients, true, { trustedIssuers: trusted });
  const alice = await known(process, issuer.url, 'alice');
  return {
    ...{ issuer, process, key, alice },
    /** Another process of the same. */
    beside: () => startAuthorizationServer(dialect, process, clients, true, { trustedIssuers: trusted }),
    assertion: (claims: Readonly<Record<string, unknown>> = {}, how: How = {}) =>
      assertionOf(issuer, process, claims, how),
    ask: (
      assertion: string,
      more: Readonly<Record<string, string>> = {},
      { as = 'bot', at = process, headers = {} }: Asked = {},
    ) => askAs({ url: process.url, own: at.own }, as, key, { grant_type: JWT_BEARER, assertion, ...more }, headers),
  };
}

interface How {
  readonly header?: Partial<JWTHeaderParameters>;
  readonly key?: SigningKey;
}

interface Asked {
  readonly as?: string;
  readonly at?: AuthorizationServerProcess;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Somebody who has signed in at that provider before. */
export async function known({ identity, users }: AuthorizationServerProcess, issuer: string, subject: string) {
  const person = { issuer, subject, preferredName: subject, displayName: subject };
  return (await provisionUser({ frame: identity.frame, users }, { door: 'console' }, person)).user;
}

function assertionOf(
  issuer: TestIssuer,
  { url, resource }: AuthorizationServerProcess,
  claims: Readonly<Record<string, unknown>>,
  { header = {}, key }: How,
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const usual = {
    ...{ aud: url.origin, client_id: 'bot', jti: randomUUID(), iat: now, exp: now + 120 },
    ...{ resource, scope: 'read:flights write:flights' },
  };
  return issuer.token(
    { ...usual, ...claims },
    { header: { typ: 'oauth-id-jag+jwt', ...header }, ...(key !== undefined && { key }) },
  );
}
