import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '#kernel';
import { claimDataDirectory } from '#db';
import { openTestDatabase, temporaryDirectory } from './database.fixture.ts';

/** A process that claims the directory and holds it until it is killed; resolves when it has it. */
async function holder(directory: string): Promise<{ pid: number; kill(): Promise<void> }> {
  const script = join(import.meta.dirname, 'claiming.fixture.ts');
  const child = spawn(process.execPath, ['--conditions=chatelaine-source', '--no-warnings', script, directory], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return {
    pid: child.pid as number,
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'close');
    },
  };
}

test('a second server is refused with the process and the moment of the first', async () => {
  const directory = temporaryDirectory();
  const { pid } = await holder(directory);
  expect(() => claimDataDirectory(directory, systemClock)).toThrow(
    new RegExp(`^the data directory is served by the process ${pid}, since 20\\d\\d-\\d\\d-\\d\\dT[\\d:]+Z$`),
  );
});

test('the claim ends with its process, however that ends, and nothing has to be cleaned up', async () => {
  const directory = temporaryDirectory();
  for (let round = 0; round < 3; round++) await (await holder(directory)).kill();
  const claim = claimDataDirectory(directory, systemClock);
  expect(() => claimDataDirectory(directory, systemClock)).toThrow(`process ${process.pid}`);
  claim.release();
  claimDataDirectory(directory, systemClock).release();
});

test('commands open the database of a directory that is served', async () => {
  const directory = temporaryDirectory();
  await holder(directory);
  const { db } = await openTestDatabase(directory);
  expect(await db.selectFrom('agents').selectAll().execute()).toEqual([]);
});

test('its files are ours alone', async () => {
  const directory = temporaryDirectory();
  const claim = claimDataDirectory(directory, systemClock);
  for (const file of readdirSync(directory)) expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600);
  claim.release();
});
