/** Answers that are sent while they are made. */
import { beforeEach, expect, test, vi } from 'vitest';
import { caller, problemOf, serveShelf, type ServedShelf } from './shelf.fixture.ts';

let served: ServedShelf;
beforeEach(async () => {
  served = await serveShelf();
  for (const name of ['long', 'burnt', 'torn']) {
    served.books.set(`mine/${name}`, { namespace: 'mine', name, pages: 300, edition: 1 });
  }
});

const whole = Array.from({ length: 300 }, (_, at) => `page ${at + 1}\n`).join('');

test('arrive whole, with their type, and nobody keeps them', async () => {
  const answer = await served.ask('GET', '/books/mine/long/text');
  expect([answer.status, answer.headers.get('content-type'), answer.headers.get('cache-control')]).toEqual([
    200,
    'text/plain',
    'no-store',
  ]);
  expect([await answer.text(), served.read]).toEqual([whole, ['begun', 'ended']]);
});

test('come to a command in the same process as they are', async () => {
  const { pieces } = await served.api.local({
    method: 'GET',
    target: '/api/v1/books/mine/long/text',
    principal: caller('admin'),
    requestId: 'r',
  });
  let text = '';
  for await (const piece of pieces ?? []) text += String(piece);
  expect(text).toBe(whole);
});

test('are told by a status why there is none, as long as nothing was sent', async () => {
  const burnt = await served.ask('GET', '/books/mine/burnt/text');
  expect([burnt.status, (await problemOf(burnt))['code'], served.read]).toEqual([409, 'BOOK_LENT', ['begun', 'ended']]);
  const unknown = await served.ask('GET', '/books/mine/none/text');
  expect([unknown.status, (await problemOf(unknown))['code']]).toEqual([404, 'BOOK_UNKNOWN']);
  expect((await served.ask('GET', '/books/mine/long/text', { as: 'user' })).status).toBe(403);
  // Nobody began to read for whom it was not.
  expect(served.read).toHaveLength(2);
});

test('are cut where they fail later: half of one never looks like all of it', async () => {
  const answer = await served.ask('GET', '/books/mine/torn/text');
  expect(answer.status).toBe(200);
  await expect(answer.text()).rejects.toThrow('terminated');
  expect(served.read).toEqual(['begun', 'ended']);
});

test('end when whoever asked has gone', async () => {
  const gate = Promise.withResolvers<void>();
  served.gate = gate.promise;
  const answer = await served.ask('GET', '/books/mine/long/text');
  await answer.body?.cancel();
  gate.resolve();
  await vi.waitFor(() => expect(served.read).toEqual(['begun', 'ended']));
});

test('are not made for HEAD', async () => {
  const answer = await served.ask('HEAD', '/books/mine/long/text');
  expect([answer.status, await answer.text()]).toEqual([200, '']);
  await vi.waitFor(() => expect(served.read).toEqual(['begun', 'ended']));
});
