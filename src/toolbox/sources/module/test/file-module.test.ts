import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger, systemClock } from '#kernel';
import { secretsOf } from '../../../secrets/test/vault.fixture.ts';
import { moduleSourceType } from '../index.ts';
import type { ModuleSource } from '../module-source.ts';
import { callWith } from './module-call.fixture.ts';
import type { Delivery } from './module-process.fixture.ts';

let server: ChildProcess;
let died: Promise<never>;
beforeAll(() => {
  const file = join(import.meta.dirname, 'module-process.fixture.ts');
  server = fork(file, { execArgv: ['--conditions=chatelaine-source'] });
  died = once(server, 'exit').then(([code]) => Promise.reject(new Error(`the process ended with ${String(code)}`)));
  died.catch(() => {});
});
afterAll(() => {
  server.kill();
});

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'module-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const write = (name: string, text: string): void => writeFileSync(join(directory, name), text);

/** Opens and loads the module in the other process, and runs one of its tools. */
async function run(handler: string, path = './tools.ts'): Promise<Delivery> {
  const answered = once(server, 'message') as Promise<[Delivery]>;
  server.send({ directory, path, handler });
  const [delivery] = await Promise.race([answered, died]);
  return delivery;
}

/** The same in this process, for what does not depend on the loader. */
async function open(): Promise<ModuleSource> {
  const context = { name: 'mine', directory, log: silentLogger, clock: systemClock, secrets: secretsOf() };
  const source = moduleSourceType.open({ path: './tools.ts', pins: 'firstUse' }, context) as ModuleSource;
  await source.load();
  return source;
}

const IMPORT = `import { defineTool } from 'chatelaine/module';`;

describe('a module file', () => {
  it('is TypeScript beside the configuration, which imports the API by its name wherever it lies', async () => {
    write('two.ts', 'export const two: number = 2;');
    write(
      'tools.ts',
      `${IMPORT}\nimport { two } from './two.ts';\nexport const give = defineTool({ handler: () => two });`,
    );
    expect(await run('give')).toEqual({
      output: { kind: 'value', value: 2 },
      files: [join(directory, 'tools.ts'), join(directory, 'two.ts')],
    });
  });

  it('is imported again when it or what it imports has changed, and only then', async () => {
    write('step.ts', 'export const step = 1;');
    const counter = (start: number): string =>
      `${IMPORT}\nimport { step } from './step.ts';\nlet n = ${start};\nexport const next = defineTool({ handler: () => (n += step) });`;
    write('tools.ts', counter(0));
    expect(await run('next')).toMatchObject({ output: { value: 1 } });
    expect(await run('next')).toMatchObject({ output: { value: 2 } });
    write('step.ts', 'export const step = 10;');
    expect(await run('next')).toMatchObject({ output: { value: 10 } });
    write('tools.ts', counter(100));
    expect(await run('next')).toMatchObject({ output: { value: 110 } });
  });

  it('is imported again when a link on the way to it was turned', async () => {
    for (const value of [1, 2]) {
      mkdirSync(join(directory, `edition-${value}`));
      write(`edition-${value}/value.ts`, `export const value = ${value};`);
      write(
        `edition-${value}/tools.ts`,
        `${IMPORT}\nimport { value } from './value.ts';\nexport const give = defineTool({ handler: () => value });`,
      );
    }
    symlinkSync('edition-1', join(directory, 'current'));
    expect(await run('give', 'current/tools.ts')).toMatchObject({ output: { value: 1 } });
    symlinkSync('edition-2', join(directory, 'next'));
    renameSync(join(directory, 'next'), join(directory, 'current'));
    expect(await run('give', 'current/tools.ts')).toMatchObject({ output: { value: 2 } });
  });

  it('can be repaired after it could not be imported', async () => {
    write('tools.ts', 'export const x = ;');
    expect((await run('give')).fault).toMatchObject({ path: ['path'] });
    write('tools.ts', `export const give = { kind: 'tool', handler: () => 1 };`);
    expect(await run('give')).toMatchObject({ output: { value: 1 } });
  });

  it.each<[string, string | undefined, RegExp]>([
    ['is not there', undefined, /^`\.\/tools\.ts` cannot be imported: there is no such file$/],
    ['throws when it is imported', `throw new Error('no licence');`, /imported: no licence$/],
    [
      'looks for a file that is not there',
      `import { readFileSync } from 'node:fs';\nreadFileSync('/no/such');`,
      /\/no\/such/,
    ],
    [
      'imports what is not there',
      `import './missing.ts';`,
      /Cannot find module .*missing\.ts' imported from .*tools\.ts$/,
    ],
    ['has TypeScript that cannot be left out', 'export enum Colour { Red }', /enum/],
  ])('that %s is a fault of `path`', async (_, text, message) => {
    if (text !== undefined) write('tools.ts', text);
    expect((await run('give')).fault).toMatchObject({ path: ['path'], message: expect.stringMatching(message) });
  });

  it.each<[string, 'tool' | 'prompt' | 'resource' | 'resourceTemplate', string, RegExp]>([
    ['is missing', 'tool', 'giv', /exports no `giv`; did you mean `give`/],
    ['is missing, as is every other of its kind', 'resource', 'page', /it exports nothing made by `defineResource`/],
    ['is of another kind', 'prompt', 'give', /`give` of `\.\/tools\.ts` is not made by `definePrompt`/],
    ['is anything', 'tool', 'plain', /is not made by `defineTool`/],
    ['is inherited', 'tool', 'toString', /exports no `toString`/],
  ])('whose export %s is a fault of `handler`', async (_, kind, handler, message) => {
    write('tools.ts', `export const give = { kind: 'tool', handler: () => 1 };\nexport const plain = () => 1;`);
    const source = await open();
    expect(() => source[kind](handler)).toThrow(message);
  });

  it('is found by the name of the tool when the document names no export', async () => {
    write('tools.ts', `export const give = { kind: 'tool', handler: () => 1 };`);
    const source = await open();
    const [type] = moduleSourceType.toolTypes;
    const context = { directory, source, sourceName: 'mine', parameters: [], templateParameters: [], readOnly: false };
    const body = type?.build({}, { ...context, name: 'give' });
    expect(await body?.run({}, callWith())).toEqual({ kind: 'value', value: 1 });
    expect(() => type?.build({}, { ...context, name: 'take' })).toThrow(/exports no `take`/);
  });
});
