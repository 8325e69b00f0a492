import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { route } from '#http';
import { problemOf, serveShelf, shelf } from './shelf.fixture.ts';

const ABSENT = { 'if-none-match': '*' };

test('a problem says what, where, what to do and under which request id (RFC 9457)', async () => {
  const { ask } = await serveShelf();
  const answer = await ask('PUT', '/books/mine/emma', { body: { pages: 'many', colour: 1 }, headers: ABSENT });
  expect(answer.status).toBe(400);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.headers.get('x-request-id')).toBe('r1');
  expect(answer.headers.get('x-from-listener')).toBe('yes');
  expect(await problemOf(answer)).toEqual({
    type: 'urn:chatelaine:problem:request-invalid',
    title: 'the request does not have the form that the route describes',
    status: 400,
    detail: '`#/pages` is not of the type `number` (and 1 more)',
    instance: 'urn:chatelaine:request:r1',
    code: 'REQUEST_INVALID',
    remedy: expect.any(String) as string,
    errors: [
      { in: 'body', pointer: '#/pages', detail: 'is not of the type `number`' },
      { in: 'body', pointer: '#/colour', detail: 'is not known here' },
    ],
  });
});

describe('a body', () => {
  const put = async (body: unknown, headers: Record<string, string> = {}): Promise<Record<string, unknown>> => {
    const { ask } = await serveShelf();
    return problemOf(await ask('PUT', '/books/mine/emma', { body, headers: { ...ABSENT, ...headers } }));
  };
  const nested = `${'['.repeat(17)}${']'.repeat(17)}`;
  test.each<[string, unknown, Record<string, string>, string, RegExp]>([
    ['with a key twice', '{"pages":1,"pages":2}', {}, 'REQUEST_BODY_REFUSED', /same key twice/],
    ['nested too deep', `{"pages":${nested}}`, {}, 'REQUEST_BODY_REFUSED', /deeper than 16/],
    ['that is no JSON', '{"password":"hunter2" "x"}', {}, 'REQUEST_BODY_REFUSED', /^(?!.*hunter2).*it is not JSON/],
    ['that is missing', '', {}, 'REQUEST_BODY_REFUSED', /has no body/],
    ['of another type', 'pages=1', { 'content-type': 'text/plain' }, 'REQUEST_MEDIA_TYPE_REFUSED', /application\/json/],
    ['that is too large', { pages: 1, cover: 'x'.repeat(3000) }, {}, 'REQUEST_TOO_LARGE', /larger/],
    [
      'with a field that is not known',
      { pages: 1, covr: {} },
      {},
      'REQUEST_INVALID',
      /`#\/covr`.*did you mean `cover`/,
    ],
    [
      'with such a field further in',
      { pages: 1, cover: { color: 'red', colr: 1 } },
      {},
      'REQUEST_INVALID',
      /#\/cover\/colr.*`color`/,
    ],
    [
      'with another word than those there are',
      { pages: 1, cover: { color: 'green' } },
      {},
      'REQUEST_INVALID',
      /one of `red`, `blue`/,
    ],
    [
      'wrong at a name that a pointer must escape',
      { pages: 1, cover: { color: 'red', 'a/b~c': 1 } },
      {},
      'REQUEST_INVALID',
      /#\/cover\/a~1b~0c/,
    ],
  ])('%s is refused', async (_, body, headers, code, detail) => {
    expect(await put(body, headers)).toMatchObject({ code, detail: expect.stringMatching(detail) as string });
  });

  test('that is compressed is refused: a small one can unpack to gigabytes', async () => {
    const { ask, books } = await serveShelf();
    const body = gzipSync('{"pages":1}').toString('latin1');
    const headers = { ...ABSENT, 'content-encoding': 'gzip', 'content-type': 'application/json' };
    expect((await ask('PUT', '/books/mine/emma', { body, headers })).status).toBe(415);
    expect(books.size).toBe(0);
  });

  test.each([
    ['text/plain'],
    ['application/x-www-form-urlencoded'],
    ['multipart/form-data; boundary=x'],
    ['application/json\ta'],
    ['application/json, text/plain'],
    ['application/jsonp'],
    ['application/vnd.api+json'],
    [''],
  ])('REG-020: of the type %j is not read, though it would be good JSON', async (type) => {
    const { ask, books } = await serveShelf();
    const headers = { ...ABSENT, 'content-type': type };
    const answer = await ask('PUT', '/books/mine/emma', { body: '{"pages":1}', headers });
    expect(answer.status).toBe(415);
    expect(books.size).toBe(0);
  });

  test('REG-020: is held to its form whatever character set its type names', async () => {
    const { ask, books } = await serveShelf();
    const headers = { ...ABSENT, 'content-type': 'application/json; charset=utf-7' };
    const answer = await ask('PUT', '/books/mine/emma', { body: '{"pages":1,"+ACI-owner":"eve"}', headers });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(books.size).toBe(0);
  });

  test('is not expected where a route takes none, but for the `{}` that many clients always send', async () => {
    const { ask } = await serveShelf();
    const gone = await ask('DELETE', '/books/mine/x', { body: { force: true }, headers: { 'if-match': '*' } });
    expect(await problemOf(gone)).toMatchObject({
      code: 'REQUEST_INVALID',
      detail: expect.stringMatching(/takes none/) as string,
    });
    const empty = await ask('DELETE', '/books/mine/x', { body: {}, headers: { 'if-match': '*' } });
    expect(await problemOf(empty)).toMatchObject({ code: 'BOOK_UNKNOWN' });
  });
});

