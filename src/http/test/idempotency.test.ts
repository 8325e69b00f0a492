import { describe, expect, onTestFinished, test } from 'vitest';
import { startPruning } from '#http';
import { silentLogger } from '#kernel';
import { dialects } from '../../../test/databases.ts';
import { parseIdempotencyKey } from '../idempotency.ts';
import { problemOf, serveShelf, type ServedShelf } from './shelf.fixture.ts';

const lend = (served: ServedShelf, key: string, body: unknown = { to: 'anne' }, as = 'admin') =>
  served.ask('POST', '/books/mine/emma/lend', { as, body, headers: { 'idempotency-key': key } });

const codeOf = async (answer: Response): Promise<unknown> => (await problemOf(answer))['code'];

describe.each(dialects)('on %s', (dialect) => {
  test('a repetition gets the first answer, and does nothing', async () => {
    const served = await serveShelf(dialect);
    const [first, second] = [await lend(served, '"k1"'), await lend(served, '"k1"')];
    expect([first.status, second.status, served.lent]).toEqual([201, 201, 1]);
    expect([first, second].map(({ headers }) => headers.get('idempotency-replayed'))).toEqual([null, 'true']);
    expect(await first.json()).toEqual({ number: 1, ticket: 'TICKET-SECRET' });
    expect(await second.json()).toEqual({ number: 1, ticket: null });
  });

  test('a secret in an answer is not kept, nor is what was sent', async () => {
    const served = await serveShelf(dialect);
    await lend(served, 'k1', { to: 'hunter2' });
    const kept = await served.kept();
    expect([kept.includes('"k1"'), /TICKET|hunter2/.test(kept)]).toEqual([true, false]);
  });

  test('a key belongs to one request of one caller: another body is refused, another caller has their own', async () => {
    const served = await serveShelf(dialect);
    await lend(served, 'k1');
    const other = await lend(served, 'k1', { to: 'jane' });
    expect([other.status, await codeOf(other), served.lent]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED', 1]);
    expect((await lend(served, 'k1', { to: 'anne' }, 'auditor')).status).toBe(403);
  });

  test('of requests at the same time in two processes one runs; the others are told to wait', async () => {
    const first = await serveShelf(dialect);
    const second = await serveShelf(dialect, { beside: first });
    let open = (): void => {};
    first.gate = second.gate = new Promise((resolve) => (open = resolve));
    const asked = Array.from({ length: 8 }, (_, at) => lend(at % 2 === 0 ? first : second, 'k1'));
    // Seven are answered while one waits at the gate.
    const early: Response[] = [];
    await new Promise<void>((resolve) => {
      for (const one of asked) void one.then((answer) => early.push(answer) === 7 && resolve());
    });
    expect(early.map(({ status }) => status)).toEqual(Array(7).fill(409));
    expect(new Set(await Promise.all(early.map(codeOf)))).toEqual(new Set(['IDEMPOTENCY_IN_FLIGHT']));
    open();
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect([statuses.filter((status) => status === 201).length, first.lent + second.lent]).toEqual([1, 1]);
  });

  test('a refusal is an answer too; after a fault nobody says that it was not done', async () => {
    const served = await serveShelf(dialect);
    const refused = [await lend(served, 'k1', { to: 'nobody' }), await lend(served, 'k1', { to: 'nobody' })];
    expect(await Promise.all(refused.map(codeOf))).toEqual(['BOOK_LENT', 'BOOK_LENT']);
    const faults = [await lend(served, 'k2', { to: 'fire' }), await lend(served, 'k2', { to: 'fire' })];
    expect(await Promise.all(faults.map(codeOf))).toEqual(['API_FAULT', 'IDEMPOTENCY_OUTCOME_UNKNOWN']);
    expect(served.lent).toBe(2);
  });

  test('a request whose process died is not done again, and its key is forgotten after 24 hours', async () => {
    const served = await serveShelf(dialect);
    served.gate = new Promise(() => {});
    void lend(served, 'k1').catch(() => {});
    await expect.poll(() => served.lent).toBe(1);
    const again = async () => codeOf(await lend(served, 'k1'));
    expect(await again()).toBe('IDEMPOTENCY_IN_FLIGHT');
    served.clock.advance(5 * 60_000);
    expect(await again()).toBe('IDEMPOTENCY_OUTCOME_UNKNOWN');
    served.clock.advance(24 * 3_600_000);
    served.gate = Promise.resolve();
    expect((await lend(served, 'k1')).status).toBe(201);
  });
});

test('what was kept for a day goes by itself, whether or not anybody asks', async () => {
  const served = await serveShelf();
  await lend(served, 'k1');
  const { database, clock } = served;
  clock.advance(24 * 3_600_000);
  await lend(served, 'k2');
  clock.advance(1);
  expect(await served.kept()).toContain('"k1"');
  const stop = startPruning({ database, clock, log: silentLogger, everyMs: 10 });
  onTestFinished(stop);
  await expect.poll(() => served.kept()).not.toContain('"k1"');
  expect(await served.kept()).toContain('"k2"');
  clock.advance(24 * 3_600_000);
  await expect.poll(() => served.kept()).toBe('[]');
});

test('what the form of a request refuses takes no key', async () => {
  const served = await serveShelf();
  expect((await lend(served, 'k1', { whom: 'anne' })).status).toBe(400);
  expect((await lend(served, 'k1')).status).toBe(201);
});

test('a key is a string of RFC 9651, or the same without quotes', () => {
  const read = (header: string): string => {
    try {
      return parseIdempotencyKey(header);
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  expect(['"a b"', 'abc-1', ' "x" '].map(read)).toEqual(['a b', 'abc-1', 'x']);
  const refused = ['', '""', '"a', 'a"b', 'a, b', 'ä', 'x'.repeat(256)].map(read);
  expect(new Set(refused)).toEqual(new Set(['IDEMPOTENCY_KEY_REFUSED']));
});
