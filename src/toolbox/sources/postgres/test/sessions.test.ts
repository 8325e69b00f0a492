import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { postgresDatabase, type PostgresDatabase } from '../../../../../test/postgres.ts';
import { codeOf, rowsOf, testLimits } from '../../test/sql-source.contract.ts';
import type { QueryLimits, Row, SqlSource, SqlValue } from '../../source.ts';
import type { PostgresSource } from '../source.ts';
import { openPostgres, type PostgresFields } from './postgres-harness.ts';

let database: PostgresDatabase;
const opened: PostgresSource[] = [];
const PATIENCE = { timeout: 20_000, interval: 25 };

beforeAll(async () => {
  database = await postgresDatabase();
  await database.query('CREATE TABLE city (id int PRIMARY KEY, name text)');
  await database.query(`INSERT INTO city VALUES (1, 'Basel'), (2, 'Bern')`);
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map(async (source) => source.close()));
});

afterAll(async () => {
  await database.drop();
});

function open(fields: PostgresFields = {}): PostgresSource {
  const source = openPostgres(database, fields);
  opened.push(source);
  return source;
}

async function authored(
  source: SqlSource,
  text: string,
  values: readonly SqlValue[] = [],
  changes: Partial<QueryLimits> = {},
): Promise<readonly Row[]> {
  return (await source.query({ text, values, fixed: true }, testLimits(changes))).rows;
}

const backend = async (source: SqlSource): Promise<number> => {
  const [row] = await authored(source, 'SELECT pg_backend_pid() AS pid');
  return row?.['pid'] as number;
};

describe('prepared statements', () => {
  const byId = 'SELECT name FROM city WHERE id = $1::int';

  it.each([{ readOnly: true }, { readOnly: false }])('prepares nothing once warm ($readOnly)', async ({ readOnly }) => {
    const source = open();
    await authored(source, byId, [1], { readOnly });
    const warm = { ...source.counts };
    for (let call = 0; call < 100; call++) await authored(source, byId, [1 + (call % 2)], { readOnly });
    expect(source.counts).toEqual(warm);
    const [row] = await authored(source, 'SELECT count(*) AS kept FROM pg_prepared_statements WHERE statement = $1', [
      byId,
    ]);
    expect(row).toEqual({ kept: 1 });
  });

  it('reads new columns when a table changes under a prepared statement', async () => {
    const source = open();
    await database.query('CREATE TABLE growing (a int); INSERT INTO growing VALUES (1)');
    expect(await authored(source, 'SELECT * FROM growing')).toEqual([{ a: 1 }]);
    await database.query(`ALTER TABLE growing ADD COLUMN b text DEFAULT 'new'`);
    expect(await authored(source, 'SELECT * FROM growing')).toEqual([{ a: 1, b: 'new' }]);
    await database.query('ALTER TABLE growing DROP COLUMN a');
    expect(await authored(source, 'SELECT * FROM growing', [], { readOnly: true })).toEqual([{ b: 'new' }]);
  });

  it('keeps at most 500 on a connection and tells the server to forget the others', async () => {
    const source = open();
    for (let n = 0; n < 510; n++) await authored(source, `SELECT ${n} AS n`);
    const [row] = await authored(source, 'SELECT count(*) AS kept FROM pg_prepared_statements');
    expect(row?.['kept']).toBeLessThanOrEqual(502);
    expect(await authored(source, 'SELECT 0 AS n')).toEqual([{ n: 0 }]);
  });

  it.each(['cache_describe', 'describe_exec', 'exec', 'simple_protocol'])(
    'leaves none with %s',
    async (queryExecMode) => {
      const source = open({ queryExecMode });
      expect(await authored(source, byId, [1])).toEqual([{ name: 'Basel' }]);
      expect(await authored(source, 'SELECT count(*) AS kept FROM pg_prepared_statements')).toEqual([{ kept: 0 }]);
      expect(await codeOf(authored(source, `SELECT 1; SELECT 2`))).toBe('SQL_FAILED');
    },
  );

  it('begins statements with a comment that names the source, when asked', async () => {
    const source = open({ sqlCommenter: true });
    const [row] = await authored(source, 'SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid()');
    expect(row?.['query']).toMatch(/^\/\*application='chatelaine',source='shop'\*\/ SELECT query/);
  });
});

