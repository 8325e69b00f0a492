import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { silentLogger, systemClock } from '#kernel';
import { auditSchema, type AuditSettings } from '#contract';
import type { AuditLog } from '../audit-log.ts';
import { startDeliveries, type Deliveries } from '../delivery/start-deliveries.ts';
import type { AuditStore } from '../store/store.ts';
import { event, fill, openLog, openLogAt, scratch } from './audit.fixture.ts';
import { emptyServer, openServerLog } from './postgres.fixture.ts';
import { startReceiver, type TestReceiver } from './receiver.fixture.ts';

const times = { idleMs: 10, firstMs: 10, longestMs: 100, standbyMs: 50 };
const origin = { hostname: 'host.test', processId: '1', version: '0.0.0' };

type Exports = AuditSettings['exports'];

function deliver(store: AuditStore, log: AuditLog, exports: Exports): Deliveries {
  const open = log.opened.bind(log);
  const settings = { anchors: [], exports };
  const deliveries = startDeliveries({
    store,
    settings,
    origin,
    open,
    clock: systemClock,
    logger: silentLogger,
    times,
  });
  onTestFinished(() => deliveries.close());
  return deliveries;
}

const upToDate = (deliveries: Deliveries) =>
  vi.waitFor(
    async () => {
      for (const { behind, state } of await deliveries.status())
        expect({ behind, state }).toEqual({ behind: 0, state: 'sending' });
    },
    { timeout: 60_000, interval: 50 },
  );

/** Every record's id as it stands in the log. */
async function idsIn(store: AuditStore): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const [writer] of await store.durable()) {
    for await (const entries of store.read(writer, 0)) {
      for (const entry of entries)
        if (entry.kind === 'record') ids.push((JSON.parse(entry.canonical) as { id: string }).id);
    }
  }
  return ids.toSorted();
}

const ID = /[0-9a-hjkmnp-tv-z]{26}/;

/** How each format says which record it is. */
const FORMATS: readonly {
  readonly format: Exports[number]['format'];
  readonly kind: 'https' | 'syslog';
  readonly ids: (received: string) => readonly string[];
}[] = [
  {
    format: 'ndjson',
    kind: 'https',
    ids: (body) => linesOf(body).map((line) => (JSON.parse(line) as { record: { id: string } }).record.id),
  },
  {
    format: 'ocsf',
    kind: 'https',
    ids: (body) => linesOf(body).map((line) => (JSON.parse(line) as { metadata: { uid: string } }).metadata.uid),
  },
  {
    format: 'otlp',
    kind: 'https',
    ids: (body) => {
      const { resourceLogs } = JSON.parse(body) as {
        resourceLogs: { scopeLogs: { logRecords: { body: { stringValue: string } }[] }[] }[];
      };
      return resourceLogs
        .flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords))
        .map((log) => (JSON.parse(log.body.stringValue) as { id: string }).id);
    },
  },
  { format: 'cef', kind: 'syslog', ids: (message) => [/externalId=(\S+)/.exec(message)?.[1] ?? ''] },
  { format: 'syslog', kind: 'syslog', ids: (message) => [new RegExp(`id="(${ID.source})"`).exec(message)?.[1] ?? ''] },
];

const linesOf = (body: string): readonly string[] => body.split('\n').filter((line) => line !== '');

function exportTo(receiver: TestReceiver, { format, kind }: (typeof FORMATS)[number], more: object = {}): Exports {
  const { port, tls } = receiver;
  const where = kind === 'https' ? { url: `https://localhost:${port}/in` } : { host: 'localhost', port };
  const settings = { ca: tls.ca, cert: tls.cert, key: undefined };
  const parsed = auditSchema.parse({ exports: [{ format, name: 'siem', ...where, ...more }] }).exports;
  return parsed.map((one) => ({ ...one, tls: { ...settings, key: tls.key } })) as Exports;
}

describe.each(FORMATS)('records as $format over TLS', (format) => {
  it('come all, whatever becomes of the receiver meanwhile', async () => {
    const receiver = await startReceiver(format.kind);
    const { log, store } = await openLog();
    const deliveries = deliver(store, log, exportTo(receiver, format));
    for (let round = 0; round < 4; round++) {
      const appending = fill(log, 400);
      // In the middle of what is sent, as near as can be told.
      await vi.waitFor(() => expect(receiver.received().length).toBeGreaterThan(round), {
        timeout: 60_000,
        interval: 1,
      });
      await receiver.kill();
      await appending;
      await fill(log, 300);
      await vi.waitFor(async () => expect((await deliveries.status())[0]).toMatchObject({ state: 'failing' }), {
        timeout: 60_000,
        interval: 20,
      });
      await receiver.restart();
    }
    await upToDate(deliveries);
    const expected = await idsIn(store);
    const received = new Set(receiver.received().flatMap(format.ids));
    expect(expected).toHaveLength(2800);
    expect([...received].toSorted()).toEqual(expected);
  });
});

