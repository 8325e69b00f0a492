import { appendFileSync, cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inclusionPath, MerkleTree } from '../checkpoint/merkle.ts';
import { makeSigningKey, readSigningKey } from '../checkpoint/signing-key.ts';
import { verifyEvidence } from '../report/verify-evidence.ts';
import { writeEvidence } from '../report/write-evidence.ts';
import { fill, openLog, openLogAt, scratch, signingKey, tickingClock, trusted } from './audit.fixture.ts';
import { emptyServer, openServerLog } from './postgres.fixture.ts';

const clock = tickingClock(Date.UTC(2030, 0, 1));

/** A folder of evidence over several chains and checkpoints. */
async function evidence(filter: object = { action: 'call' }): Promise<string> {
  const { log, store, root } = await openLog();
  const other = await openLogAt(root);
  for (let round = 0; round < 3; round++) {
    await Promise.all([fill(log, 7), fill(other, 4), fill(log, 3, { action: 'list' })]);
    await log.checkpoint();
  }
  await other.close();
  const directory = join(scratch(), 'evidence');
  await writeEvidence({ log, store, signingKey, clock, filter, directory, opened: true });
  return directory;
}

describe('the evidence of an incident', () => {
  it('holds what was asked for, with its proofs, readable by its owner alone', async () => {
    const directory = await evidence();
    expect(readdirSync(directory).toSorted()).toEqual([
      'checkpoints.ndjson',
      'manifest.json',
      'manifest.sig',
      'opened.ndjson',
      'proofs.ndjson',
      'public-key.pem',
      'records.ndjson',
    ]);
    for (const name of readdirSync(directory)) expect(statSync(join(directory, name)).mode & 0o077).toBe(0);
    expect(await verifyEvidence(directory, trusted)).toMatchObject({ ok: true, value: { records: 33 } });
  });

  it('of nothing says that there was nothing', async () => {
    const directory = await evidence({ action: 'nothing' });
    expect(await verifyEvidence(directory, trusted)).toMatchObject({ ok: true, value: { records: 0 } });
  });

  it('is the same from PostgreSQL', async () => {
    const { log, store } = await openServerLog(await emptyServer());
    await fill(log, 20);
    const directory = join(scratch(), 'evidence');
    await writeEvidence({ log, store, signingKey, clock, filter: {}, directory });
    const value = { records: 20, uncovered: 1 };
    expect(await verifyEvidence(directory, trusted)).toMatchObject({ ok: true, value });
  });

  it('proves nothing to whoever trusts another key', async () => {
    const directory = await evidence();
    const stranger = readSigningKey(makeSigningKey());
    expect((await verifyEvidence(directory, new Map([[stranger.id, stranger.publicKey]]))).ok).toBe(false);
  });

  it('proves nothing with a file changed, cut, added or left out', async () => {
    const directory = await evidence();
    const copy = join(scratch(), 'copy');
    for (const name of readdirSync(directory)) {
      const path = join(copy, name);
      for (const harm of [
        () => appendFileSync(path, '\n'),
        () => writeFileSync(path, readFileSync(path).subarray(1)),
        () =>
          writeFileSync(
            path,
            readFileSync(path, 'utf8').replace(/[0-9]/, (digit) => String((Number(digit) + 1) % 10)),
          ),
        () => rmSync(path),
        () => writeFileSync(join(copy, 'more.txt'), ''),
      ]) {
        cpSync(directory, copy, { recursive: true });
        harm();
        const verified = await verifyEvidence(copy, trusted).catch(() => ({ ok: false }));
        expect([name, String(harm), verified.ok]).toEqual([name, String(harm), false]);
        rmSync(copy, { recursive: true });
      }
    }
  });

  it('is not written over another', async () => {
    const { log, store } = await openLog();
    const options = { log, store, signingKey, clock, filter: {}, directory: scratch() };
    await expect(writeEvidence(options)).rejects.toMatchObject({ code: 'EEXIST' });
  });
});

it('a tree in memory gives the paths of RFC 6962 §2.1.1, whatever its size', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 70 }), fc.nat(), (size, pick) => {
      const hashes = Array.from({ length: size }, (_, at) => Buffer.alloc(32, at));
      const index = pick % size;
      expect(new MerkleTree(hashes).path(index)).toEqual(inclusionPath(hashes, index));
    }),
  );
});