describe('answers of changing size', () => {
  const filler = `SELECT repeat('x', $1::int) AS filler FROM generate_series(1, $2::int)`;

  it('cuts an answer that suddenly grew, and answers the next call (read-only)', async () => {
    const source = open();
    await authored(source, filler, [10, 1], { readOnly: true });
    const cut = await source.query(
      { text: filler, values: [100_000, 500], fixed: true },
      testLimits({ readOnly: true, maxBytes: 250_000 }),
    );
    expect(cut.rows).toHaveLength(2);
    expect(cut.truncated).toEqual({ by: 'maxBytes', limit: 250_000 });
    expect(await authored(source, 'SELECT 7 AS answer')).toEqual([{ answer: 7 }]);
  });

  it('commits a write whose answer suddenly grew beyond what is kept', async () => {
    const source = open();
    await database.query('CREATE TABLE note (n int, body text)');
    const write = `INSERT INTO note SELECT n, repeat('x', $1::int) FROM generate_series(1, $2::int) n RETURNING body`;
    await authored(source, write, [10, 1]);
    const answer = await source.query(
      { text: write, values: [10_000, 300], fixed: true },
      testLimits({ maxBytes: 25_000 }),
    );
    expect(answer.truncated).toEqual({ by: 'maxBytes', limit: 25_000 });
    expect(await database.query('SELECT count(*)::int AS n FROM note')).toEqual([{ n: 301 }]);
    expect(await authored(source, 'SELECT 7 AS answer')).toEqual([{ answer: 7 }]);
  });

  it('does not take in a value of 200 MB', async () => {
    const source = open();
    const huge = { text: `SELECT repeat('x', 200000000) AS huge`, values: [] };
    const before = process.memoryUsage().rss;
    expect(await source.query(huge, testLimits({ readOnly: true }))).toEqual({
      rows: [],
      truncated: { by: 'maxBytes', limit: 1_000_000 },
    });
    await expect(source.query(huge, testLimits())).rejects.toThrow(
      /one row is larger than .*; the statement was undone/,
    );
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
    expect(await authored(source, 'SELECT 7 AS answer')).toEqual([{ answer: 7 }]);
  });

  it('is not disturbed by a flood of notices', async () => {
    const source = open();
    const text = `DO $$ BEGIN FOR n IN 1..40000 LOOP RAISE NOTICE '%', repeat('n', 200); END LOOP; END $$`;
    expect(await source.query({ text, values: [] }, testLimits({ maxBytes: 1000 }))).toEqual({ rows: [] });
  });

  it('refuses COPY to the client, which heeds no limit', async () => {
    const source = open();
    const text = 'COPY (SELECT generate_series(1, 100000000)) TO STDOUT';
    await expect(source.query({ text, values: [] }, testLimits())).rejects.toThrow(/COPY TO STDOUT is not supported/);
    expect(await authored(source, 'SELECT 7 AS answer')).toEqual([{ answer: 7 }]);
  });

  it('refuses a text with a NUL in it, which the protocol would cut there', async () => {
    expect(await codeOf(authored(open(), 'SELECT 1\0'))).toBe('SQL_FAILED');
  });
});

