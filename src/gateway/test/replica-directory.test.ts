/** Who else serves: told by lines that move, seen with one's own clock, and proved by the key of the installation. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { unsafeReplicaAddress } from '#contract';
import { silentLogger } from '#kernel';
import { ReplicaDirectory, SILENT_MS } from '../http/siblings/directory.ts';
import { forgetReplica, listReplicas, noteReplica, type ReplicaRow } from '../store/replicas-store.ts';
import { installation, type Installation } from './replicas.fixture.ts';

let all: Installation & AsyncDisposable;
beforeAll(async () => {
  all = await installation();
}, 60_000);
afterAll(() => all[Symbol.asyncDispose]());

beforeEach(async () => {
  for (const { id } of await listReplicas(all.database.db)) await forgetReplica(all.database.db, id);
});

class Hand {
  moment = 1_800_000_000_000;
  readonly now = (): number => this.moment;
}

interface Seen {
  readonly directory: ReplicaDirectory;
  readonly clock: Hand;
  readonly warnings: string[];
  readonly silent: string[];
  /** Time goes by, and the table is read. */
  after(ms: number): Promise<void>;
}

async function member(id: string, address: string | undefined, options: { key?: Buffer } = {}): Promise<Seen> {
  const clock = new Hand();
  const warnings: string[] = [];
  const silent: string[] = [];
  const warn = vi.fn<(facts: object, message: string) => void>((_, message) => void warnings.push(message));
  const directory = new ReplicaDirectory({
    ...{ database: all.database, clock, key: options.key ?? all.key, self: { id, address }, beatMs: 3_600_000 },
    refuseAddress: (one) => unsafeReplicaAddress(one, {}),
    log: { ...silentLogger, warn } as never,
  });
  directory.onSilent((one) => void silent.push(one));
  await directory.join();
  onTestFinished(() => directory.leave());
  const after = async (ms: number): Promise<void> => {
    clock.moment += ms;
    await directory.look();
  };
  return { directory, clock, warnings, silent, after };
}

/** The line of a process moves, as its next beat would have it. */
const beat = async (id: string): Promise<void> => {
  const row = (await listReplicas(all.database.db)).find((one) => one.id === id);
  if (row !== undefined) await noteReplica(all.database.db, { ...row, seen_at: row.seen_at + 5000 });
};

const HERE = 'https://10.0.0.1:7420';
const THERE = 'https://10.0.0.2:7420';

describe('a process on the list', () => {
  it('is found at once, also by one that has not looked since it came', async () => {
    const one = await member('one', HERE);
    const two = await member('two', THERE);
    expect(await two.directory.addressOf('one')).toBe(HERE);
    expect(await one.directory.addressOf('two')).toBe(THERE);
  });

  it('is gone when it leaves, and what it carries on with is not cut', async () => {
    const one = await member('one', HERE);
    const two = await member('two', THERE);
    await one.directory.look();
    await two.directory.leave();
    await one.after(1000);
    expect(await one.directory.addressOf('two')).toBeUndefined();
    expect(one.silent).toEqual([]);
  });

  it('is gone when its line does not move, is told as silent once, and is back when it moves', async () => {
    const one = await member('one', HERE);
    await member('two', THERE);
    await one.directory.look();
    for (let passed = 0; passed <= SILENT_MS; passed += 5000) await one.after(5000);
    expect(await one.directory.addressOf('two')).toBeUndefined();
    await one.after(5000);
    expect(one.silent).toEqual(['two']);
    await beat('two');
    expect(await one.directory.addressOf('two')).toBe(THERE);
  });

  it('stays for as long as its line moves, whatever its clock says', async () => {
    const one = await member('one', HERE);
    const two = await member('two', THERE);
    two.clock.moment -= 86_400_000;
    await one.directory.look();
    for (let passed = 0; passed < 60_000; passed += 5000) {
      await beat('two');
      await one.after(5000);
    }
    expect(await one.directory.addressOf('two')).toBe(THERE);
    expect(one.silent).toEqual([]);
  });

  it('is not taken for dead because nothing could be read for a while', async () => {
    const one = await member('one', HERE);
    await member('two', THERE);
    await one.directory.look();
    await one.after(120_000);
    expect(await one.directory.addressOf('two')).toBe(THERE);
    expect(one.silent).toEqual([]);
  });

  it('that was killed goes from the table after ten minutes, by whoever looks', async () => {
    const one = await member('one', HERE);
    await member('two', THERE);
    await one.directory.look();
    for (let passed = 0; passed <= 605_000; passed += 5000) {
      one.clock.moment += 5000;
      await one.directory.look();
    }
    expect((await listReplicas(all.database.db)).map(({ id }) => id)).toEqual(['one']);
  }, 120_000);
});

describe('a line that nobody should believe', () => {
  it('is one without the key: who can write to the database sends no credential anywhere', async () => {
    const one = await member('one', HERE);
    const two = await member('two', THERE);
    const row = (await listReplicas(all.database.db)).find(({ id }) => id === 'two') as ReplicaRow;
    await two.directory.leave();
    await noteReplica(all.database.db, { ...row, address: 'https://evil.test' });
    await one.after(1000);
    expect(await one.directory.addressOf('two')).toBeUndefined();
    expect(one.warnings).toEqual([expect.stringContaining('did not write its line')]);
    await member('three', 'https://10.0.0.3:7420', { key: randomBytes(32) });
    expect(await one.directory.addressOf('three')).toBeUndefined();
  });

  it('is one that leads over the network in the clear', async () => {
    const one = await member('one', HERE);
    await member('two', 'http://10.0.0.2:7420');
    expect(await one.directory.addressOf('two')).toBeUndefined();
    expect(one.warnings).toEqual([expect.stringContaining('in the clear')]);
  });
});

describe('what keeps replicas apart is said, once a second one is there', () => {
  it.each([
    ['the other says no address', HERE, undefined, 'does not say where it is reached'],
    ['this one says none', undefined, THERE, 'is not told where this one is reached'],
    ['both say the same', HERE, HERE, 'is reached where this one is'],
  ])('%s', async (_, own, other, said) => {
    const one = await member('one', own);
    await member('two', other);
    await one.after(1000);
    expect(one.warnings).toEqual([]);
    for (let times = 0; times < 3; times++) {
      await beat('two');
      await one.after(1000);
    }
    expect(one.warnings).toEqual([expect.stringContaining(said)]);
    expect(one.warnings[0]).toContain('a replica');
  });

  it('and not of one that was killed before this one began', async () => {
    const dead = await member('dead', HERE);
    await dead.after(0);
    const one = await member('one', HERE);
    for (let times = 0; times < 3; times++) await one.after(5000);
    expect(one.warnings).toEqual([]);
  });
});

it('asking for processes that nobody knows is one look for all who ask', async () => {
  const one = await member('one', HERE);
  const looked = vi.spyOn(all.database.db, 'selectFrom');
  one.clock.moment += 1000;
  const found = await Promise.all(Array.from({ length: 200 }, (_, at) => one.directory.addressOf(`unknown-${at}`)));
  expect(new Set(found)).toEqual(new Set([undefined]));
  expect(looked.mock.calls.length).toBeLessThanOrEqual(2);
  looked.mockRestore();
});

it('a line is taken away only while it is as it was seen', async () => {
  await member('two', THERE);
  const [row] = await listReplicas(all.database.db);
  await beat('two');
  await forgetReplica(all.database.db, 'two', row?.seen_at);
  expect(await listReplicas(all.database.db)).toHaveLength(1);
});
