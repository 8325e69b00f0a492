/** A small API over books in memory, in the real frame, over a real database, behind a real listener. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { createApi, entityTag, listing, openApiDoor, route, stream, type Api, type Route } from '#http';
import { defineErrors, sha256Hex, silentLogger, type Clock } from '#kernel';
import { EVERYWHERE, rolesIn, type AuditEvent, type Principal, type Refuse } from '#contract';
import { openDatabase, type Database } from '#db';
import { emptyPlace, type TestDialect, type TestPlace } from '../../../test/databases.ts';

export class HandClock implements Clock {
  #now = Date.UTC(2026, 10, 21);
  now(): number {
    return this.#now;
  }
  advance(ms: number): void {
    this.#now += ms;
  }
}

const shelfError = defineErrors('shelf of the tests', {
  BOOK_UNKNOWN: { status: 404, title: 'there is no such book', remedy: 'Look at another shelf.' },
  BOOK_LENT: { status: 409, title: 'the book is lent', remedy: 'Wait.' },
  SHELF_FORBIDDEN: { status: 403, title: 'not allowed', remedy: 'Ask.' },
  NOT_SIGNED_IN: { status: 401, title: 'nobody', remedy: 'Sign in.' },
});

const book = z.strictObject({ namespace: z.string(), name: z.string(), pages: z.int(), edition: z.int() });
const place = z.strictObject({ namespace: z.string(), name: z.string().max(40) });
type Book = z.output<typeof book>;

const missing = ({ name }: { readonly name: string }) => shelfError('BOOK_UNKNOWN', `there is no book \`${name}\``);
const one = {
  params: place,
  where: { target: ({ namespace }: { readonly namespace: string }) => ({ namespace }), missing },
} as const;
const editionOf = ({ name, edition }: Book): string => `${name} ${edition}`;

export interface Shelf {
  readonly routes: readonly Route[];
  readonly books: Map<string, Book>;
  /** How often `lend` has run. */
  lent: number;
  /** Held by a test to keep `lend` from ending, and a reading after its first page. */
  gate: Promise<void>;
  /** How readings of a book began and ended. */
  readonly read: string[];
}

/** Routes of every shape that the frame knows. */
export function shelf(): Shelf {
  const books = new Map<string, Book>();
  const self: Shelf = { routes: [], books, lent: 0, gate: Promise.resolve(), read: [] };
  const key = ({ namespace, name }: { readonly namespace: string; readonly name: string }): string =>
    `${namespace}/${name}`;
  const routes = [
    listing({
      operationId: 'listBooks',
      path: '/books',
      summary: 'Books',
      tag: 'books',
      permission: 'secret.read',
      where: 'listed',
      query: z.strictObject({ namespace: z.string().optional(), longest: z.string().optional() }),
      item: book,
      position: z.string(),
      handle: async ({ namespaces, limit, after }) => {
        const found = [...books.values()]
          .filter(({ namespace }) => namespaces === 'all' || namespaces.includes(namespace))
          .filter((found) => after === undefined || key(found) > after)
          .toSorted((left, right) => (key(left) < key(right) ? -1 : 1));
        const items = found.slice(0, limit);
        const last = items.at(-1);
        return { items, next: found.length > limit && last ? key(last) : undefined };
      },
    }),
    route({
      ...one,
      operationId: 'getBook',
      method: 'GET',
      path: '/books/{namespace}/{name}',
      summary: 'A book',
      tag: 'books',
      permission: 'secret.read',
      errors: ['BOOK_UNKNOWN'],
      answer: book,
      version: editionOf,
      handle: async ({ params }) => {
        const found = books.get(key(params));
        if (found === undefined) throw missing(params);
        return found;
      },
    }),
    route({
      ...one,
      operationId: 'putBook',
      method: 'PUT',
      path: '/books/{namespace}/{name}',
      summary: 'Put a book',
      tag: 'books',
      permission: 'secret.put',
      conditional: true,
      body: z.strictObject({
        pages: z.int().min(1),
        cover: z.strictObject({ color: z.enum(['red', 'blue']), 'a/b~c': z.string().optional() }).optional(),
      }),
      answer: book,
      version: editionOf,
      made: ({ edition }) => edition === 1,
      handle: async ({ params, body, checkCurrent }) => {
        const current = books.get(key(params));
        checkCurrent(current && entityTag(editionOf(current)));
        const next = { ...params, pages: body.pages, edition: (current?.edition ?? 0) + 1 };
        books.set(key(params), next);
        return next;
      },
    }),
    route({
      ...one,
      operationId: 'removeBook',
      method: 'DELETE',
      path: '/books/{namespace}/{name}',
      summary: 'Remove a book',
      tag: 'books',
      permission: 'secret.delete',
      conditional: true,
      status: 204,
      handle: async ({ params, checkCurrent }) => {
        const current = books.get(key(params));
        if (current === undefined) throw missing(params);
        checkCurrent(entityTag(editionOf(current)));
        books.delete(key(params));
      },
    }),
    route({
      ...one,
      operationId: 'lendBook',
      method: 'POST',
      path: '/books/{namespace}/{name}/lend',
      summary: 'Lend a book',
      tag: 'books',
      permission: 'secret.put',
      status: 201,
      body: z.strictObject({ to: z.string() }),
      errors: ['BOOK_LENT'],
      answer: z.strictObject({ number: z.int(), ticket: z.string().nullable() }),
      replay: (answer) => ({ ...answer, ticket: null }),
      handle: async ({ body }) => {
        self.lent++;
        const number = self.lent;
        await self.gate;
        if (body.to === 'nobody') throw shelfError('BOOK_LENT', 'it is lent to somebody else');
        if (body.to === 'fire') throw new Error('the shelf burns: hunter2');
        return { number, ticket: 'TICKET-SECRET' };
      },
    }),
    stream({
      ...one,
      operationId: 'readBook',
      path: '/books/{namespace}/{name}/text',
      summary: 'The pages of a book',
      tag: 'books',
      permission: 'secret.read',
      errors: ['BOOK_UNKNOWN', 'BOOK_LENT'],
      media: 'text/plain',
      handle: async ({ params }) => {
        const found = books.get(key(params));
        if (found === undefined) throw missing(params);
        return pagesOf(self, found);
      },
    }),
    route({
      operationId: 'talkTooMuch',
      method: 'GET',
      path: '/gossip',
      summary: 'Says more than it describes',
      tag: 'books',
      permission: 'public',
      where: 'everywhere',
      answer: z.strictObject({ said: z.string() }),
      handle: async () => ({ said: 'this', unsaid: 'hunter2' }) as { said: string },
    }),
  ];
  return Object.assign(self, { routes });
}