describe('connections', () => {
  it('runs at most poolSize statements at once and serves the others after', async () => {
    const source = open({ poolSize: 2 });
    const text = `SELECT count(*) AS n, pg_sleep(0.05) AS slept FROM pg_stat_activity WHERE application_name = $1 AND state = 'active'`;
    const limited = open({ poolSize: 2, queryParams: { application_name: 'limited', sslmode: 'disable' } });
    const answers = await Promise.all(Array.from({ length: 8 }, async () => authored(limited, text, ['limited'])));
    for (const [row] of answers) expect(row?.['n']).toBeLessThanOrEqual(2);
    expect(limited.counts.connections).toBe(2);
    expect(await authored(source, 'SELECT 7 AS answer')).toEqual([{ answer: 7 }]);
  });

  it('lets a caller leave while it waits for a connection', async () => {
    const source = open();
    const slow = authored(source, 'SELECT pg_sleep(0.3) AS slept');
    const caller = new AbortController();
    const waiting = authored(source, 'SELECT 1 AS one', [], { signal: caller.signal });
    const left = expect(waiting).rejects.toThrow('left the queue');
    caller.abort(new Error('left the queue'));
    await left;
    expect(await slow).toHaveLength(1);
    expect(source.counts.connections).toBe(1);
  });

  it('says so when the time is up before a connection was free', async () => {
    const source = open();
    const slow = authored(source, 'SELECT pg_sleep(0.5) AS slept');
    expect(await codeOf(authored(source, 'SELECT 1 AS one', [], { timeoutMs: 50 }))).toBe('TOOL_TIMEOUT');
    await slow;
  });

  it('uses a new connection after the server ended an idle one', async () => {
    const source = open();
    const pid = await backend(source);
    await database.query('SELECT pg_terminate_backend($1)', [pid]);
    await vi.waitFor(async () => expect(await backend(source)).not.toBe(pid), PATIENCE);
  });

  it('says that the connection was lost under a statement, and connects anew for the next', async () => {
    const source = open();
    const pid = await backend(source);
    const running = codeOf(authored(source, 'SELECT pg_sleep(600) AS slept'));
    await vi.waitFor(async () => {
      const [row] = await database.query<{ state: string; query: string }>(
        'SELECT state, query FROM pg_stat_activity WHERE pid = $1',
        [pid],
      );
      expect(row).toMatchObject({ state: 'active', query: 'SELECT pg_sleep(600) AS slept' });
    }, PATIENCE);
    await database.query('SELECT pg_terminate_backend($1)', [pid]);
    expect(await running).toBe('SOURCE_UNREACHABLE');
    expect(await backend(source)).not.toBe(pid);
  });

  it('gives up a connection that was cancelled, lest a late cancel meets the next statement', async () => {
    const source = open();
    const pid = await backend(source);
    expect(await codeOf(authored(source, 'SELECT pg_sleep(600) AS slept', [], { timeoutMs: 50 }))).toBe('TOOL_TIMEOUT');
    expect(await backend(source)).not.toBe(pid);
    await vi.waitFor(async () => {
      expect(await database.query('SELECT 1 FROM pg_stat_activity WHERE pid = $1', [pid])).toEqual([]);
    }, PATIENCE);
  });

  it("keeps the server's own statement timeout as a second net", async () => {
    const source = open({ statementTimeout: '60ms' });
    await expect(authored(source, 'SELECT pg_sleep(600) AS slept')).rejects.toThrow(/longer than 60 ms/);
    expect(await authored(source, 'SELECT 7 AS answer')).toEqual([{ answer: 7 }]);
  });

  it('passes parameters of the URL on to the session', async () => {
    const source = open({
      queryParams: {
        sslmode: 'disable',
        search_path: '"a b",public',
        application_name: 'shop desk',
        options: '-c work_mem=5MB',
      },
    });
    const [row] = await authored(
      source,
      `SELECT current_setting('search_path') AS path, current_setting('application_name') AS app, current_setting('work_mem') AS mem`,
    );
    expect(row).toEqual({ path: '"a b",public', app: 'shop desk', mem: '5MB' });
    await source.query({ text: 'SET search_path = other', values: [] }, testLimits());
    expect(await authored(source, 'SHOW search_path')).toEqual([{ search_path: '"a b",public' }]);
  });

  it('says its parameters in the session where a pooler refuses them in the startup packet', async () => {
    let refusals = 0;
    const pooler = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (startup) => {
        if (startup.includes('options')) {
          refusals++;
          socket.end(errorResponse('08P01', 'unsupported startup parameter: options'));
          return;
        }
        const upstream = connect(database.port, database.host);
        upstream.on('error', () => undefined);
        upstream.write(startup);
        socket.pipe(upstream).pipe(socket);
      });
    });
    await new Promise<void>((resolve) => {
      pooler.listen(0, '127.0.0.1', resolve);
    });
    const { port } = pooler.address() as AddressInfo;
    const behind = {
      port,
      queryExecMode: 'exec',
      readOnly: true,
      queryParams: { sslmode: 'disable', search_path: '"it\'s", public' },
    };
    const source = open(behind);
    const look = `SELECT current_setting('search_path') AS path, current_setting('default_transaction_read_only') AS ro`;
    for (const text of [look, 'SET search_path = other', look]) await rowsOf(source, text);
    expect(await rowsOf(source, look)).toEqual([{ path: '"it\'s", public', ro: 'on' }]);
    expect(refusals).toBe(1);
    const raw = { sslmode: 'disable', options: '-c work_mem=5MB' };
    expect(await codeOf(rowsOf(open({ port, queryParams: raw }), look))).toBe('SOURCE_UNREACHABLE');
    await source.close();
    pooler.close();
  });

  it('connects over a Unix socket', async () => {
    const source = open({ host: database.socketFolder, queryParams: {} });
    expect(await authored(source, 'SELECT inet_server_addr() AS address')).toEqual([{ address: null }]);
  });
});

