/** Which tools a list shows to whom: what their kind of sign-in can never satisfy is left out. */
import { describe, expect, it } from 'vitest';
import type { Principal } from '#contract';
import { err } from '#kernel';
import { listedFor, visibleTo } from '../pipeline/visible.ts';
import { group } from './gateway.fixture.ts';
import { testTool } from './tools.fixture.ts';

const tool = (name: string, overrides = {}) =>
  testTool({ name, run: () => Promise.reject(new Error('never')), overrides });
const claim = new Map([['who', [{ service: 'corporate', claim: 'sub' }]]]);
const everything = group('', [
  tool('open'),
  tool('scoped', { scopesRequired: ['write'] }),
  tool('personal', { authRequired: ['corporate'] }),
  tool('claimed', { authenticatedParameters: claim, check: () => err([{ path: 'who', message: 'is required' }]) }),
  tool('defaulted', { authenticatedParameters: claim, check: () => err([{ path: 'id', message: 'is required' }]) }),
]);
const caller = (via: Principal['via'], more: Partial<Principal> = {}): Principal => ({
  kind: 'user',
  iss: 'chatelaine',
  sub: 'a',
  name: 'a',
  namespace: 'default',
  roles: ['user'],
  access: new Set(['read', 'execute']),
  groups: [],
  scopes: new Set(),
  via,
  ...more,
});

describe('tools/list', () => {
  it.each<[via: Principal['via'], shown: string[]]>([
    [{ method: 'token', issuer: 'https://idp.test' }, ['open', 'scoped', 'personal', 'claimed', 'defaulted']],
    [{ method: 'api-key', keyId: 'k' }, ['open', 'scoped', 'personal', 'claimed', 'defaulted']],
    // Neither carries scopes, and nobody can give them any.
    [{ method: 'session', sessionId: 's' }, ['open', 'personal', 'claimed', 'defaulted']],
    [
      { method: 'certificate', spiffeId: 'spiffe://a/ns/b/c/d', serial: '1' },
      ['open', 'personal', 'claimed', 'defaulted'],
    ],
    // Standard input has no headers; scopes are named when it starts.
    [{ method: 'local' }, ['open', 'scoped', 'defaulted']],
  ])('shows to %j: %j', (via, shown) => {
    expect(listedFor(caller(via), everything).tools.map(({ name }) => name)).toEqual(shown);
  });

  it('is one list for all callers of a kind, and private where it is not everybody’s', () => {
    const session = () => caller({ method: 'session', sessionId: 's' });
    const list = listedFor(session(), everything);
    expect(listedFor(session(), everything)).toBe(list);
    expect(list.cacheScope).toBe('private');
    expect(listedFor(caller({ method: 'api-key', keyId: 'k' }), everything)).toBe(everything);
  });

  it('leaves a call of what it does not show to the check that refuses it', () => {
    expect(visibleTo(caller({ method: 'local' }), everything)).toBe(everything);
  });
});
