import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Cursors } from '../cursor.ts';
import { problemOf, serveShelf, type ServedShelf } from './shelf.fixture.ts';

async function stocked(): Promise<ServedShelf> {
  const served = await serveShelf();
  for (let number = 10; number < 35; number++) {
    const namespace = number % 2 === 0 ? 'mine' : 'other';
    served.books.set(`${namespace}/b${number}`, { namespace, name: `b${number}`, pages: number, edition: 1 });
  }
  return served;
}

interface PageBody {
  readonly items: readonly { readonly name: string }[];
  readonly next?: string;
}

describe('a listing', () => {
  test('is walked to its end by `next`, and by `Link` (RFC 8288), without repeating or leaving out', async () => {
    const { ask } = await stocked();
    const seen: string[] = [];
    let path = '/books?limit=5&namespace=mine';
    for (let pages = 1; ; pages++) {
      const answer = await ask('GET', path);
      const { items, next } = (await answer.json()) as PageBody;
      seen.push(...items.map(({ name }) => name));
      const link = /^<\/api\/v1(.+)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
      expect(link === undefined).toBe(next === undefined);
      if (link === undefined) {
        expect(pages).toBe(3);
        break;
      }
      expect(new URLSearchParams(link.split('?')[1]).get('cursor')).toBe(next);
      path = link;
    }
    expect(seen).toEqual(Array.from({ length: 13 }, (_, at) => `b${10 + 2 * at}`));
  });

  test('of all shows what the caller may list, and no more', async () => {
    const { ask } = await stocked();
    const { items } = (await (await ask('GET', '/books')).json()) as PageBody;
    expect(items).toHaveLength(13);
  });

  test('refuses a cursor of another listing, of other filters, and one that is made up', async () => {
    const { ask } = await stocked();
    const { next } = (await (await ask('GET', '/books?limit=2&namespace=mine')).json()) as PageBody;
    const made = `${Buffer.from('"mine/b10"').toString('base64url')}.${'A'.repeat(43)}`;
    for (const path of [
      `/books?cursor=${next}`,
      `/books?namespace=mine&longest=1&cursor=${next}`,
      `/books?cursor=${made}`,
      '/books?cursor=x',
    ]) {
      const answer = await ask('GET', path);
      expect([answer.status, (await problemOf(answer))['code']]).toEqual([400, 'CURSOR_REFUSED']);
    }
    // A page of another size is the same listing.
    expect((await ask('GET', `/books?namespace=mine&limit=9&cursor=${next}`)).status).toBe(200);
  });
});

test('no cursor that differs in one character opens (property)', () => {
  const cursors = new Cursors(Buffer.alloc(32, 1));
  const cursor = cursors.write('listing', { namespace: 'a', name: 'b' });
  const read = (text: string): unknown => {
    try {
      return cursors.read('listing', text, z.unknown());
    } catch (error) {
      return (error as { code?: string }).code;
    }
  };
  expect(read(cursor)).toEqual({ namespace: 'a', name: 'b' });
  const other = fc.tuple(fc.nat(cursor.length - 1), fc.constantFrom('A', 'B', 'a', 'b', '0', '9', '-', '_', '.'));
  fc.assert(
    fc.property(other, ([at, character]) => {
      fc.pre(cursor[at] !== character);
      const changed = cursor.slice(0, at) + character + cursor.slice(at + 1);
      // The last character of base64url carries spare bits: another spelling of the same bytes.
      const same = changed
        .split('.')
        .map((part) => Buffer.from(part, 'base64url').toString('hex'))
        .join('.');
      fc.pre(
        same !==
          cursor
            .split('.')
            .map((part) => Buffer.from(part, 'base64url').toString('hex'))
            .join('.'),
      );
      expect(read(changed)).toBe('CURSOR_REFUSED');
    }),
  );
});
