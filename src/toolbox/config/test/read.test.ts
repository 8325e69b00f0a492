import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fingerprint, locationOf, readInputs } from '../read.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chatelaine-read-'));
  for (const name of ['b.yaml', 'a.yml', 'c.json', '.hidden.yaml', 'notes.yaml.bak'])
    await writeFile(join(folder, name), name);
  await mkdir(join(folder, 'sub.yaml.d'));
  await mkdir(join(folder, 'empty'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('naming the configuration', () => {
  it.each([
    [{}, { ok: true, value: undefined }],
    [{ config: 'a' }, { ok: true, value: { kind: 'files', files: ['a'] } }],
    [{ configs: 'a, b' }, { ok: true, value: { kind: 'files', files: ['a', 'b'] } }],
    [{ configFolder: 'f' }, { ok: true, value: { kind: 'folder', folder: 'f' } }],
    [{ configs: 'a,,b' }, { ok: false, error: '`--configs` has an empty name between its commas' }],
    [
      { config: 'a', configFolder: 'f' },
      { ok: false, error: '--config and --config-folder exclude each other; name the configuration once' },
    ],
  ])('%j', (options, expected) => {
    expect(locationOf(options)).toEqual(expected);
  });
});

describe('reading the files', () => {
  const read = async (location: Parameters<typeof readInputs>[0]) => {
    const inputs = await readInputs(location);
    if (!inputs.ok) return inputs.error.map(({ file, message }) => `${file.replace(folder, '')}: ${message}`);
    return inputs.value.map(({ file, bytes, directory }) => [file, Buffer.from(bytes).toString(), directory]);
  };

  it('takes the YAML files of a folder, by name, and nothing else', async () => {
    expect(await read({ kind: 'folder', folder })).toEqual([
      [join(folder, 'a.yml'), 'a.yml', folder],
      [join(folder, 'b.yaml'), 'b.yaml', folder],
    ]);
  });

  it('takes several files in the order they are named', async () => {
    expect(await read({ kind: 'files', files: [join(folder, 'b.yaml'), join(folder, 'a.yml')] })).toMatchObject([
      { 1: 'b.yaml' },
      { 1: 'a.yml' },
    ]);
  });

  it('names every file that cannot be read', async () => {
    expect(await read({ kind: 'files', files: [join(folder, 'x.yaml'), join(folder, 'b.yaml'), folder] })).toEqual([
      '/x.yaml: there is no such file or folder',
      ': this is a folder; name it with `--config-folder`',
    ]);
    expect(await read({ kind: 'folder', folder: join(folder, 'empty') })).toEqual([
      '/empty: the folder holds no `.yaml` or `.yml` file',
    ]);
    expect(await read({ kind: 'folder', folder: join(folder, 'nowhere') })).toEqual([
      '/nowhere: there is no such file or folder',
    ]);
  });

  it('has another fingerprint when a file was written, and the same when none was', async () => {
    const location = { kind: 'folder', folder } as const;
    const before = await fingerprint(location);
    expect(await fingerprint(location)).toBe(before);
    await writeFile(join(folder, 'b.yaml'), 'longer than before');
    expect(await fingerprint(location)).not.toBe(before);
  });
});
