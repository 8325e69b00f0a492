import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  globSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { build } from '../build.ts';
import { temporaryFolder } from './temporary-folder.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const NODE = join(ROOT, 'node_modules', 'node', 'bin', 'node');

/** Where a package is installed: the build, and beside it what it is installed with. No sources. */
const installed = mkdtempSync(join(tmpdir(), 'chatelaine-build-'));
afterAll(() => rmSync(installed, { recursive: true, force: true }));
beforeAll(async () => {
  for (const name of ['package.json', 'package-lock.json', 'node_modules', 'examples'])
    symlinkSync(join(ROOT, name), join(installed, name));
  cpSync(join(ROOT, 'bin'), join(installed, 'bin'), { recursive: true });
  await build(join(installed, 'dist'));
});

async function run(args: readonly string[], more: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Promise<string> {
  const env = { PATH: process.env['PATH'], ...more.env };
  const { stdout } = await promisify(execFile)(join(installed, 'bin', 'chatelaine'), args, { ...more, env });
  return stdout.trim();
}

test('the build says its version', async () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  expect(await run(['--version'])).toBe(version);
});

test('the build starts its SQLite process, and finds the prebuilt configurations', async () => {
  const cwd = temporaryFolder({});
  const env = { SQLITE_DATABASE: join(cwd, 'new.db') };
  const sql = JSON.stringify({ sql: 'SELECT 6 * 7 AS answer' });
  expect(await run(['invoke', 'execute_sql', sql, '--prebuilt', 'sqlite'], { cwd, env })).toBe('{"answer":42}');
});

test('whatever the sources start by its path, a process or a worker, is in the build', () => {
  const started = globSync('src/**/*.ts', { cwd: ROOT }).flatMap((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    const entries = text.matchAll(/new URL\(`\.\/([\w-]+)\$\{extname\(import\.meta\.url\)\}`/g);
    return [...entries].map(([, name]) => join(dirname(file).replace(/^src/, 'dist'), `${name}.js`));
  });
  expect(started.length).toBeGreaterThanOrEqual(3);
  expect(started.filter((file) => !existsSync(join(installed, file)))).toEqual([]);
});

test('a module of handlers imports the API of the very server that runs it', async () => {
  const cwd = temporaryFolder({
    'greet.ts': `import { defineTool, ToolFailure, z } from 'chatelaine/module';
export const greet = defineTool({
  description: 'Greets.',
  inputSchema: z.object({ name: z.string() }),
  handler({ name }: { name: string }) {
    if (name === '') throw new ToolFailure('whom?');
    return 'Good day, ' + name;
  },
});
`,
    'tools.yaml':
      'kind: source\nname: mine\ntype: module\npath: ./greet.ts\n---\nkind: tool\nname: greet\ntype: module\nsource: mine\n',
  });
  expect(await run(['invoke', 'greet', '{"name":"Ada"}'], { cwd })).toBe('Good day, Ada');
  await expect(run(['invoke', 'greet', '{"name":""}'], { cwd })).rejects.toThrow('whom?');
});

test('drivers are not in the build, and what a start reads is a few files', async () => {
  const files = readdirSync(join(installed, 'dist'), { recursive: true, encoding: 'utf8' });
  expect(files.filter((file) => file.endsWith('.yaml'))).toContain('toolbox/prebuilt/postgres.yaml');

  const cwd = temporaryFolder({
    'count.mjs': `import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
registerHooks({
  load(url, context, next) {
    appendFileSync(process.env.MODULES_READ, url + '\\n');
    return next(url, context);
  },
});
`,
  });
  const read = join(cwd, 'read');
  const env = {
    SQLITE_DATABASE: join(cwd, 'new.db'),
    MODULES_READ: read,
    NODE_OPTIONS: `--import=${join(cwd, 'count.mjs')}`,
  };
  await run(['invoke', 'execute_sql', '{"sql":"SELECT 1"}', '--prebuilt', 'sqlite'], { cwd, env });
  const modules = readFileSync(read, 'utf8').split('\n');
  expect(modules.filter((url) => url.includes('/dist/')).length).toBeLessThan(20);
  expect(modules.filter((url) => /node_modules\/(?:pg|mysql2|@duckdb|@redis)\//.test(url))).toEqual([]);
});

test('the command runs the sources again as soon as one is newer than the build', async () => {
  const root = temporaryFolder({
    'src/main/command.ts': "console.log('sources');",
    'dist/main/command.js': "console.log('build');",
    'dist/.built': '',
    'package.json': '{"type":"module"}',
    'package-lock.json': '{}',
    'node_modules/node/bin/README': '',
  });
  cpSync(join(ROOT, 'bin'), join(root, 'bin'), { recursive: true });
  symlinkSync(NODE, join(root, 'node_modules/node/bin/node'));
  const said = async () => (await promisify(execFile)(join(root, 'bin', 'chatelaine'))).stdout.trim();
  const at = (file: string, second: number): void => utimesSync(join(root, file), second, second);
  const all = ['src', 'src/main', 'src/main/command.ts', 'package-lock.json'];
  for (const file of all) at(file, 1000);
  at('dist/.built', 1000);
  expect(await said()).toBe('build');
  for (const file of all) {
    at(file, 1001);
    expect(await said(), file).toBe('sources');
    at(file, 1000);
  }
  rmSync(join(root, 'dist/.built'));
  expect(await said()).toBe('sources');
  writeFileSync(join(root, 'dist/.built'), '');
  rmSync(join(root, 'src'), { recursive: true });
  expect(await said(), 'an installation has no sources').toBe('build');
});

test('the build imports no module of Node: reading every export of one takes time', () => {
  for (const file of globSync('dist/**/*.js', { cwd: installed }))
    expect(readFileSync(join(installed, file), 'utf8'), file).not.toMatch(/^import .*"node:/m);
});

test('a file of the build holds a byte a character: one beyond ASCII would double what it takes in memory', () => {
  for (const file of globSync('dist/**/*.js', { cwd: installed }))
    expect(/[^\0-\x7f]/.test(readFileSync(join(installed, file), 'utf8')), file).toBe(false);
});

test('two builds of the same sources are the same, byte for byte (SUP-002)', { timeout: 120_000 }, async () => {
  const again = mkdtempSync(join(tmpdir(), 'chatelaine-built-again-'));
  onTestFinished(() => rmSync(again, { recursive: true, force: true }));
  for (const name of ['package.json', 'node_modules']) symlinkSync(join(ROOT, name), join(again, name));
  await build(join(again, 'dist'));
  const digests = (folder: string): string[] =>
    globSync('dist/**/*', { cwd: folder, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => `${relative(folder, file)} ${createHash('sha256').update(readFileSync(file)).digest('hex')}`)
      .toSorted();
  expect(digests(again)).toEqual(digests(installed));
});
