import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { tcpProxy, type TcpProxy } from '../../../test/tcp-proxy.ts';
import { genesis, nextHash } from '../chain/chain.ts';
import { makeSigningKey, readSigningKey } from '../checkpoint/signing-key.ts';
import { verifyReceipt } from '../receipt/receipt.ts';
import { describeAuditStore } from './audit-store.contract.ts';
import { event, fill, trusted } from './audit.fixture.ts';
import { emptyServer, openServerLog, openStore, verifyServer, type ServerPlace } from './postgres.fixture.ts';

describeAuditStore('PostgreSQL', async () => {
  const at = await emptyServer();
  return { open: async () => (await openStore(at)).store };
});

/** A log behind a wire that can be cut, and the same place without it. */
async function wiredLog(): Promise<{
  at: ServerPlace;
  wire: TcpProxy;
  log: Awaited<ReturnType<typeof openServerLog>>['log'];
}> {
  const at = await emptyServer();
  const wire = await tcpProxy(at.server);
  onTestFinished(() => wire.close());
  const { log } = await openServerLog(at, { settings: { port: wire.port } });
  return { at, wire, log };
}

const resumed = (log: { status: { available: boolean } }) =>
  vi.waitFor(() => expect(log.status.available).toBe(true), 30_000);

const countOf = async (at: ServerPlace, requestId: string): Promise<number> => {
  const rows = await at.server.query<{ n: string }>(
    `select count(*) as n from chatelaine.audit_records where request_id = $1`,
    [requestId],
  );
  return Number(rows[0]?.n);
};

describe('a commit whose answer was lost', () => {
  it('is read back before anything else is written: the record counts, once, and its caller hears of it', async () => {
    const { at, wire, log } = await wiredLog();
    await fill(log, 3);
    wire.mute();
    const waiting = log.append(event({ requestId: 'in-doubt' }));
    await vi.waitFor(async () => expect(await countOf(at, 'in-doubt')).toBe(1), 20_000);
    wire.cut();
    wire.mend();
    await expect(waiting).resolves.toMatchObject({ seq: 4 });
    await expect(log.append(event())).resolves.toMatchObject({ seq: 5 });
    expect(await verifyServer(at)).toMatchObject({ ok: true, records: 5 });
  });

  it('that nobody could ask about in time is refused, and the log says later that it was kept', async () => {
    const { at, wire, log } = await wiredLog();
    await fill(log, 3);
    wire.mute();
    const waiting = expect(log.append(event({ requestId: 'in-doubt' }))).rejects.toMatchObject({
      code: 'AUDIT_UNAVAILABLE',
    });
    await vi.waitFor(async () => expect(await countOf(at, 'in-doubt')).toBe(1), 20_000);
    wire.cut();
    await waiting;
    await expect(log.append(event())).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    wire.mend();
    await resumed(log);
    const [record] = (await log.query({ type: 'audit.resumed' }, { limit: 1 })).records;
    expect(record).toMatchObject({ seq: 5, details: { kept: 1, refused: 2 } });
    expect(await verifyServer(at)).toMatchObject({ ok: true, records: 5 });
  });

  it('that never came is refused and not there, and the chain goes on where it was', async () => {
    const { at, wire, log } = await wiredLog();
    await fill(log, 3);
    wire.cut();
    await expect(log.append(event({ requestId: 'lost' }))).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    wire.mend();
    await resumed(log);
    expect(await countOf(at, 'lost')).toBe(0);
    const [record] = (await log.query({ type: 'audit.resumed' }, { limit: 1 })).records;
    expect(record?.details).not.toHaveProperty('kept');
    expect(await verifyServer(at)).toMatchObject({ ok: true, records: 4 });
  });
});

