import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ConnectionPool, type PooledConnection } from '../connection-pool.ts';

class FakeConnection implements PooledConnection {
  broken = false;
  ended = false;
  async end(): Promise<void> {
    this.ended = true;
    this.broken = true;
  }
  destroy(): void {
    this.broken = true;
  }
}

interface Opening {
  readonly arrive: () => FakeConnection;
  readonly fail: (error: Error) => void;
}

/** A pool whose connections open when the test says so. */
function poolOf(
  size: number,
  stamp?: () => Promise<string>,
): { pool: ConnectionPool<FakeConnection>; opening: Opening[] } {
  const opening: Opening[] = [];
  const pool = new ConnectionPool({
    name: 'shop',
    size,
    idleMs: 60_000,
    stamp,
    open: async () => {
      const { promise, resolve, reject } = Promise.withResolvers<FakeConnection>();
      opening.push({
        arrive: () => {
          const connection = new FakeConnection();
          resolve(connection);
          return connection;
        },
        fail: reject,
      });
      return promise;
    },
  });
  return { pool, opening };
}

const patient = new AbortController().signal;

describe('a pool whose connections are signed in with a secret', () => {
  let stamp = 'one';
  const stamped = () => poolOf(2, async () => stamp);

  it('keeps connections while the secret is the same', async () => {
    stamp = 'one';
    const { pool, opening } = stamped();
    const lending = pool.acquire(patient);
    await setImmediate();
    const connection = opening[0]?.arrive();
    pool.release(await lending);
    expect(await pool.acquire(patient)).toBe(connection);
  });

  it('ends idle ones when it is another, and lent ones when they come back', async () => {
    stamp = 'one';
    const { pool, opening } = stamped();
    const [first, second] = [pool.acquire(patient), pool.acquire(patient)];
    await setImmediate();
    const [idle, lent] = [opening[0]?.arrive(), opening[1]?.arrive()];
    pool.release(await first);
    await second;
    stamp = 'two';
    const third = pool.acquire(patient);
    await setImmediate();
    expect([idle?.ended, lent?.ended]).toEqual([true, false]);
    const fresh = opening[2]?.arrive();
    expect(await third).toBe(fresh);
    if (lent !== undefined) pool.release(lent);
    expect(lent?.ended).toBe(true);
    // What was opened with the old secret goes to nobody who waits.
    expect(fresh?.ended).toBe(false);
  });

  it('gives a waiting call a new connection rather than one of before', async () => {
    stamp = 'one';
    const { pool, opening } = poolOf(1, async () => stamp);
    const first = pool.acquire(patient);
    await setImmediate();
    const old = opening[0]?.arrive();
    await first;
    stamp = 'two';
    const second = pool.acquire(patient);
    await setImmediate();
    await setImmediate();
    if (old !== undefined) pool.release(old);
    const fresh = opening[1]?.arrive();
    expect(await second).toBe(fresh);
    expect(old?.ended).toBe(true);
  });

  it('lends none, and keeps none, while the secret cannot be used', async () => {
    let usable = true;
    const { pool, opening } = poolOf(1, async () => {
      if (usable) return 'one';
      throw new Error('it is disabled');
    });
    const first = pool.acquire(patient);
    await setImmediate();
    const connection = opening[0]?.arrive();
    pool.release(await first);
    usable = false;
    await expect(pool.acquire(patient)).rejects.toThrow('it is disabled');
    expect(connection?.ended).toBe(true);
    await pool.close();
  });
});

describe('the connection pool', () => {
  it('opens no more than its size and hands a freed connection to the longest-waiting call', async () => {
    const { pool, opening } = poolOf(1);
    const first = pool.acquire(patient);
    const order: string[] = [];
    const second = pool.acquire(patient).then((connection) => (order.push('second'), connection));
    const third = pool.acquire(patient).then((connection) => (order.push('third'), connection));
    const connection = opening[0]?.arrive();
    pool.release(await first);
    pool.release(await second);
    expect(await third).toBe(connection);
    expect(order).toEqual(['second', 'third']);
    expect(opening).toHaveLength(1);
  });

  it('replaces a broken connection for whoever waits', async () => {
    const { pool, opening } = poolOf(1);
    const first = pool.acquire(patient);
    const waiting = pool.acquire(patient);
    opening[0]?.arrive();
    const lent = await first;
    lent.destroy();
    pool.release(lent);
    const fresh = opening[1]?.arrive();
    expect(await waiting).toBe(fresh);
  });

  it('does not lend a connection that broke while idle', async () => {
    const { pool, opening } = poolOf(1);
    const first = pool.acquire(patient);
    opening[0]?.arrive();
    const lent = await first;
    pool.release(lent);
    lent.destroy();
    const next = pool.acquire(patient);
    const fresh = opening[1]?.arrive();
    expect(await next).toBe(fresh);
  });

  it('passes a failure to open on, and frees the place for the next call', async () => {
    const { pool, opening } = poolOf(1);
    const first = pool.acquire(patient);
    const waiting = pool.acquire(patient);
    opening[0]?.fail(new Error('refused'));
    await expect(first).rejects.toThrow('refused');
    opening[1]?.fail(new Error('refused again'));
    await expect(waiting).rejects.toThrow('refused again');
    const later = pool.acquire(patient);
    const fresh = opening[2]?.arrive();
    expect(await later).toBe(fresh);
  });

  it('loses no connection when the waiting call leaves while one is opened for it', async () => {
    const { pool, opening } = poolOf(1);
    const first = pool.acquire(patient);
    const caller = new AbortController();
    const waiting = pool.acquire(caller.signal);
    opening[0]?.arrive();
    const lent = await first;
    lent.destroy();
    pool.release(lent);
    caller.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    const fresh = opening[1]?.arrive();
    const next = pool.acquire(patient);
    expect(await next).toBe(fresh);
    expect(opening).toHaveLength(2);
  });

  it('closes once lent connections are back and waiting calls are served', async () => {
    const { pool, opening } = poolOf(1);
    const first = pool.acquire(patient);
    const waiting = pool.acquire(patient);
    const connection = opening[0]?.arrive();
    const lent = await first;
    let closed = false;
    const closing = pool.close().then(() => (closed = true));
    pool.release(lent);
    const second = await waiting;
    expect(closed).toBe(false);
    pool.release(second);
    await closing;
    expect(connection?.ended).toBe(true);
    await expect(pool.acquire(patient)).rejects.toThrow('the source `shop` was closed');
  });
});
