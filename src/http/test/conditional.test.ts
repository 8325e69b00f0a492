import { describe, expect, test } from 'vitest';
import { checkPrecondition, entityTag, isKnown, preconditionOf } from '../conditional.ts';
import { problemOf, serveShelf } from './shelf.fixture.ts';

const TAG = entityTag('emma 1');

describe('If-Match (RFC 9110 §13.1.1)', () => {
  const verdict = (headers: Record<string, string>, tag: string | undefined): string => {
    try {
      checkPrecondition(preconditionOf(headers), tag);
      return 'holds';
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  test.each([
    ['nothing is said', {}, TAG, 'PRECONDITION_REQUIRED'],
    ['its tag', { 'if-match': TAG }, TAG, 'holds'],
    ['its tag in a list', { 'if-match': `"x,y" , ${TAG}` }, TAG, 'holds'],
    ['another tag', { 'if-match': '"x"' }, TAG, 'PRECONDITION_FAILED'],
    ['its tag, weak', { 'if-match': `W/${TAG}` }, TAG, 'PRECONDITION_FAILED'],
    ['its tag without quotes', { 'if-match': TAG.slice(1, -1) }, TAG, 'PRECONDITION_FAILED'],
    ['anything, and there is something', { 'if-match': '*' }, TAG, 'holds'],
    ['anything, and there is nothing', { 'if-match': '*' }, undefined, 'PRECONDITION_FAILED'],
    ['nothing, and there is nothing', { 'if-none-match': '*' }, undefined, 'holds'],
    ['nothing, and there is something', { 'if-none-match': '*' }, TAG, 'PRECONDITION_FAILED'],
    ['other states, which says nothing of this one', { 'if-none-match': '"x"' }, TAG, 'PRECONDITION_REQUIRED'],
  ])('%s', (_, headers, tag, expected) => {
    expect(verdict(headers as Record<string, string>, tag)).toBe(expected);
  });
});

test('If-None-Match compares weakly (§13.1.2)', () => {
  const known = (value: string): boolean => isKnown({ 'if-none-match': value }, TAG);
  expect([TAG, `W/${TAG}`, `"a", W/${TAG}`, '*'].map(known)).toEqual([true, true, true, true]);
  expect(['"a"', TAG.slice(1, -1), ''].map(known)).toEqual([false, false, false]);
});

describe('at the door', () => {
  test('what is made answers 201 with its ETag; changed, 200 with another; known, 304 without a body', async () => {
    const { ask } = await serveShelf();
    const put = (headers: Record<string, string>) => ask('PUT', '/books/mine/emma', { body: { pages: 1 }, headers });
    const made = await put({ 'if-none-match': '*' });
    const first = made.headers.get('etag') as string;
    const changed = await put({ 'if-match': first });
    const second = changed.headers.get('etag') as string;
    expect([made.status, changed.status, first === second]).toEqual([201, 200, false]);
    const get = (tag: string) => ask('GET', '/books/mine/emma', { headers: { 'if-none-match': tag } });
    const [known, news] = [await get(second), await get(first)];
    expect([known.status, known.headers.get('etag'), await known.text(), news.status]).toEqual([304, second, '', 200]);
  });

  test.each(['PUT', 'DELETE'])('%s says which state it changes: 428 without, 412 for another', async (method) => {
    const { ask, books } = await serveShelf();
    books.set('mine/emma', { namespace: 'mine', name: 'emma', pages: 1, edition: 1 });
    const change = (headers: Record<string, string>) =>
      ask(method, '/books/mine/emma', { headers, ...(method === 'PUT' && { body: { pages: 2 } }) });
    const answers = [await change({}), await change({ 'if-match': '"x"' })];
    const codes = await Promise.all(answers.map(async (answer) => [answer.status, (await problemOf(answer))['code']]));
    expect(codes).toEqual([
      [428, 'PRECONDITION_REQUIRED'],
      [412, 'PRECONDITION_FAILED'],
    ]);
    expect(books.get('mine/emma')?.edition).toBe(1);
    expect((await change({ 'if-match': TAG })).status).toBe(method === 'PUT' ? 200 : 204);
  });

  test('of ten changes to one state, one is made', async () => {
    const { ask, books } = await serveShelf();
    books.set('mine/emma', { namespace: 'mine', name: 'emma', pages: 1, edition: 1 });
    const changes = Array.from({ length: 10 }, (_, at) =>
      ask('PUT', '/books/mine/emma', { body: { pages: at + 1 }, headers: { 'if-match': TAG } }),
    );
    const statuses = (await Promise.all(changes)).map(({ status }) => status);
    const count = (wanted: number): number => statuses.filter((status) => status === wanted).length;
    expect([count(200), count(412)]).toEqual([1, 9]);
  });
});
