/** What is kept of answers for repetitions says nothing of people, and is gone after a day. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '#kernel';
import { serveApi, withServices, type ServedApi } from './api.fixture.ts';

let served: ServedApi;
let admin: string;
beforeAll(async () => {
  served = await serveApi();
  admin = served.callers.find(({ what }) => what === 'admin of *')?.key ?? '';
});
afterAll(() => served.close());

const PERSON = { name: 'ana.ruiz', profile: { displayName: 'Ana Ruiz', email: 'ana@example.test' } };

const post = (path: string, key: string, body: object) =>
  served.ask('POST', `/api/v1${path}`, admin, {
    headers: { 'idempotency-key': key, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

const kept = () =>
  withServices(served.place.dataDir, systemClock, async ({ database }) =>
    JSON.stringify(await database.db.selectFrom('idempotency_keys').selectAll().execute()),
  );

test('a person who was erased is in no answer that was kept, and comes back in no repetition', async () => {
  const made = await post('/users', 'make', PERSON);
  const user = (await made.json()) as { readonly id: string };
  expect(made.status).toBe(201);
  const renamed = { name: 'ana.ruiz.maria' };
  expect((await post(`/users/${user.id}/rename`, 'rename', renamed)).status).toBe(200);
  expect((await post(`/users/${user.id}/disable`, 'disable', {})).status).toBe(200);
  // Refusals name what was wrong; these two name a person.
  expect((await post('/users', 'again', { ...PERSON, name: renamed.name })).status).toBe(409);

  // A repetition does nothing, and shows the person as they are by now.
  const repeated = await post('/users', 'make', PERSON);
  expect([repeated.status, repeated.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
  expect(await repeated.json()).toMatchObject({ id: user.id, name: renamed.name, profile: PERSON.profile });
  expect(await (await post('/users', 'again', { ...PERSON, name: renamed.name })).json()).toMatchObject({
    status: 409,
    code: 'USER_NAME_TAKEN',
  });
  expect(await kept()).not.toMatch(/ruiz|ana@/i);

  expect((await post(`/users/${user.id}/erase`, 'erase', {})).status).toBe(200);
  for (const [path, key, body] of [
    ['/users', 'make', PERSON],
    [`/users/${user.id}/rename`, 'rename', renamed],
    [`/users/${user.id}/disable`, 'disable', {}],
  ] as const) {
    const answer = await post(path, key, body);
    expect([key, answer.status]).toEqual([key, 404]);
    expect(await answer.text()).not.toMatch(/ruiz|ana@/i);
  }
  expect((await post(`/users/${user.id}/erase`, 'erase', {})).status).toBe(200);
});
