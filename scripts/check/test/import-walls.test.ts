import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { findBreaches, importWalls } from '../import-walls.ts';
import { readImportGraph } from '../walls/import-graph.ts';
import { parseImports } from '../walls/parse-imports.ts';

const alias = (name: string): [string, Record<string, string>] => [
  `#${name}`,
  { 'chatelaine-source': `./src/${name}/index.ts`, default: `./dist/${name}/index.js` },
];

/** A small tree without a breach; each case adds or replaces files. */
const sound: Record<string, string> = {
  'package.json': JSON.stringify({
    name: 'castle',
    imports: Object.fromEntries(['kernel', 'db', 'identity', 'toolbox', 'gateway'].map(alias)),
    exports: { './module': { 'chatelaine-source': './src/toolbox/api.ts', default: './dist/toolbox/api.js' } },
    dependencies: { kysely: '1', pg: '1', zod: '1' },
    devDependencies: { vitest: '1' },
  }),
  'src/kernel/index.ts': `export { a } from './a.ts';`,
  'src/kernel/a.ts': `import { z } from 'zod'; export const a = z;`,
  'src/db/index.ts': `import type { Kysely } from 'kysely'; export type Db = Kysely<object>;`,
  'src/identity/index.ts': `import type { Db } from '#db'; export type Keys = Db;`,
  'src/identity/store/keys.ts': `import { sql } from 'kysely'; export const q = sql;`,
  'src/toolbox/index.ts': `export { open } from './open.ts';`,
  'src/toolbox/open.ts': `import { a } from '#kernel'; export const open = () => import('./sources/postgres.ts') && a;`,
  'src/toolbox/api.ts': `export const handler = 1;`,
  'src/toolbox/sources/postgres.ts': `import pg from 'pg'; export default pg;`,
  'src/toolbox/test/open.test.ts': `import { test } from 'vitest'; import { open } from '../open.ts'; test(open);`,
  'src/gateway/index.ts': `import '#toolbox'; import '#identity';`,
  'test/story.test.ts': `import { test } from 'vitest'; import '#gateway'; test();`,
  'examples/one/handler.ts': `import { handler } from 'castle/module'; export default handler;`,
};

const breachesOf = (files: Record<string, string>): string[] =>
  findBreaches(readImportGraph(temporaryFolder({ ...sound, ...files })));

test('a tree that keeps the rules has no breach', () => {
  expect(breachesOf({})).toEqual([]);
});

