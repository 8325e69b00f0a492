import { expect, it } from 'vitest';
import type { ServerConnection } from '../../connections/index.ts';
import { askableOf, connectionKey, ConnectionPool } from '../index.ts';

interface Opened extends ServerConnection {
  closed: boolean;
  end(): void;
}

function connection(): Opened {
  let ended: (reason: Error) => void = () => {};
  return {
    ...{ era: 'session', version: '2025-11-25', capabilities: {}, serverInfo: undefined, instructions: undefined },
    closed: false,
    request: () => Promise.resolve({}),
    onNews: () => () => {},
    onEnd(listener) {
      ended = listener;
      return () => {};
    },
    close() {
      this.closed = true;
      return Promise.resolve();
    },
    end: () => ended(new Error('gone')),
  };
}

const poolOf = (most = 2, idleMs = 60_000) => {
  const time = { now: 0 };
  return { time, pool: new ConnectionPool({ name: 'far', most, idleMs, clock: { now: () => time.now } }) };
};

const leaseOf = (pool: ConnectionPool, key: string, open: Parameters<ConnectionPool['lease']>[1]) =>
  pool.lease(key, open, { signal: new AbortController().signal });

it('opens one connection for all who ask at once, and closes it after the last', async () => {
  const { pool } = poolOf();
  const opened: Opened[] = [];
  const open = async (): Promise<Opened> => {
    const one = connection();
    opened.push(one);
    return one;
  };
  const leases = await Promise.all([leaseOf(pool, 'a', open), leaseOf(pool, 'a', open), leaseOf(pool, 'a', open)]);
  expect(opened).toHaveLength(1);
  leases[0]?.release();
  leases[0]?.release();
  const ending = pool.end();
  expect(opened[0]?.closed).toBe(false);
  leases[1]?.release();
  leases[2]?.release();
  await ending;
  expect(opened[0]?.closed).toBe(true);
});

it('takes the place of the one that rested longest, and none that is in use', async () => {
  const { pool, time } = poolOf();
  const [a, b] = [connection(), connection()];
  const first = await leaseOf(pool, 'a', async () => a);
  const second = await leaseOf(pool, 'b', async () => b);
  await expect(leaseOf(pool, 'c', async () => connection())).rejects.toMatchObject({ code: 'CONNECTIONS_EXHAUSTED' });
  first.release();
  time.now = 1;
  second.release();
  const third = await leaseOf(pool, 'c', async () => connection());
  expect([a.closed, b.closed]).toEqual([true, false]);
  third.release();
  await pool.end();
});

it('does not knock again at once at a door that nobody opened', async () => {
  const { pool, time } = poolOf();
  let knocks = 0;
  const open = (): Promise<never> => {
    knocks++;
    return Promise.reject(new Error('nobody is there'));
  };
  for (let call = 0; call < 5; call++) await expect(leaseOf(pool, 'a', open)).rejects.toThrow('nobody is there');
  expect(knocks).toBe(1);
  time.now = 600;
  await expect(leaseOf(pool, 'a', open)).rejects.toThrow('nobody is there');
  expect(knocks).toBe(2);
  // What one context is refused another is not.
  const other = await leaseOf(pool, 'b', async () => connection());
  other.release();
  await pool.end();
});

it('opens anew after a connection has ended by itself', async () => {
  const { pool } = poolOf();
  const a = connection();
  (await leaseOf(pool, 'a', async () => a)).release();
  a.end();
  const again = connection();
  const lease = await leaseOf(pool, 'a', async () => again);
  expect(lease.connection).toBe(again);
  lease.release();
  await pool.end();
});

it('gives up an opening that nobody waits for any more, and opens anew for who comes next', async () => {
  const { pool } = poolOf();
  const given = Promise.withResolvers<void>();
  const stuck = (signal: AbortSignal): Promise<never> =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => (given.resolve(), reject(signal.reason as Error)), { once: true });
    });
  const [first, second] = [new AbortController(), new AbortController()];
  const waiting = [pool.lease('a', stuck, first), pool.lease('a', stuck, second)];
  first.abort(new Error('left'));
  await expect(waiting[0]).rejects.toThrow('left');
  second.abort(new Error('left too'));
  await expect(waiting[1]).rejects.toThrow('left too');
  await given.promise;
  const open = connection();
  const lease = await leaseOf(pool, 'a', async () => open);
  expect(lease.connection).toBe(open);
  lease.release();
  await pool.end();
});

it('tells a server of what is asked of clients alone, and keys connections by it', () => {
  const said = { roots: { listChanged: true }, elicitation: { url: {}, form: {} }, experimental: { x: {} } };
  const remote = { command: undefined, shared: false };
  expect(askableOf(said, remote)).toEqual({ roots: {}, elicitation: { url: {}, form: {} } });
  // Folders of another machine are no folders of a process here (MCP-036).
  expect(askableOf(said, { ...remote, command: '/opt/files' })).toEqual({ elicitation: { url: {}, form: {} } });
  expect(askableOf(said, { ...remote, shared: true })).toEqual({});
  const key = (context: string, capabilities: object, isPerCaller: boolean) =>
    connectionKey({ context }, capabilities as never, { isPerCaller });
  expect(key('a', { x: { y: 1, z: 2 } }, true)).toBe(key('a', { x: { z: 2, y: 1 } }, true));
  expect(key('a', {}, true)).not.toBe(key('b', {}, true));
  expect(key('a', {}, false)).toBe(key('b', {}, false));
  expect(key('a', { sampling: {} }, false)).not.toBe(key('a', {}, false));
});
