import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ChatelaineError } from '#kernel';
import { testAuthority } from '../../../../../test/certificates.ts';
import { mariadbMissing, startMariadb, type TestMariadb } from '../../../../../test/mariadb.ts';
import type { QueryLimits, Row, SqlSource, SqlValue } from '../../source.ts';
import { codeOf, rowsOf, testLimits } from '../../test/sql-source.contract.ts';
import type { MysqlSource } from '../source.ts';
import { mariadbNote, openMysql } from './mysql-harness.ts';

const PATIENCE = { timeout: 20_000, interval: 25 };
const REFUSED = 'SOURCE_UNREACHABLE';

describe.skipIf(mariadbMissing !== undefined)(`MariaDB${mariadbNote}`, () => {
  let server: TestMariadb;
  const opened: MysqlSource[] = [];

  beforeAll(async () => {
    server = await startMariadb();
    await server.query('CREATE TABLE city (id INT PRIMARY KEY, name VARCHAR(40))');
    await server.query(`INSERT INTO city VALUES (1, 'Basel'), (2, 'Bern')`);
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map(async (source) => source.close()));
  });

  afterAll(async () => {
    await server.stop();
  });

  function open(fields: Readonly<Record<string, unknown>> = {}): MysqlSource {
    const source = openMysql(server, fields);
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

  const thread = async (source: SqlSource): Promise<number> => {
    const [row] = await authored(source, 'SELECT CONNECTION_ID() AS id');
    return row?.['id'] as number;
  };

  describe('sessions', () => {
    it.each([{ readOnly: true }, { readOnly: false }])(
      'prepare nothing once warm ($readOnly)',
      async ({ readOnly }) => {
        const source = open();
        const text = 'SELECT name FROM city WHERE id = ?';
        await authored(source, text, [1], { readOnly });
        const warm = { ...source.counts };
        for (let call = 0; call < 50; call++) {
          expect(await authored(source, text, [2], { readOnly })).toEqual([{ name: 'Bern' }]);
        }
        expect(source.counts).toEqual(warm);
      },
    );

    it('send one statement for a warm read-only call, and open the next transaction after the answer', async () => {
      const source = open();
      const text = 'SELECT name FROM city WHERE id = ?';
      const questions = async (): Promise<number> => {
        const [row] = await authored(source, `SHOW SESSION STATUS LIKE 'Questions'`, [], { readOnly: true });
        return Number(row?.['Value']);
      };
      await authored(source, text, [1], { readOnly: true });
      const before = await questions();
      for (let call = 0; call < 10; call++) await authored(source, text, [1], { readOnly: true });
      // Ten statements, ten times ROLLBACK AND CHAIN, and the same for the last look at the counter.
      expect((await questions()) - before).toBe(22);
    });

    it('hold no old view of the data between read-only calls', async () => {
      const source = open();
      const text = 'SELECT COUNT(*) AS n FROM city';
      expect(await authored(source, text, [], { readOnly: true })).toEqual([{ n: 2 }]);
      await server.query(`INSERT INTO city VALUES (3, 'Chur')`);
      expect(await authored(source, text, [], { readOnly: true })).toEqual([{ n: 3 }]);
      await server.query('DELETE FROM city WHERE id = 3');
    });

    it('read new columns when a table changes under a prepared statement', async () => {
      const source = open();
      await server.query('CREATE TABLE growing AS SELECT 1 AS a');
      expect(await authored(source, 'SELECT * FROM growing')).toEqual([{ a: 1 }]);
      await server.query(`ALTER TABLE growing ADD COLUMN b INT DEFAULT 2`);
      expect(await authored(source, 'SELECT * FROM growing')).toEqual([{ a: 1, b: 2 }]);
    });

    it('get the variables that the configuration names, also after a reset', async () => {
      const source = open({
        queryParams: { tls: 'false', time_zone: `'+02:00'`, sql_mode: `'ANSI_QUOTES'`, parseTime: 'true' },
      });
      const look = 'SELECT @@time_zone AS zone, @@sql_mode AS mode';
      expect(await authored(source, look)).toEqual([{ zone: '+02:00', mode: 'ANSI_QUOTES' }]);
      await rowsOf(source, `SET SESSION time_zone = '+09:00', sql_mode = ''`);
      expect(await authored(source, look)).toEqual([{ zone: '+02:00', mode: 'ANSI_QUOTES' }]);
    });

    it('go back to no database where none is configured', async () => {
      const source = open({ database: '' });
      expect(await rowsOf(source, 'SELECT DATABASE() AS d')).toEqual([{ d: null }]);
      await rowsOf(source, 'USE shop');
      expect(await rowsOf(source, 'SELECT DATABASE() AS d')).toEqual([{ d: null }]);
    });

    it('are given up after a KILL, lest a late one meets the next statement', async () => {
      const source = open();
      const id = await thread(source);
      expect(await codeOf(authored(source, 'SELECT SLEEP(600) AS s', [], { timeoutMs: 100 }))).toBe('TOOL_TIMEOUT');
      expect(await thread(source)).not.toBe(id);
      await vi.waitFor(async () => {
        expect(await server.query('SELECT 1 FROM information_schema.processlist WHERE id = ?', [id])).toEqual([]);
      }, PATIENCE);
    });

    it('are replaced when the server ended them', async () => {
      const source = open();
      const id = await thread(source);
      await server.query('KILL ?', [id]);
      await vi.waitFor(async () => expect(await thread(source)).not.toBe(id), PATIENCE);
    });

    it('say so when they are lost under a statement', async () => {
      const source = open();
      const id = await thread(source);
      const running = codeOf(authored(source, 'SELECT SLEEP(600) AS lost'));
      await vi.waitFor(async () => {
        const [row] = await server.query<{ info: string | null }>(
          'SELECT info FROM information_schema.processlist WHERE id = ?',
          [id],
        );
        expect(row?.info).toBe('SELECT SLEEP(600) AS lost');
      }, PATIENCE);
      await server.query('KILL ?', [id]);
      expect(await running).toBe(REFUSED);
      expect(await thread(source)).not.toBe(id);
    });

    it('honour queryTimeout below what the tool allows', async () => {
      expect(await codeOf(authored(open({ queryTimeout: '100ms' }), 'SELECT SLEEP(600) AS s'))).toBe('TOOL_TIMEOUT');
    });

    it('give the first answer of a procedure, and take one that cannot be prepared', async () => {
      const source = open();
      await rowsOf(source, 'CREATE PROCEDURE two() BEGIN SELECT 1 AS a; SELECT 2 AS b; END');
      expect(await authored(source, 'CALL two()')).toEqual([{ a: 1 }]);
      expect(await authored(source, 'SELECT 7 AS answer')).toEqual([{ answer: 7 }]);
      await rowsOf(source, `PREPARE mine FROM 'SELECT 1'`);
    });
  });

  describe('answers beyond their limits', () => {
    it('commit a write whose answer is cut', async () => {
      const source = open();
      await server.query('CREATE TABLE note (n INT, body TEXT)');
      const text = `INSERT INTO note SELECT seq, REPEAT('x', 10000) FROM seq_1_to_300 RETURNING body`;
      const answer = await source.query({ text, values: [] }, testLimits({ maxBytes: 25_000 }));
      expect(answer.rows).toHaveLength(2);
      expect(answer.truncated).toEqual({ by: 'maxBytes', limit: 25_000 });
      expect(await server.query('SELECT COUNT(*) AS n FROM note')).toEqual([{ n: 300 }]);
    });

    it('do not take in a value of 200 MB', async () => {
      const source = open();
      const huge = { text: `SELECT REPEAT('x', 200000000) AS huge`, values: [] };
      const before = process.memoryUsage().rss;
      expect(await source.query(huge, testLimits({ readOnly: true }))).toEqual({
        rows: [],
        truncated: { by: 'maxBytes', limit: 1_000_000 },
      });
      expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
      expect(await authored(source, 'SELECT 7 AS answer')).toEqual([{ answer: 7 }]);
    });
  });

  describe('TLS', () => {
    const stranger = testAuthority('Somebody else').cert;

    async function cipher(fields: Readonly<Record<string, unknown>>): Promise<boolean | string> {
      const source = openMysql(server, fields);
      try {
        const [row] = await rowsOf(source, `SHOW SESSION STATUS LIKE 'Ssl_cipher'`);
        return row?.['Value'] !== '';
      } catch (error) {
        return error instanceof ChatelaineError ? error.code : String(error);
      } finally {
        await source.close();
      }
    }

    // The server's certificate names `localhost`; 127.0.0.1 is the same server under a name it does not have.
    const cases: readonly [mode: string, host: string, ca: 'right' | 'wrong' | 'none', outcome: boolean | string][] = [
      ['disable', 'localhost', 'none', false],
      ['prefer', 'localhost', 'none', true],
      ['require', '127.0.0.1', 'none', true],
      ['require', 'localhost', 'wrong', REFUSED],
      ['verify-ca', '127.0.0.1', 'right', true],
      ['verify-ca', '127.0.0.1', 'wrong', REFUSED],
      ['verify-full', 'localhost', 'right', true],
      ['verify-full', 'localhost', 'wrong', REFUSED],
      ['verify-full', 'localhost', 'none', REFUSED],
      ['verify-full', '127.0.0.1', 'right', REFUSED],
    ];

    it.each(cases)('%s to %s with the %s authority: %s', async (mode, host, ca, outcome) => {
      const authority = { right: { ca: server.ca }, wrong: { ca: stranger }, none: {} }[ca];
      expect(await cipher({ host, ssl: { mode, ...authority } })).toBe(outcome);
    });

    it('verifies the name that `serverName` gives, whatever address is dialled', async () => {
      const ssl = { mode: 'verify-full', ca: server.ca };
      expect(await cipher({ ssl: { ...ssl, serverName: 'localhost' } })).toBe(true);
      expect(await cipher({ host: 'localhost', ssl: { ...ssl, serverName: 'db.example' } })).toBe(REFUSED);
    });

    it('shows a client certificate to a server that asks for it', async () => {
      const account = { host: 'localhost', user: 'certified', password: '' };
      const ssl = { mode: 'verify-full', ca: server.ca };
      expect(await cipher({ ...account, ssl: { ...ssl, ...server.client } })).toBe(true);
      expect(await cipher({ ...account, ssl })).toBe(REFUSED);
    });

    it("honours the Go driver's `tls`", async () => {
      expect(await cipher({ queryParams: { tls: 'skip-verify' } })).toBe(true);
      expect(await cipher({ host: 'localhost', queryParams: { tls: 'true' } })).toBe(REFUSED);
      expect(await cipher({ queryParams: 'tls=false' })).toBe(false);
    });
  });

  it.each([
    ['a wrong password', { password: 'wrong' }, /Access denied for user 'tester'/],
    ['an unknown database', { database: 'nowhere' }, /Unknown database 'nowhere'/],
    ['an unknown host', { host: 'no-such-host.invalid' }, /the host name/],
    [
      'an unknown variable',
      { queryParams: { tls: 'false', no_such_thing: '1' } },
      /Unknown system variable 'no_such_thing'/,
    ],
  ] as const)('tells apart %s, without the password in any message', async (_, fields, message) => {
    const error = await authored(open(fields), 'SELECT 1 AS one').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: REFUSED, message: expect.stringMatching(message) as string });
    expect(JSON.stringify(error)).not.toMatch(/correct horse|wrong"/);
  });
});