describe('each rule can fail, and names the way out', () => {
  test.each<[string, Record<string, string>, RegExp]>([
    [
      'a deep path into another module',
      { 'src/gateway/call.ts': `import { open } from '../toolbox/open.ts';` },
      /^src\/gateway\/call\.ts:1 import `#toolbox` instead of `\.\.\/toolbox\/open\.ts`/,
    ],
    [
      'the index of another module by path',
      { 'src/gateway/call.ts': `import '../toolbox/index.ts';` },
      /import `#toolbox` instead of `\.\.\/toolbox\/index\.ts`/,
    ],
    [
      'a deep path from outside the sources',
      { 'bench/run.ts': `import { open } from '../src/toolbox/open.ts';` },
      /^bench\/run\.ts:1 import `#toolbox` instead/,
    ],
    [
      'an import that points up',
      { 'src/kernel/a.ts': `import type { open } from '#toolbox';` },
      /`kernel` may import no module, not `#toolbox`: the kernel is what every module stands on/,
    ],
    [
      'siblings that know each other, if only by a type',
      { 'src/toolbox/caller.ts': `import type { Keys } from '#identity';` },
      /`toolbox` may import `#kernel`, `#contract`, `#egress`, `#outgoing-auth`, not `#identity`: the toolbox runs tools and knows nothing of callers/,
    ],
    [
      'a type written as an import expression',
      { 'src/toolbox/caller.ts': `export type K = import('#identity').Keys;` },
      /`toolbox` may import .* not `#identity`/,
    ],
    [
      'an import on first use that points up',
      { 'src/toolbox/caller.ts': `export const later = () => import('#gateway');` },
      /`toolbox` may import .* not `#gateway`/,
    ],
    [
      'a module without a place',
      { 'src/stuff/index.ts': `import '#kernel';` },
      /`src\/stuff` has no place among the modules; give it one in scripts\/check\/walls\/modules\.ts/,
    ],
    [
      'SQL outside a store',
      { 'src/identity/keys.ts': `import { sql } from 'kysely';` },
      /`kysely` is not imported here: SQL lives in `src\/db\/` and in a module's `store\/`/,
    ],
    [
      'a driver outside db and sources, if only its type',
      { 'src/gateway/call.ts': `import type pg from 'pg';` },
      /`pg` is not imported here: drivers belong to/,
    ],
    [
      'a built-in driver without its prefix',
      { 'src/gateway/call.ts': `import { DatabaseSync } from 'node:sqlite';` },
      /`node:sqlite` is not imported here/,
    ],
    [
      'tests in production code',
      { 'src/toolbox/open.ts': `import './test/rows.ts';`, 'src/toolbox/test/rows.ts': '' },
      /`\.\/test\/rows\.ts` does not ship/,
    ],
    [
      'examples in production code',
      { 'src/toolbox/open.ts': `import '../../examples/one/handler.ts';` },
      /does not ship \(tests, examples, tools\); production code does not import it/,
    ],
    [
      'a development dependency in production code',
      { 'src/toolbox/open.ts': `import { vi } from 'vitest';` },
      /`vitest` is a development dependency and absent in production/,
    ],
    [
      'a package that nobody declared',
      { 'src/toolbox/open.ts': `import acorn from 'acorn';` },
      /`acorn` is not declared in package\.json/,
    ],
    ['a missing file', { 'src/toolbox/open.ts': `import './gone.ts';` }, /`\.\/gone\.ts` leads nowhere/],
    ['an unknown alias', { 'src/toolbox/open.ts': `import '#vault';` }, /`#vault` leads nowhere/],
    [
      'a path without its ending',
      { 'src/gateway/call.ts': `import '#kernel'; import './other';`, 'src/gateway/other.ts': '' },
      /`\.\/other` leads nowhere/,
    ],
    [
      'a cycle',
      { 'src/toolbox/open.ts': `import './shut.ts';`, 'src/toolbox/shut.ts': `import { open } from './open.ts';` },
      /^src\/toolbox\/shut\.ts:1 closes a cycle \(src\/toolbox\/open\.ts → src\/toolbox\/shut\.ts → src\/toolbox\/open\.ts\)/,
    ],
    [
      'a cycle of imports whose every name is a type, which still load each other',
      {
        'src/toolbox/open.ts': `import { type S } from './shut.ts';`,
        'src/toolbox/shut.ts': `import { type O } from './open.ts';`,
      },
      /closes a cycle/,
    ],
    [
      'a file that imports itself',
      { 'src/toolbox/open.ts': `import './open.ts';` },
      /closes a cycle \(src\/toolbox\/open\.ts → src\/toolbox\/open\.ts\)/,
    ],
    [
      'a driver that a door loads',
      { 'src/toolbox/open.ts': `import './sources/postgres.ts';` },
      /^src\/toolbox\/sources\/postgres\.ts:1 loads `pg` at start-up \(src\/toolbox\/index\.ts → src\/toolbox\/open\.ts → src\/toolbox\/sources\/postgres\.ts\)/,
    ],
  ])('%s', (_, files, sentence) => {
    expect(breachesOf(files)).toEqual([expect.stringMatching(sentence)]);
  });
});

test('types may refer to each other in a circle', () => {
  const files = {
    'src/toolbox/open.ts': `import type { S } from './shut.ts'; export type O = S;`,
    'src/toolbox/shut.ts': `import type { O } from './open.ts'; export type S = O;`,
  };
  expect(breachesOf(files)).toEqual([]);
});

test('a file with a syntax error breaks the check instead of passing as a file without imports', () => {
  expect(() => breachesOf({ 'src/toolbox/open.ts': `import {` })).toThrow('`src/toolbox/open.ts` could not be parsed');
});

test('a tree in which almost nothing was read is not believed', async () => {
  await expect(importWalls.run(temporaryFolder(sound))).resolves.toMatchObject({
    outcome: 'failed',
    summary: 'too little was read to trust the answer',
  });
});

test('sees every form of import, at its line, in a file with other than ASCII text', () => {
  const source = [
    `// «é» stands before everything`,
    `import a, { b } from 'a';`,
    `import type { C } from 'c';`,
    `import { type D } from 'd';`,
    `import './e.ts';`,
    `export * from 'f'; export { g } from 'g'; export type { H } from 'h';`,
    `const i = async () => { await using x = await import('i'); return x; };`,
    `type J = import('j').J | typeof import('k');`,
    `const l = require('l'); const m = await import(\`./\${l}\`);`,
    `const n = "import 'n'"; // import 'n'`,
  ].join('\n');
  const seen = parseImports(source, 'x.ts').map(({ specifier, kind, line }) => `${line} ${kind} ${specifier}`);
  expect(seen).toEqual([
    '2 static a',
    '3 type c',
    '4 static d',
    '5 static ./e.ts',
    '6 static f',
    '6 static g',
    '6 type h',
    '7 lazy i',
    '8 type j',
    '8 type k',
    '9 static l',
  ]);
});
