import { expect, test } from 'vitest';
import { err, ok, Secret } from '#kernel';
import { localUser } from '#identity';
import type { Principal } from '#contract';
import type { ResourceOwner } from '../../resources/owner-map.ts';
import { subjectSessions } from '../subject-session.ts';

const resource = 'https://a.example/mcp';
const session = {
  ...{ id: 't1', userId: 'u1', clientId: 'c1', clientName: 'c1', owner: 'one/a', resource, scopes: [] },
  ...{ upstreams: ['company', 'github'], createdAt: 0, lastUsedAt: 0, expiresAt: 1, endedAt: null, endedBecause: null },
};
const owned: ResourceOwner = { owner: 'one/a', resource, scopes: [], upstreams: ['company'] };
const principal: Principal = { ...localUser({ scopes: [] }), tsid: 't1' };

const asked = (given: Principal, of: ResourceOwner | undefined = owned) =>
  subjectSessions({
    verifier: { verify: () => ok(given) },
    sessions: { live: (id) => (id === session.id ? session : undefined) },
    owners: { resolve: () => of },
  })(new Secret('token'));

test('a token says whose session it is of, and what was allowed and still may be', async () => {
  expect(await asked(principal)).toEqual({ userId: 'u1', owner: 'one/a', upstreams: ['company'] });
});

test('a resource that has come to be another owner’s opens nothing, and one that nobody has', async () => {
  expect(await asked(principal, { ...owned, owner: 'two/b' })).toMatchObject({ owner: 'one/a', upstreams: [] });
  const nobodys = subjectSessions({
    verifier: { verify: () => ok(principal) },
    sessions: { live: () => session },
    owners: { resolve: () => undefined },
  });
  expect(await nobodys(new Secret('token'))).toMatchObject({ upstreams: [] });
});

test('a token of no session, of one that is over, or of somebody acting for another is of none', async () => {
  const { tsid: _, ...without } = principal;
  expect(await asked(without)).toBeUndefined();
  expect(await asked({ ...principal, tsid: 't2' })).toBeUndefined();
  expect(await asked({ ...principal, act: [{ iss: 'x', sub: 'bot' }] })).toBeUndefined();
  expect(await asked({ ...principal, claims: { act: { sub: 'bot' } } })).toBeUndefined();
});

test('that nobody can say whose a token is, is no answer about it', async () => {
  const source = subjectSessions({
    verifier: { verify: () => err({ reason: 'unavailable', detail: 'the database is away' }) },
    sessions: { live: () => session },
    owners: { resolve: () => owned },
  });
  await expect(source(new Secret('token'))).rejects.toThrow('the database is away');
});
