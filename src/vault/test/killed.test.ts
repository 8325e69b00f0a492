import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { reveal, Secret, silentLogger, systemClock, type Clock } from '#kernel';
import { forgetfulLedger } from '#contract';
import { stateFile } from '#db';
import {
  namespaceScope,
  openVault,
  sameNamespace,
  subjectScope,
  type Place,
  type Vault,
  type WrapperSettings,
} from '#vault';
import { codeOf, openPlace, password, passwordOf, refusal, temporaryDirectory } from './vault.fixture.ts';

const script = join(import.meta.dirname, 'mortal-process.fixture.ts');
const keyFile = (directory: string, name: string): WrapperSettings => ({ type: 'file', file: join(directory, name) });
const record = async (): Promise<void> => {};
const where: Place = { table: 't', column: 'c', row: 'r', owner: 'o' };

const open = async (
  directory: string,
  current: string,
  previous: readonly string[],
  clock: Clock = systemClock,
): Promise<Vault> =>
  await openVault({
    database: await openPlace({ file: stateFile(directory) }, clock),
    clock,
    log: silentLogger,
    mayUse: sameNamespace,
    ledger: forgetfulLedger,
    wrapper: keyFile(directory, current),
    previousWrappers: previous.map((name) => keyFile(directory, name)),
  });

/** Runs the mortal process on the data of `directory` and gives the signal that ended it. */
function start(mode: string, directory: string, ...more: readonly string[]) {
  const args = [mode, stateFile(directory), join(directory, 'one.key'), join(directory, 'two.key'), ...more];
  return spawn(process.execPath, ['--conditions=chatelaine-source', '--no-warnings', script, ...args], {
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

const subjectText = async (vault: Vault, text: string): Promise<string> => {
  try {
    return reveal(await vault.envelope.open(where, text));
  } catch (error) {
    return codeOf(error);
  }
};

test('VLT-004: killed before any statement of rotation, rewrap, erasure or deletion, nothing becomes unreadable', async () => {
  const template = temporaryDirectory();
  const before = await open(template, 'one.key', []);
  for (const name of ['s0', 's1', 's2', 'doomed']) {
    await before.secrets.put({ namespace: 'default', name, material: password(`value ${name.slice(1)}`) }, record);
  }
  const sealed = await before.envelope.writing(subjectScope('ana'), async (_trx, sealing) => {
    return (await sealing.seal(where, new Secret('of ana'))).text;
  });
  // A copy of the files is a moment of the data once the log is in them.
  expect(await (await openPlace({ file: stateFile(template) }, systemClock)).purgeDeleted()).toBe(true);

  const dieBefore = async (statement: number): Promise<boolean> => {
    const directory = temporaryDirectory();
    for (const name of ['chatelaine.db', 'keyring.db', 'one.key']) cpSync(join(template, name), join(directory, name));
    const [, signal] = (await once(start('steps', directory, String(statement)), 'exit')) as [number, string | null];

    // The next process finds leases of the dead one, and everything else as it should be.
    const later: Clock = { now: () => Date.now() + 61_000 };
    const next = await open(directory, 'two.key', ['one.key'], later);
    const read = await Promise.all(['s0', 's1', 's2'].map((name) => passwordOf(next, name)));
    expect({ statement, read }).toEqual({ statement, read: ['value 0', 'value 1', 'value 2'] });
    expect(['value oomed', 'SECRET_UNKNOWN']).toContain(await passwordOf(next, 'doomed'));
    expect(['of ana', 'SUBJECT_ERASED']).toContain(await subjectText(next, sealed));

    // What was cut short can be finished, and then the old wrapping key is needed no more.
    await next.finishRotation(namespaceScope('default'));
    await next.rewrap();
    const after = await open(directory, 'two.key', [], later);
    for (const name of ['s0', 's1', 's2']) expect(await passwordOf(after, name)).toBe(`value ${name.slice(1)}`);
    return signal === 'SIGKILL';
  };

  let deaths = 0;
  // Two at a time, until one lived to the end.
  for (let statement = 1; statement < 300; statement += 2) {
    const died = await Promise.all([dieBefore(statement), dieBefore(statement + 1)]);
    deaths += died.filter(Boolean).length;
    if (died.includes(false)) break;
  }
  // The five operations have more than sixty statements between them.
  expect(deaths).toBeGreaterThan(60);
}, 300_000);

test('VLT-004: killed at random moments under load, every acknowledged write is there and everything opens', async () => {
  const directory = temporaryDirectory();
  const before = await open(directory, 'one.key', []);
  const names = Array.from({ length: 7 }, (_, index) => `w${index}`);
  for (const name of names) {
    await before.secrets.put({ namespace: 'default', name, material: password(`${name} -1`) }, record);
  }
  const acknowledged = new Map<string, number>();
  let minutes = 0;
  for (let round = 0; round < 6; round++) {
    const child = start('load', directory);
    const exit = once(child, 'exit');
    let remaining = 3 + Math.floor(Math.random() * 60);
    for await (const line of createInterface({ input: child.stdout })) {
      const [name = '', count] = line.split(' ');
      acknowledged.set(name, Number(count));
      if (--remaining === 0) child.kill('SIGKILL');
    }
    expect((await exit)[1]).toBe('SIGKILL');

    minutes += 2;
    const clock: Clock = { now: () => Date.now() + minutes * 60_000 };
    const vault = await open(directory, 'two.key', ['one.key'], clock);
    for (const name of names) {
      const count = Number((await passwordOf(vault, name)).split(' ')[1]);
      // The write that was under way when it died may be there as well.
      const last = acknowledged.get(name) ?? -1;
      expect([last, last + 7, ...(last === -1 ? [Number(name.slice(1))] : [])]).toContain(count);
    }
    expect(await refusal(() => vault.finishRotation(namespaceScope('default')))).toBe('nothing');
    // This also takes the lease that a process left behind which died at it.
    expect(await refusal(() => vault.rewrap())).toBe('nothing');
    // The next process counts anew: begin from what is there now.
    for (const name of names) {
      await vault.secrets.put({ namespace: 'default', name, material: password(`${name} -1`) }, record);
    }
    acknowledged.clear();
  }
}, 300_000);