describe('a receiver', () => {
  const [ndjson] = FORMATS as [(typeof FORMATS)[number]];

  it('gets what came while nobody was sending, and after a restart nothing twice that had arrived', async () => {
    const receiver = await startReceiver('https');
    const root = join(scratch(), 'audit');
    const first = await openLog({ root });
    await fill(first.log, 700);
    const sending = deliver(first.store, first.log, exportTo(receiver, ndjson));
    await upToDate(sending);
    await sending.close();
    await first.log.close();
    const second = await openLog({ root });
    await fill(second.log, 50);
    const again = deliver(second.store, second.log, exportTo(receiver, ndjson));
    await upToDate(again);
    const ids = receiver.received().flatMap(ndjson.ids);
    expect(ids.toSorted()).toEqual(await idsIn(second.store));
  });

  it('gets the records of every chain: of processes that are gone, and of living ones once they are signed for', async () => {
    const receiver = await startReceiver('https');
    const { log, store, root } = await openLog();
    const other = await openLogAt(root);
    const gone = await openLogAt(root);
    await Promise.all([fill(log, 10), fill(other, 20), fill(gone, 30)]);
    await gone.close();
    await other.checkpoint();
    const deliveries = deliver(store, log, exportTo(receiver, ndjson));
    await upToDate(deliveries);
    const counts = receiver.received().flatMap(ndjson.ids).length;
    // 60 calls and the record of the checkpoint of the one that is gone.
    expect(counts).toBe(61);
    await other.close();
  });

  it('is sent to by one process at a time, and another takes over', async () => {
    const receiver = await startReceiver('https');
    const { log, store, root } = await openLog();
    const beside = await openLog({ root });
    const one = deliver(store, log, exportTo(receiver, ndjson));
    await upToDate(one);
    const two = deliver(beside.store, beside.log, exportTo(receiver, ndjson));
    await vi.waitFor(async () => expect((await two.status())[0]?.state).toBe('standby'), 20_000);
    // What the other has delivered is not waiting here.
    expect((await two.status())[0]?.behind).toBe(0);
    await fill(log, 5);
    await upToDate(one);
    await one.close();
    await vi.waitFor(async () => expect((await two.status())[0]?.state).toBe('sending'), 20_000);
    await fill(beside.log, 5);
    await upToDate(two);
    const ids = receiver.received().flatMap(ndjson.ids);
    expect(ids).toHaveLength(10);
    expect(new Set(ids).size).toBe(10);
  });

  it('gets the records of several hosts on PostgreSQL, and its place lies there', async () => {
    const receiver = await startReceiver('https');
    const at = await emptyServer();
    const [one, two] = [await openServerLog(at), await openServerLog(at)];
    await Promise.all([fill(one.log, 120), fill(two.log, 80)]);
    const first = deliver(one.store, one.log, exportTo(receiver, ndjson));
    await upToDate(first);
    await first.close();
    await fill(one.log, 5);
    const second = deliver(two.store, two.log, exportTo(receiver, ndjson));
    await upToDate(second);
    const ids = receiver.received().flatMap(ndjson.ids);
    expect(ids.toSorted()).toEqual(await idsIn(one.store));
    expect(ids).toHaveLength(205);
  });

  it('that shows a certificate of somebody else gets nothing', async () => {
    const receiver = await startReceiver('https');
    const stranger = await startReceiver('https');
    const { log, store } = await openLog();
    await fill(log, 3);
    const [settings] = exportTo(receiver, ndjson) as [Extract<Exports[number], { url: string }>];
    const deliveries = deliver(store, log, [{ ...settings, url: `https://localhost:${stranger.port}/in` }]);
    await vi.waitFor(async () => expect((await deliveries.status())[0]?.failure?.attempts).toBeGreaterThan(2), {
      timeout: 20_000,
    });
    expect((await deliveries.status())[0]).toMatchObject({ state: 'failing', behind: 3, delivered: 0 });
    expect(stranger.received()).toEqual([]);
  });

  it('reads what is personal only where the settings say that it leaves', async () => {
    const sealer = {
      seal: (_subject: string, _place: string, plain: string) => ({ sealed: Buffer.from(plain).toString('hex') }),
      open: async (_subject: string, _place: string, sealed: string) => ({
        text: Buffer.from(sealed, 'hex').toString(),
      }),
    };
    const { log, store } = await openLog({ sealer });
    await log.append(event({ actor: { kind: 'user', iss: 'chatelaine', sub: 'u1', name: 'Alice Liddell' } }));
    for (const personal of ['sealed', 'opened']) {
      const receiver = await startReceiver('https');
      const deliveries = deliver(store, log, exportTo(receiver, ndjson, { personal, name: personal }));
      await upToDate(deliveries);
      expect(receiver.received().join('').includes('Alice Liddell')).toBe(personal === 'opened');
    }
  });

  it('has its place kept through a log that is damaged elsewhere: other chains go on', async () => {
    const receiver = await startReceiver('https');
    const root = join(scratch(), 'audit');
    const gone = await openLogAt(root, { rotation: { bytes: 900, ms: 1e9 } });
    const { writer } = await gone.append(event());
    await fill(gone, 10);
    await gone.close();
    const { log } = await openLog({ root });
    await fill(log, 10);
    rmSync(join(root, 'writers', writer), { recursive: true });
    await log.checkpoint();
    const other = await openLog({ root });
    await fill(other.log, 4);
    const deliveries = deliver(other.store, other.log, exportTo(receiver, ndjson));
    await vi.waitFor(() => expect(receiver.received().flatMap(ndjson.ids).length).toBeGreaterThanOrEqual(4), {
      timeout: 20_000,
    });
    expect((await deliveries.status())[0]?.state).toBe('sending');
  });
});

