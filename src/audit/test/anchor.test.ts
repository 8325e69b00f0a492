import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Secret, silentLogger, systemClock } from '#kernel';
import { auditSchema, type AuditSettings } from '#contract';
import { readAnchors } from '../anchor/read-anchors.ts';
import { checkWebhook, signWebhook } from '../anchor/webhook-signature.ts';
import type { AuditLog } from '../audit-log.ts';
import { checkpointLine, readCheckpoint, signCheckpoint, type SignedCheckpoint } from '../checkpoint/checkpoint.ts';
import { startDeliveries, type Deliveries } from '../delivery/start-deliveries.ts';
import { makeSigningKey, readSigningKey } from '../checkpoint/signing-key.ts';
import { SegmentStore } from '../store/segments/segment-store.ts';
import type { AuditStore } from '../store/store.ts';
import { logStream } from '../verify/log-stream.ts';
import { verifyLog } from '../verify/verify.ts';
import { fill, linesOf, openLog, scratch, tickingClock, trusted } from './audit.fixture.ts';
import { startReceiver } from './receiver.fixture.ts';

const times = { idleMs: 10, firstMs: 10, longestMs: 100, standbyMs: 50 };
const origin = { hostname: 'host.test', processId: '1', version: '0.0.0' };

function anchorTo(store: AuditStore, log: AuditLog, anchors: AuditSettings['anchors']): Deliveries {
  const deliveries = startDeliveries({
    store,
    settings: { anchors, exports: [] },
    origin,
    open: log.opened.bind(log),
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
      for (const { behind, state } of await deliveries.status()) expect([behind, state]).toEqual([0, 'sending']);
    },
    { timeout: 60_000, interval: 20 },
  );

async function* given(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

const anchorsIn = async (lines: readonly string[]) => await readAnchors(given(lines));

describe('an anchor', () => {
  it('in a file gets every checkpoint, also those of the time in which its folder was away', async () => {
    const mount = join(scratch(), 'mount');
    mkdirSync(mount);
    const path = join(mount, 'checkpoints');
    const { log, store } = await openLog();
    const deliveries = anchorTo(store, log, [{ type: 'file', name: 'mount', path }]);
    const made: SignedCheckpoint[] = [];
    for (let round = 0; round < 4; round++) {
      if (round === 2) {
        renameSync(mount, `${mount}-away`);
        await fill(log, 1);
      }
      await fill(log, 10);
      made.push((await log.checkpoint()) as SignedCheckpoint);
      if (round === 1) await upToDate(deliveries);
      if (round === 3) {
        await vi.waitFor(async () => expect((await deliveries.status())[0]?.state).toBe('failing'), 20_000);
        expect(existsSync(mount)).toBe(false);
        renameSync(`${mount}-away`, mount);
      }
    }
    await upToDate(deliveries);
    expect(await anchorsIn(await linesOf(path))).toEqual(made);
  });

  it('over HTTPS and one over syslog get every checkpoint through an outage, signed', async () => {
    const [web, syslog] = [await startReceiver('https'), await startReceiver('syslog')];
    const { log, store } = await openLog();
    const secret = new Secret('a key of the webhook');
    const deliveries = anchorTo(store, log, [
      { type: 'webhook', name: 'web', url: `https://localhost:${web.port}/anchor`, secret, tls: web.tls },
      { type: 'syslog', name: 'log', host: 'localhost', port: syslog.port, tls: syslog.tls },
    ]);
    const made: SignedCheckpoint[] = [];
    for (let round = 0; round < 3; round++) {
      if (round === 1) await Promise.all([web.kill(), syslog.kill()]);
      await fill(log, 10);
      made.push((await log.checkpoint()) as SignedCheckpoint);
      if (round === 1) {
        await vi.waitFor(
          async () => expect((await deliveries.status()).map(({ state }) => state)).toEqual(['failing', 'failing']),
          { timeout: 30_000 },
        );
        await Promise.all([web.restart(), syslog.restart()]);
      }
      await upToDate(deliveries);
    }
    const numbers = (anchors: readonly SignedCheckpoint[]) =>
      [...new Set(anchors.map(({ body }) => body.number))].toSorted((one, other) => one - other);
    expect(numbers(await anchorsIn(web.received()))).toEqual([1, 2, 3]);
    expect(numbers(await anchorsIn(syslog.received()))).toEqual([1, 2, 3]);
    expect(await anchorsIn(web.received())).toEqual(expect.arrayContaining(made));
  });
});

describe('a log that is held to its anchor', () => {
  /** A closed log with three checkpoints, as it was after the first, and its anchor. */
  async function anchoredLog() {
    const root = join(scratch(), 'audit');
    const { log } = await openLog({ root });
    await fill(log, 5);
    await log.checkpoint();
    await log.close();
    const earlier = join(scratch(), 'audit');
    const before = process.umask(0o077);
    cpSync(root, earlier, { recursive: true });
    process.umask(before);
    const again = await openLog({ root });
    await fill(again.log, 5);
    await again.log.close();
    const lines = readFileSync(join(root, 'checkpoints.log'), 'utf8').trim().split('\n');
    return { root, earlier, lines };
  }

  async function findings(root: string, lines: readonly string[]) {
    const store = new SegmentStore({ root, clock: tickingClock() });
    onTestFinished(() => store.close());
    const options = { installation: store.installation, keys: trusted, anchors: await anchorsIn(lines) };
    return (await verifyLog(logStream(store), options)).findings;
  }

  it('verifies, whatever stands around the checkpoints', async () => {
    const { root, lines } = await anchoredLog();
    const kept = lines.map((line) => `<109>1 2026-11-21T09:30:00Z h chatelaine 1 audit.checkpoint - \ufeff${line}`);
    expect(await findings(root, ['something else', '', ...kept])).toEqual([]);
  });

  it('VLT-011: shows that it was rolled back', async () => {
    const { earlier, lines } = await anchoredLog();
    expect(await findings(earlier, lines)).toMatchObject([{ kind: 'checkpoint-missing' }]);
  });

  it('VLT-011: shows that it was written and signed anew, with the right key', async () => {
    const { root, lines } = await anchoredLog();
    const installation = readFileSync(join(root, 'installation'));
    const forged = join(scratch(), 'audit');
    mkdirSync(forged, { mode: 0o700 });
    writeFileSync(join(forged, 'installation'), installation, { mode: 0o600 });
    const { log } = await openLog({ root: forged });
    await fill(log, 3, { action: 'nothing-happened' });
    await log.close();
    expect(await findings(forged, lines.slice(0, 1))).toMatchObject([{ kind: 'checkpoint-changed', checkpoint: 1 }]);
  });

  it('is not accused by an anchor that somebody else has written', async () => {
    const { root, lines } = await anchoredLog();
    const forger = readSigningKey(makeSigningKey());
    const { body } = readCheckpoint(lines[0] as string) as SignedCheckpoint;
    const theirs = signCheckpoint({ ...body, number: 9, keyId: forger.id }, forger.privateKey);
    const ours = signCheckpoint({ ...body, number: 9 }, forger.privateKey);
    for (const anchor of [theirs, ours]) {
      expect(await findings(root, [checkpointLine(anchor)])).toMatchObject([
        { kind: 'signature', checkpoint: 9, message: expect.stringContaining('the anchored checkpoint 9') as string },
      ]);
    }
  });

  it('is not held to a file in which there is nothing', async () => {
    await expect(anchorsIn(['', 'nothing'])).rejects.toMatchObject({ code: 'AUDIT_DAMAGED' });
  });

  it('may have an anchor whose end a full disk cut off', async () => {
    const { root, lines } = await anchoredLog();
    const file = join(scratch(), 'anchor');
    writeFileSync(file, `${lines[0]}\n${lines[0]?.slice(0, 90)}`);
    appendFileSync(file, `\n${lines[0]}\n`);
    expect(await findings(root, await linesOf(file))).toEqual([]);
    rmSync(file);
  });
});

describe('the signature of a webhook', () => {
  const secret = new Secret('a key');
  const now = Date.UTC(2026, 10, 21);
  const header = signWebhook('body', secret, now);

  it.each([
    ['as it was sent', 'body', header, now, true],
    ['a little later', 'body', header, now + 299_000, true],
    ['much later', 'body', header, now + 302_000, false],
    ['from the future', 'body', header, now - 302_000, false],
    ['with another body', 'Body', header, now, false],
    ['with another time', 'body', header.replace(/^t=\d+/, `t=${now / 1000 + 1}`), now, false],
    ['without a signature', 'body', 't=1', now, false],
    ['of another key', 'body', signWebhook('body', new Secret('another'), now), now, false],
  ])('%s', (_, body, given, at, holds) => {
    expect(checkWebhook(body, given, { secret, now: at })).toBe(holds);
  });
});

it('settings of anchors need an absolute path, and TLS', () => {
  const parse = (anchor: object) => auditSchema.safeParse({ anchors: [anchor] }).success;
  expect(parse({ type: 'file', name: 'a', path: 'here' })).toBe(false);
  expect(parse({ type: 'webhook', name: 'a', url: 'http://hooks.test/', secret: 'x' })).toBe(false);
  expect(parse({ type: 'webhook', name: 'a', url: 'https://hooks.test/', secret: 'x' })).toBe(true);
});
