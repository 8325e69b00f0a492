import type { TestDialect } from '../../../test/databases.ts';
import { CALLBACK, startAuthorizationServer } from './authorization-server.fixture.ts';
import { askAs, byKey, exchangeOf, programKey } from './grant-types.fixture.ts';

const EXCHANGE = { grantTypes: ['token-exchange'] };

/**
 * A desk that people sign in at, and which passes its tokens on to a worker; the worker passes them on to a helper,
 * which is an agent. A stranger exchanges tokens as well, and nobody lets it; people may sign in at a partner.
 */
export async function startDelegation(dialect: TestDialect = 'sqlite') {
  const key = programKey();
  const clients = {
    c1: { displayName: 'Desk', redirectUris: [CALLBACK], mayDelegateTo: ['worker', 'reader', 'elsewhere', 'bound'] },
    worker: byKey(key, { ...EXCHANGE, mayDelegateTo: ['helper', 'worker-2'] }),
    'worker-2': byKey(key, { ...EXCHANGE, mayDelegateTo: ['worker'] }),
    helper: byKey(key, { grantTypes: ['token-exchange', 'client_credentials'], agent: 'helper' }),
    reader: byKey(key, { ...EXCHANGE, scopes: ['read:flights'] }),
    elsewhere: byKey(key, { ...EXCHANGE, audiences: ['https://other.test/mcp'] }),
    bound: byKey(key, { ...EXCHANGE, dpopBoundAccessTokens: true }),
    stranger: byKey(key, EXCHANGE),
    partner: byKey(key, {
      redirectUris: ['https://partner.test/cb'],
      grantTypes: ['authorization_code', 'token-exchange'],
    }),
  };
  const process = await startAuthorizationServer(dialect, undefined, clients);
  const agent = await process.agent({ name: 'helper', roles: ['user'] });
  return {
    ...{ process, key, agent, clients },
    exchange: (
      clientId: string,
      token: string,
      more: Readonly<Record<string, string>> = {},
      headers: Readonly<Record<string, string>> = {},
    ) => askAs(process, clientId, key, exchangeOf(token, more), headers),
    verify: (token: unknown) => process.server.verifier.verify(token as string),
  };
}

/** `read:flights write:flights`, at the only door. */
export const BOTH = { scope: 'read:flights write:flights' };
