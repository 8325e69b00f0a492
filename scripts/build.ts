/**
 * The build: the command and what it starts, as a few files of JavaScript in `dist/`, where Node reads
 * eight hundred modules from the sources. Linking those is more than half of a start (ADR 15).
 *
 *   npm run build        this, then the declarations by tsc
 *
 * Packages that the start needs are bundled; drivers stay in node_modules and are imported on first
 * use, as in the sources. `dist/.built` says that the rest is there, and how old the sources were that
 * it was made from: `bin/chatelaine` runs a build that is as new as the sources.
 */
import { cpSync, globSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { rolldown, type Plugin } from 'rolldown';

const ROOT = join(import.meta.dirname, '..');
const SOURCE = join(ROOT, 'src');

/** What is started or imported by its path, and keeps it: a process, a worker, what modules import. */
const ENTRIES = [
  'main/command',
  'audit/store/index/worker',
  'db/sqlite/snapshot-worker',
  'toolbox/sources/module/api',
  'toolbox/sources/sqlite/child',
];

/** Each with files of its own beside its code, or a native part. */
const DRIVERS = ['@duckdb/node-api', 'ajv', 'ioredis', 'mysql2', 'pg', 'undici'];

/** Stands in the code until it is known which file a module comes into. */
const TO_DIST = '__TO_DIST__';

/** `import.meta.url` of a module leads where it does in the sources, whichever file the module is in. */
const ownUrls: Plugin = {
  name: 'own-urls',
  transform(code, id) {
    if (!id.startsWith(SOURCE) || !code.includes('import.meta.url')) return null;
    const place = relative(SOURCE, id).replace(/\.ts$/, '.js');
    return code.replaceAll('import.meta.url', `new URL('${TO_DIST}${place}', import.meta.url).href`);
  },
  renderChunk(code, { fileName }) {
    return code.replaceAll(TO_DIST, '../'.repeat(fileName.split('/').length - 1) || './');
  },
};

/** `import WHAT from "node:…";`, as the bundler writes it. */
const BUILTIN_IMPORT = /^import (?:([\w$]+)(?:, )?)?(?:\* as ([\w$]+)|(\{[^}]+\}))? ?from "(node:[a-z_/0-9]+)";$/gm;

/**
 * Node's own modules, taken without `import`. That reads every export of a module, and some are loaded by being
 * read: all of undici for `WebSocket` of `node:http`, WebCrypto for `node:crypto`. It was a tenth of a start.
 */
const builtins: Plugin = {
  name: 'builtins',
  renderChunk: (code) =>
    code.replaceAll(BUILTIN_IMPORT, (_, whole?: string, namespace?: string, named?: string, module?: string) =>
      [whole, namespace, named?.replaceAll(' as ', ': ')]
        .filter((target) => target !== undefined)
        // `globalThis`, since one of the names may be `process`.
        .map((target) => `const ${target} = globalThis.process.getBuiltinModule("${module}");`)
        .join(' '),
    ),
};

/** Builds into `dist`, which must lie beside a `package.json` and `node_modules`. What was in it goes. */
export async function build(dist: string): Promise<void> {
  const began = new Date();
  rmSync(dist, { recursive: true, force: true });
  const bundle = await rolldown({
    cwd: ROOT,
    input: Object.fromEntries(ENTRIES.map((entry) => [entry, join(SOURCE, `${entry}.ts`)])),
    platform: 'node',
    resolve: { conditionNames: ['chatelaine-source', 'node', 'import'] },
    external: (id) => DRIVERS.some((driver) => id === driver || id.startsWith(`${driver}/`)),
    plugins: [ownUrls, builtins],
  });
  await bundle.write({
    dir: dist,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'shared/[name]-[hash].js',
  });
  await bundle.close();
  for (const asset of globSync('**/*.{yaml,css,svg,mjs}', { cwd: SOURCE, exclude: ['**/test/**'] }))
    cpSync(join(SOURCE, asset), join(dist, asset));
  const built = join(dist, '.built');
  writeFileSync(built, '');
  utimesSync(built, began, began);
}

if (import.meta.main) await build(join(ROOT, 'dist'));