describe('a server that is not there', () => {
  const doors: Server[] = [];

  afterEach(async () => {
    for (const door of doors.splice(0)) door.close();
  });

  it('is found by the next call once it is', async () => {
    const door = createServer((socket) => {
      const upstream = connect(database.port, database.host);
      for (const end of [socket, upstream]) end.on('error', () => undefined);
      socket.pipe(upstream).pipe(socket);
    });
    doors.push(door);
    await new Promise<void>((resolve) => {
      door.listen(0, '127.0.0.1', resolve);
    });
    const { port } = door.address() as AddressInfo;
    await new Promise((resolve) => {
      door.close(resolve);
    });
    const source = open({ port });
    await expect(source.check(new AbortController().signal)).rejects.toThrow(
      `cannot use PostgreSQL at \`127.0.0.1:${port}\`: connection refused`,
    );
    await new Promise<void>((resolve) => {
      door.listen(port, '127.0.0.1', resolve);
    });
    expect(await authored(source, 'SELECT 7 AS answer')).toEqual([{ answer: 7 }]);
  });

  it('is given up after connectTimeout when it accepts and says nothing', async () => {
    const silent = createServer(() => undefined);
    doors.push(silent);
    await new Promise<void>((resolve) => {
      silent.listen(0, '127.0.0.1', resolve);
    });
    const source = open({ port: (silent.address() as AddressInfo).port, connectTimeout: '200ms' });
    await expect(authored(source, 'SELECT 1 AS one')).rejects.toThrow(/no answer in time/);
  });

  it.each([
    ['a wrong password', { password: 'wrong' }, /password authentication failed for user "tester"/],
    ['an unknown database', { database: 'nowhere' }, /database "nowhere" does not exist/],
    ['an unknown host', { host: 'no-such-host.invalid' }, /no-such-host.invalid.*host name/],
    [
      'an unknown parameter',
      { queryParams: { sslmode: 'disable', no_such_thing: '1' } },
      /unrecognized configuration parameter "no_such_thing"/,
    ],
  ] as const)('is told apart from %s, without the password in any message', async (_, fields, message) => {
    const source = open(fields);
    const error = await authored(source, 'SELECT 1 AS one').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'SOURCE_UNREACHABLE', message: expect.stringMatching(message) as string });
    expect(JSON.stringify(error)).not.toMatch(/correct horse|wrong"/);
  });
});

/** ErrorResponse: severity, code and message as fields, each a letter and a text that ends in NUL. */
function errorResponse(code: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0C${code}\0M${message}\0\0`);
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}
