import { mkdir, mkdtemp, open, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readInputs, type ConfigurationLocation } from '../read.ts';
import { watchConfiguration, type ConfigurationWatch, type WatchOptions } from '../watch.ts';

let folder: string;
let watch: ConfigurationWatch | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chatelaine-watch-'));
});

afterEach(async () => {
  await watch?.close();
  watch = undefined;
  await rm(folder, { recursive: true });
});

/** Watches and keeps what was handed over: the texts of the files, or what is wrong with them. */
async function begin(location: ConfigurationLocation, options: Partial<WatchOptions> = {}) {
  const first = await readInputs(location);
  if (!first.ok) throw new Error('the files cannot be read');
  const states: string[][] = [];
  watch = await watchConfiguration({
    location,
    loaded: first.value,
    quietMs: 20,
    longestMs: 100,
    changed: (files) => {
      states.push(
        files.ok
          ? files.value.map(({ bytes }) => Buffer.from(bytes).toString())
          : files.error.map(({ message }) => message),
      );
    },
    ...options,
  });
  return states;
}

const PATIENCE = { timeout: 20_000, interval: 10 };

describe('watching one file', () => {
  const file = () => join(folder, 'tools.yaml');

  it('hands over what was written in place', async () => {
    await writeFile(file(), 'one');
    const states = await begin({ kind: 'files', files: [file()] });
    await writeFile(file(), 'two');
    await expect.poll(() => states.at(-1), PATIENCE).toEqual(['two']);
  });

  it('hands over what an editor renamed into the place', async () => {
    await writeFile(file(), 'one');
    const states = await begin({ kind: 'files', files: [file()] });
    await writeFile(join(folder, '.tools.yaml.swp'), 'two');
    await rename(join(folder, '.tools.yaml.swp'), file());
    await expect.poll(() => states.at(-1), PATIENCE).toEqual(['two']);
  });

  it('says when the file goes, and comes back with it', async () => {
    await writeFile(file(), 'one');
    const states = await begin({ kind: 'files', files: [file()] });
    await rm(file());
    await expect.poll(() => states.at(-1), PATIENCE).toEqual(['there is no such file or folder']);
    await writeFile(file(), 'one');
    await expect.poll(() => states.at(-1), PATIENCE).toEqual(['one']);
  });

  it('keeps quiet when the same is written again', async () => {
    await writeFile(file(), 'one');
    const states = await begin({ kind: 'files', files: [file()] });
    await writeFile(file(), 'one');
    await watch?.settled();
    expect(states).toEqual([]);
  });

  it('ends with the whole file when it is written in pieces', async () => {
    await writeFile(file(), 'one');
    const states = await begin({ kind: 'files', files: [file()] });
    const handle = await open(file(), 'w');
    for (const piece of ['kind: ', 'tool\n', 'name: x\n']) {
      await handle.write(piece);
      await handle.sync();
      await pause(30);
    }
    await handle.close();
    await expect.poll(() => states.at(-1), PATIENCE).toEqual(['kind: tool\nname: x\n']);
  });

  it('notices a change that fell between loading and watching', async () => {
    await writeFile(file(), 'one');
    const states = await begin({ kind: 'files', files: [file()] }, { loaded: [] });
    await expect.poll(() => states.at(-1), PATIENCE).toEqual(['one']);
  });

  it('hands over the newest state after a slow receiver, not every one', async () => {
    await writeFile(file(), 'one');
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const seen: string[] = [];
    await begin(
      { kind: 'files', files: [file()] },
      {
        changed: async (files) => {
          seen.push(files.ok ? Buffer.from(files.value[0]?.bytes ?? []).toString() : 'unreadable');
          await gate;
        },
      },
    );
    await writeFile(file(), 'two');
    await expect.poll(() => seen).toEqual(['two']);
    await writeFile(file(), 'three');
    await writeFile(file(), 'four');
    open();
    await expect.poll(() => seen.at(-1), { timeout: 20_000 }).toBe('four');
    expect(seen.length).toBeLessThanOrEqual(3);
  });

  it('notices a change of a file that the configuration hangs on', async () => {
    const module = join(folder, 'handlers', 'tools.ts');
    await mkdir(join(folder, 'handlers'));
    await writeFile(file(), 'one');
    await writeFile(module, 'export {}');
    const states = await begin({ kind: 'files', files: [file()] });
    await watch?.alsoWatch([module]);
    await writeFile(module, 'export const changed = true;');
    await expect.poll(() => states.at(-1), PATIENCE).toEqual(['one']);
  });

  it('finds changes by polling where there are no events', async () => {
    await writeFile(file(), 'one');
    const states = await begin(
      { kind: 'files', files: [file()] },
      { pollMs: 20, quietMs: 3_600_000, longestMs: 3_600_000 },
    );
    await writeFile(file(), 'two');
    await expect.poll(() => states.at(-1), PATIENCE).toEqual(['two']);
  });
});

describe('watching a folder', () => {
  it('takes files in and out, by name', async () => {
    await writeFile(join(folder, 'b.yaml'), 'b');
    const states = await begin({ kind: 'folder', folder });
    await writeFile(join(folder, 'a.yml'), 'a');
    await expect.poll(() => states.at(-1), PATIENCE).toEqual(['a', 'b']);
    await rm(join(folder, 'b.yaml'));
    await expect.poll(() => states.at(-1), PATIENCE).toEqual(['a']);
  });

  /** Puts a generation of both files where Kubernetes puts it, and flips the link. */
  async function publish(generation: number): Promise<void> {
    const data = join(folder, `..${generation}`);
    await mkdir(data);
    for (const name of ['a.yaml', 'b.yaml']) await writeFile(join(data, name), `${name} ${generation}`);
    await symlink(`..${generation}`, join(folder, '..data_tmp'));
    await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    if (generation > 0) await rm(join(folder, `..${generation - 1}`), { recursive: true });
  }

  it('never mixes two generations of a Kubernetes volume, at 100 swaps a second', async () => {
    await publish(0);
    for (const name of ['a.yaml', 'b.yaml']) await symlink(join('..data', name), join(folder, name));
    const states = await begin({ kind: 'folder', folder });
    const swaps = 200;
    for (let generation = 1; generation <= swaps; generation++) {
      await publish(generation);
      await pause(10);
    }
    await expect.poll(() => states.at(-1), PATIENCE).toEqual([`a.yaml ${swaps}`, `b.yaml ${swaps}`]);
    for (const state of states) {
      const [a, b] = state.map((text) => text.split(' ')[1]);
      expect(a).toBe(b);
    }
    // The stream of events did not put the first look off until its end.
    expect(states.length).toBeGreaterThan(1);
  });
});