/** A page a piece. The first of `burnt` cannot be read, the second of `torn` neither. */
async function* pagesOf(self: Shelf, { name, pages }: Book): AsyncGenerator<string | Uint8Array> {
  self.read.push('begun');
  try {
    for (let page = 1; page <= pages; page++) {
      if (name === 'burnt') throw shelfError('BOOK_LENT', 'it is lent for ever');
      if (name === 'torn' && page === 2) throw new Error('hunter2');
      yield page % 2 === 0 ? Buffer.from(`page ${page}\n`) : `page ${page}\n`;
      await self.gate;
    }
  } finally {
    self.read.push('ended');
  }
}

const ALL = new Set(['read', 'execute', 'admin'] as const);

/** A caller with one role in one namespace. */
export const caller = (role: Principal['roles'][number], namespace = 'mine'): Principal => ({
  kind: 'agent',
  iss: 'chatelaine',
  sub: `${role}-of-${namespace}`,
  name: role,
  namespace,
  roles: [role],
  grants: [{ role, namespace }],
  access: ALL,
  groups: [],
  scopes: new Set(),
  via: { method: 'local' },
});

const refuse: Refuse = (principal, action, { namespace, missing: gone }) => {
  const roles = rolesIn(principal, namespace);
  if (roles.length === 0 && gone !== undefined && namespace !== EVERYWHERE) return gone();
  if (roles.includes('admin') || (action === 'secret.read' && roles.includes('auditor'))) return undefined;
  return shelfError('SHELF_FORBIDDEN', `${principal.name} may not do ${action}`);
};

export interface ServedShelf extends Shelf {
  readonly api: Api;
  readonly clock: HandClock;
  readonly database: Database;
  readonly at: TestPlace;
  /** What was recorded. */
  readonly records: AuditEvent[];
  /** Everything the database keeps of answers. */
  kept(): Promise<string>;
  /** Sends a request as the caller whose name `as` is: `admin`, `auditor`, `user`. */
  ask(method: string, path: string, init?: AskInit): Promise<Response>;
}

export interface AskInit {
  readonly as?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** Serves a shelf. With another's place it is a second process on the same state. */
export async function serveShelf(
  dialect: TestDialect = 'sqlite',
  { beside, books = shelf() }: { readonly beside?: ServedShelf; readonly books?: Shelf } = {},
): Promise<ServedShelf> {
  const at = beside?.at ?? (await emptyPlace(dialect));
  const clock = beside?.clock ?? new HandClock();
  const database = await openDatabase({ ...at.place, clock });
  const records: AuditEvent[] = [];
  const api = await createApi(books.routes, {
    takesRecentProof: (action) => action === 'secret.delete',
    database,
    trail: {
      status: { available: true },
      append: async (event) => ({ id: '', writer: '', seq: records.push(event) }),
      digest: (value) => sha256Hex(JSON.stringify(value)),
    },
    refuse,
    cursorKey: async () => Buffer.alloc(32, 7),
    version: '1.2.3',
    clock,
    log: silentLogger,
  });
  const handler = await openApiDoor(api, { maxBodyBytes: 2048 });
  let requests = 0;
  const server = createServer((request, response) => {
    void handler(request, response, {
      requestId: `r${++requests}`,
      address: '127.0.0.1',
      headers: ['X-From-Listener', 'yes'],
      challenge: (error) => (error.status === 401 ? 'Bearer' : undefined),
      authenticate: () => {
        const who = /^Bearer (admin|auditor|user)$/.exec(request.headers.authorization ?? '')?.[1];
        if (who === undefined) throw shelfError('NOT_SIGNED_IN', 'nobody is calling');
        return caller(who as 'admin');
      },
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await database.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`;
  const served = {
    api,
    clock,
    database,
    at,
    records,
    kept: async () => JSON.stringify(await database.db.selectFrom('idempotency_keys').selectAll().execute()),
    ask: (method: string, path: string, { as = 'admin', body, headers = {} }: AskInit = {}) =>
      fetch(`${url}${path}`, {
        method,
        headers: {
          ...(as !== '' && { authorization: `Bearer ${as}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
  };
  // The very object that the routes count in.
  return Object.assign(books, served);
}

/** What a problem says, to compare with. */
export async function problemOf(answer: Response): Promise<Record<string, unknown>> {
  return (await answer.json()) as Record<string, unknown>;
}