describe('a path or query', () => {
  test.each([
    ['a path that nobody has', 'GET', '/shelves', 404, 'ROUTE_UNKNOWN'],
    ['a path that goes on', 'GET', '/books/mine/emma/pages', 404, 'ROUTE_UNKNOWN'],
    ['a method that it does not answer to', 'PATCH', '/books', 405, 'ROUTE_METHOD_REFUSED'],
    ['a parameter that is not known', 'GET', '/books?limt=3', 400, 'REQUEST_INVALID'],
    ['a parameter twice', 'GET', '/books?limit=3&limit=4', 400, 'REQUEST_INVALID'],
    ['a page of none', 'GET', '/books?limit=0', 400, 'REQUEST_INVALID'],
    ['a page of too many', 'GET', '/books?limit=1001', 400, 'REQUEST_INVALID'],
    ['a page of what is no number', 'GET', '/books?limit=1e2', 400, 'REQUEST_INVALID'],
    ['a query where there is none', 'GET', '/books/mine/emma?verbose=1', 400, 'REQUEST_INVALID'],
    ['a name that is too long', 'GET', `/books/mine/${'x'.repeat(41)}`, 400, 'REQUEST_INVALID'],
    ['percent signs that stand for nothing', 'GET', '/books/mine/%E0%A4%A', 404, 'ROUTE_UNKNOWN'],
  ])('%s is refused', async (_, method, path, status, code) => {
    const { ask } = await serveShelf();
    const answer = await ask(method, path);
    expect([answer.status, (await problemOf(answer))['code']]).toEqual([status, code]);
    if (status === 405) expect(answer.headers.get('allow')).toBe('GET, HEAD');
  });
});

test('HEAD answers as GET does, without a body', async () => {
  const { ask } = await serveShelf();
  const answer = await ask('HEAD', '/books');
  expect([answer.status, answer.headers.get('content-length'), await answer.text()]).toEqual([200, '12', '']);
});

test('a fault says nothing of itself but the id under which the log has it', async () => {
  const { ask } = await serveShelf();
  const answer = await ask('POST', '/books/mine/emma/lend', { body: { to: 'fire' } });
  const text = await answer.text();
  expect([answer.status, text.includes('hunter2'), text.includes('r1')]).toEqual([500, false, true]);
});

test('an answer that says more than its description is a fault, and is not sent', async () => {
  const { ask } = await serveShelf();
  const answer = await ask('GET', '/gossip', { as: '' });
  expect([answer.status, (await answer.text()).includes('hunter2')]).toEqual([500, false]);
});

describe('who is calling', () => {
  test('is asked before the body is read, and before anything is said of it', async () => {
    const { ask } = await serveShelf();
    const answer = await ask('PUT', '/books/mine/emma', { as: '', body: '{"not json' });
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
  });

  test('may not do it: 403, on record, and nothing is said of what is wrong with the body', async () => {
    const { ask, records } = await serveShelf();
    const answer = await ask('PUT', '/books/mine/emma', { as: 'auditor', body: { pages: 'x' } });
    expect(answer.status).toBe(403);
    expect(records).toMatchObject([
      {
        class: 'authorization',
        outcome: 'denied',
        action: 'secret.put',
        actor: { sub: 'auditor-of-mine' },
        object: { kind: 'operation', namespace: 'mine', name: 'putBook' },
      },
    ]);
  });

  test('belongs to another namespace: what is there answers as what is not', async () => {
    const { ask, books } = await serveShelf();
    books.set('other/emma', { namespace: 'other', name: 'emma', pages: 1, edition: 1 });
    const [foreign, absent] = await Promise.all([ask('GET', '/books/other/emma'), ask('GET', '/books/mine/emma')]);
    const [left, right] = await Promise.all([problemOf(foreign), problemOf(absent)]);
    expect({ ...left, instance: '' }).toEqual({ ...right, instance: '' });
    const listed = await ask('GET', '/books?namespace=other');
    expect(await listed.json()).toEqual({ items: [] });
  });
});

test('a route says who may ask it, or it is no route', () => {
  const facts = { operationId: 'x', method: 'GET', path: '/x', summary: '', tag: '', where: 'everywhere' } as const;
  // @ts-expect-error -- without a permission it does not typecheck
  expect(route({ ...facts, answer: z.strictObject({}), handle: async () => ({}) })).toBeDefined();
});

test('a request of this process goes through the same frame', async () => {
  const { api } = await serveShelf('sqlite', { books: shelf() });
  const { caller } = await import('./shelf.fixture.ts');
  const local = (method: string, target: string, principal = caller('admin'), body?: string) =>
    api.local({
      method,
      target: `/api/v1${target}`,
      principal,
      requestId: 'l1',
      body: body === undefined ? undefined : Buffer.from(body),
      headers: ABSENT,
    });
  expect(await local('PUT', '/books/mine/emma', caller('admin'), '{"pages":3}')).toMatchObject({ status: 201 });
  expect(await local('PUT', '/books/mine/emma', caller('auditor'), '{"pages":3}')).toMatchObject({ status: 403 });
  expect(await local('GET', '/books/mine/%65mma')).toMatchObject({ status: 304 });
  expect(await local('GET', '/books?limt=1')).toMatchObject({ status: 400 });
  expect(await local('GET', '/shelves')).toMatchObject({ status: 404 });
});