describe('a chain', () => {
  it('is taken up again after its session was ended by the server', async () => {
    const at = await emptyServer();
    const { log } = await openServerLog(at);
    const { writer } = await log.append(event());
    await at.server.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'chatelaine audit'`,
    );
    await vi.waitFor(async () => expect(await log.append(event())).toMatchObject({ writer }), 30_000);
    expect(await verifyServer(at)).toMatchObject({ ok: true });
  });

  it('that another process took while this one was cut off is left to it', async () => {
    const { at, wire, log } = await wiredLog();
    const { writer } = await log.append(event());
    wire.cut();
    await expect(log.append(event())).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    const other = await vi.waitFor(async () => {
      const opened = await openServerLog(at);
      const position = await opened.log.append(event());
      if (position.writer !== writer) await opened.log.close();
      expect(position.writer).toBe(writer);
      return opened;
    }, 30_000);
    wire.mend();
    await resumed(log);
    const mine = await log.append(event());
    expect(mine.writer).not.toBe(writer);
    await expect(other.log.append(event())).resolves.toMatchObject({ writer, seq: 3 });
    expect(await verifyServer(at)).toMatchObject({ ok: true });
  });

  it('whose server lost what it had acknowledged goes on, and the loss is on record', async () => {
    const at = await emptyServer();
    const { log } = await openServerLog(at);
    await fill(log, 3);
    // As when a standby takes over that was behind.
    await at.server.query('delete from chatelaine.audit_records where seq = 3');
    await at.server.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'chatelaine audit'`,
    );
    await vi.waitFor(() => log.append(event()), 30_000);
    const [record] = (await log.query({ type: 'audit.damaged' }, { limit: 1 })).records;
    expect(record?.details).toMatchObject({ message: expect.stringContaining('record 3') as string });
  });

  it('whose server has another record in the place of an acknowledged one is not continued', async () => {
    const at = await emptyServer();
    const { log } = await openServerLog(at);
    const { writer } = await log.append(event());
    await fill(log, 2);
    // As when a standby that was behind took over, and another process wrote to it and went.
    const [second, third] = await at.server.query<{ hash: string; canonical: string }>(
      'select hash, canonical from chatelaine.audit_records where seq > 1 order by seq',
    );
    const canonical = third?.canonical.replace('booking-bot', 'another-bot') ?? '';
    await at.server.query(
      `update chatelaine.audit_records set canonical = '${canonical}', hash = '${nextHash(second?.hash ?? '', canonical)}' where seq = 3`,
    );
    await at.server.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'chatelaine audit'`,
    );
    const after = await vi.waitFor(() => log.append(event()), 30_000);
    expect(after.writer).not.toBe(writer);
    const [record] = (await log.query({ type: 'audit.damaged' }, { limit: 1 })).records;
    expect(record?.details).toMatchObject({ writer, message: expect.stringContaining('record 3') as string });
    expect(await verifyServer(at)).toMatchObject({ ok: true });
  });

  it('is covered by the checkpoints of any process, and so are receipts', async () => {
    const at = await emptyServer();
    const [one, two] = [await openServerLog(at), await openServerLog(at)];
    const { id } = await one.log.append(event());
    const checkpoint = await two.log.checkpoint();
    expect(checkpoint?.body.size).toBe(1);
    const receipt = await one.log.receipt(id);
    expect(verifyReceipt(JSON.parse(JSON.stringify(receipt)), trusted)).toMatchObject({ ok: true });
  });

  it('takes many records in one commit', async () => {
    const at = await emptyServer();
    const { log } = await openServerLog(at);
    await fill(log, 512);
    expect(log.counts).toEqual({ records: 512, batches: 1 });
  });
});

describe('checkpoints on PostgreSQL', () => {
  it('go on for all hosts when one chain is damaged', async () => {
    const at = await emptyServer();
    const [one, two] = [await openServerLog(at), await openServerLog(at)];
    const { writer } = await one.log.append(event());
    await fill(one.log, 5);
    await at.server.query(`update chatelaine.audit_records set hash = 'x' where seq = 3`);
    const { writer: other } = await two.log.append(event());
    expect((await two.log.checkpoint())?.body.writers).toMatchObject([{ id: other, from: 0, count: 1 }]);
    expect(two.log.status).toMatchObject({ available: true, damage: [expect.stringContaining(writer)] });
    expect((await two.log.query({ type: 'audit.damaged' }, { limit: 9 })).records).toMatchObject([
      { details: { writer } },
    ]);
  });

  it.each([
    [
      'junk at a high place',
      `insert into audit_checkpoint_lines (place, digest, line) values (9223372036854775807, '', 'junk')`,
    ],
    ['junk at the next place', `insert into audit_checkpoint_lines (place, digest, line) values (3, '', 'junk')`],
    [
      'an old one again, at a high place',
      `insert into audit_checkpoint_lines (place, digest, line) select 9000, '', line from audit_checkpoint_lines where place = 1`,
    ],
    [
      'one that is signed by nobody',
      `insert into audit_checkpoint_lines (place, digest, line) select 3, '', replace(line, '"number":2', '"number":3') from audit_checkpoint_lines where place = 2`,
    ],
  ])('are not stopped by a row that the serving role can add: %s', async (_, sql) => {
    const at = await emptyServer();
    const { log } = await openServerLog(at);
    for (let round = 0; round < 2; round++) {
      await fill(log, 2);
      await log.checkpoint();
    }
    await at.server.query(`set search_path to chatelaine; ${sql}`);
    for (const number of [3, 4, 5]) {
      await fill(log, 2);
      expect((await log.checkpoint())?.body.number).toBe(number);
      expect(await log.latestCheckpoint()).toBe(number);
    }
  });

  it('are not stopped by a chain with a name that no chain has', async () => {
    const at = await emptyServer();
    const { log } = await openServerLog(at);
    await fill(log, 2);
    const hash = nextHash(genesis(log.installation, 'x').hash, '{}');
    await at.server.query(
      `set search_path to chatelaine; insert into audit_writers (id, created_at) values ('x', 1);
       insert into audit_records (writer, seq, hash, canonical, id, time, actor, issuer, class, type, action, outcome)
         values ('x', 1, '${hash}', '{}', '', '', '', '', '', '', '', '')`,
    );
    await log.checkpoint();
    await fill(log, 2);
    expect((await log.checkpoint())?.body.number).toBe(2);
    expect(log.status.damage).toEqual(['`x` is no name of a chain']);
  });

  it('are not begun anew by a host with another key: it says so, and leaves them alone', async () => {
    const at = await emptyServer();
    const { log } = await openServerLog(at);
    await fill(log, 2);
    await log.checkpoint();
    const stranger = await openServerLog(at, { signingKey: readSigningKey(makeSigningKey()) });
    await fill(stranger.log, 2);
    await expect(stranger.log.checkpoint()).rejects.toMatchObject({ code: 'AUDIT_DAMAGED' });
    expect(stranger.log.status).toMatchObject({ damage: [expect.stringContaining('signing.key')] });
    await fill(log, 2);
    expect((await log.checkpoint())?.body.number).toBe(2);
  });
});

it('needs no more than to insert and to read', async () => {
  const at = await emptyServer();
  const { server } = at;
  await server.query(
    `do $$ begin create role serving login password 'x'; exception when duplicate_object then null; end $$`,
  );
  await server.query(`grant connect on database ${server.database} to serving`);
  const settings = { user: 'serving', password: 'x', migration: { user: server.user, password: server.password } };
  const { log, store } = await openServerLog(at, { settings });
  await fill(log, 5);
  expect((await log.checkpoint())?.body.size).toBe(5);
  expect((await log.query({}, { limit: 10 })).records).toHaveLength(6);
  await store.close();
  for (const statement of [
    `update chatelaine.audit_records set hash = ''`,
    'delete from chatelaine.audit_checkpoint_lines',
  ]) {
    await expect(server.query(`set role serving; ${statement}`)).rejects.toThrow('permission denied');
    await server.query('reset role');
  }
});

describe('VLT-011: a log in a database that somebody has worked on', () => {
  /** Two chains, a checkpoint over both, and the last record uncovered. */
  async function worked(sql: string): Promise<unknown> {
    const at = await emptyServer();
    const [one, two] = [await openServerLog(at), await openServerLog(at)];
    await fill(one.log, 9);
    await fill(two.log, 5);
    await one.log.checkpoint();
    await Promise.all([one.store.close(), two.store.close()]);
    const [chain] = await at.server.query<{ writer: string }>(
      `select writer from chatelaine.audit_records where seq = 9`,
    );
    await at.server.query('set search_path to chatelaine');
    await at.server.query(sql.replaceAll('$W', `'${chain?.writer}'`));
    return (await verifyServer(at)).findings[0];
  }

  it.each([
    [
      'one changed byte',
      `update audit_records set canonical = replace(canonical, '"req-3"', '"req-x"') where writer = $W and seq = 4`,
      { kind: 'changed', seq: 4 },
    ],
    [
      'a changed hash',
      `update audit_records set hash = repeat('0', 64) where writer = $W and seq = 4`,
      { kind: 'changed', seq: 4 },
    ],
    ['a deleted record', `delete from audit_records where writer = $W and seq = 4`, { kind: 'missing', seq: 4 }],
    [
      'two records that changed places',
      `update audit_records a set hash = b.hash, canonical = b.canonical from audit_records b where a.writer = $W and b.writer = $W and a.seq in (4, 5) and b.seq = 9 - a.seq`,
      { kind: 'missing', seq: 4 },
    ],
    ['a cut end', `delete from audit_records where writer = $W and seq > 6`, { kind: 'missing', seq: 7 }],
    ['a chain that is gone', `delete from audit_records where writer = $W`, { kind: 'writer-missing', seq: 1 }],
    [
      'a record of another chain',
      `update audit_records a set hash = b.hash, canonical = b.canonical from audit_records b where a.writer = $W and b.writer <> $W and a.seq = 4 and b.seq = 4`,
      { kind: 'changed', seq: 4 },
    ],
    ['no checkpoints any more', `delete from audit_checkpoint_lines`, { kind: 'checkpoint-missing', checkpoint: 1 }],
    [
      'a changed checkpoint',
      `update audit_checkpoint_lines set line = replace(line, '"size":14', '"size":13')`,
      { kind: 'signature', checkpoint: 1 },
    ],
  ])('shows %s', async (_, sql, finding) => {
    expect(await worked(sql)).toMatchObject(finding);
  });

  it('is not continued at a damaged end: another chain takes over, and it is on record', async () => {
    const at = await emptyServer();
    const one = await openServerLog(at);
    const { writer } = await one.log.append(event());
    await one.log.close();
    await at.server.query(
      `update chatelaine.audit_records set canonical = replace(canonical, 'checkpoint', 'chuckpoint') where seq = 2`,
    );
    const { log } = await openServerLog(at);
    expect((await log.append(event())).writer).not.toBe(writer);
    expect((await log.query({ type: 'audit.damaged' }, { limit: 1 })).records).toMatchObject([{ details: { writer } }]);
  });
});
