/** The internal exchange as owners meet it: what is asked, what is answered, and what goes on record. */
import { expect, test } from 'vitest';
import { reveal } from '#kernel';
import { A, ask, ownerOf, startExchange } from './exchange.fixture.ts';

test('an owner has the token of the upstream for a session of its own (RFC 8693 §2.2.1)', async () => {
  const place = await startExchange();
  const alice = await place.session(A.owner);
  const token = await place.link(alice);
  const certificate = place.certificate(A.spiffeId);
  const answer = await ask(place, alice.accessToken, { certificate });
  expect(answer).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } });
  expect(answer.body).toEqual({
    access_token: token,
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    token_type: 'Bearer',
    expires_in: expect.any(Number) as number,
    scope: expect.any(String) as string,
  });
  expect(answer.body['expires_in']).toBeGreaterThan(0);
  expect(place.outcomes).toEqual(['ok']);
  const [record, ...others] = await place.records();
  expect(others).toEqual([]);
  expect(record).toMatchObject({
    ...{ class: 'credential', door: 'internal', outcome: 'success', certificateSerial: certificate.serial },
    actor: { kind: 'workload', sub: A.spiffeId },
    details: { owner: A.owner, sessionOwner: A.owner, upstream: 'linked', user: alice.userId },
  });
  expect(JSON.stringify(record)).not.toContain(token);
  expect(JSON.stringify(record)).not.toContain(reveal(alice.accessToken));
});

test('an owner of one upstream need not name it, one of two has to', async () => {
  const place = await startExchange({ owners: [ownerOf(A)] });
  const alice = await place.session(A.owner);
  const token = await place.link(alice);
  const certificate = place.certificate(A.spiffeId);
  const unnamed = { certificate, fields: { audience: undefined } };
  expect((await ask(place, alice.accessToken, unnamed)).body).toMatchObject({ access_token: token });
  place.owners.splice(0, 1, ownerOf(A, ['linked', 'other'], { resource: ownerOf(A).resource }));
  expect(await ask(place, alice.accessToken, unnamed)).toMatchObject({
    status: 400,
    body: { error: 'invalid_request' },
  });
  expect(await ask(place, alice.accessToken, { certificate })).toMatchObject({ status: 200 });
});