describe('an HTTP receiver', () => {
  /** Answers what it is told, on loopback in the clear, as a collector on the same machine does. */
  async function answering(
    answer: (body: string, request: number) => { status: number; headers?: object; body?: string },
  ) {
    const bodies: string[] = [];
    let requests = 0;
    const server = createServer((request, response) => {
      void text(request).then((body) => {
        const { status, headers, body: said } = answer(body, ++requests);
        if (status < 300) bodies.push(body);
        response.writeHead(status, { ...headers }).end(said);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/logs`;
    return { bodies, url, requests: () => requests };
  }

  const exportsTo = (url: string, format = 'ndjson'): Exports =>
    auditSchema.parse({ exports: [{ format, name: 'siem', url, token: 'opaque' }] }).exports;

  it.each([400, 401, 403, 404, 429, 500, 503, 302])('that answers %i first loses nothing', async (status) => {
    const receiver = await answering((_body, request) =>
      request < 4 ? { status, headers: { location: 'http://127.0.0.1:9/', 'retry-after': '0' } } : { status: 200 },
    );
    const { log, store } = await openLog();
    await fill(log, 20);
    await upToDate(deliver(store, log, exportsTo(receiver.url)));
    expect(receiver.bodies.flatMap(linesOf)).toHaveLength(20);
  });

  it('that finds a piece too large gets it in halves', async () => {
    const receiver = await answering((body) => ({ status: linesOf(body).length > 3 ? 413 : 200 }));
    const { log, store } = await openLog();
    await fill(log, 20);
    await upToDate(deliver(store, log, exportsTo(receiver.url)));
    expect(receiver.bodies.flatMap(linesOf)).toHaveLength(20);
  });

  it('that will not have some records (OTLP partial success) is not asked again, and they are counted', async () => {
    const receiver = await answering(() => ({ status: 200, body: '{"partialSuccess":{"rejectedLogRecords":"2"}}' }));
    const { log, store } = await openLog();
    await fill(log, 20);
    const deliveries = deliver(store, log, exportsTo(receiver.url, 'otlp'));
    await upToDate(deliveries);
    expect((await deliveries.status())[0]).toMatchObject({ delivered: 20, refused: 2 });
    expect(receiver.requests()).toBe(1);
  });
});

describe('the settings of receivers', () => {
  it.each([
    [
      'records in the clear to another machine',
      { exports: [{ format: 'ndjson', name: 'a', url: 'http://siem.test/' }] },
    ],
    [
      'syslog in the clear to another machine',
      { exports: [{ format: 'cef', name: 'a', host: 'siem.test', tls: false }] },
    ],
    [
      'checkpoints in the clear to another machine',
      { anchors: [{ type: 'syslog', name: 'a', host: 'siem.test', tls: false }] },
    ],
    [
      'a way to trust anybody',
      { exports: [{ format: 'ndjson', name: 'a', url: 'https://siem.test/', tls: { rejectUnauthorized: false } }] },
    ],
    [
      'two receivers of one name',
      {
        anchors: [{ type: 'file', name: 'a', path: '/x' }],
        exports: [{ format: 'cef', name: 'a', host: 'localhost' }],
      },
    ],
    ['a retention of minutes', { retention: { keep: '10m' } }],
    [
      'a certificate without its key',
      { exports: [{ format: 'cef', name: 'a', host: 'siem.test', tls: { cert: '/x' } }] },
    ],
  ])('refuse %s', (_, audit) => {
    expect(auditSchema.safeParse(audit).success).toBe(false);
  });
});
