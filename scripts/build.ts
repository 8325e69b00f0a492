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
import { cpSync, globSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { rolldown, type Plugin } from 'rolldown';
import { startFiles } from './start-files.ts';

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

/** What a start always comes to, beside the entries. */
const STARTED = [...ENTRIES, 'main/serve/serve'];

/** Each with files of its own beside its code, or a native part. */
const DRIVERS = [
  '@cedar-policy/cedar-wasm',
  '@duckdb/node-api',
  '@grpc/grpc-js',
  '@kubernetes/client-node',
  'ajv',
  'ioredis',
  'mysql2',
  'nodemailer',
  'pg',
  'protobufjs',
  'undici',
];

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

/** The messages of zod in English: those in forty-odd other languages would be read by every start, and nobody asks for one. */
const englishMessages: Plugin = {
  name: 'english-messages',
  load: (id) => (id.endsWith('/zod/v4/locales/index.js') ? 'export { default as en } from "./en.js";' : null),
};

/** A raw template with a character that takes an escape: it would have the escape, and not the character. */
const RAW = /String\.raw`[^`]*[^\0-\x7f][^`]*`/;

/**
 * A file with one character beyond ASCII is held in memory with two bytes for each. So these are written as
 * escapes.
 */
function escapeBeyondAscii(dist: string): void {
  for (const name of globSync('**/*.js', { cwd: dist })) {
    const file = join(dist, name);
    const code = readFileSync(file, 'utf8');
    const [raw] = RAW.exec(code) ?? [];
    if (raw !== undefined) throw new Error(`${name}: a raw template cannot have an escape: ${raw}`);
    const escaped = code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
    if (escaped !== code) writeFileSync(file, escaped);
  }
}

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
    plugins: [ownUrls, englishMessages, builtins],
  });
  await bundle.write({
    dir: dist,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'shared/[name]-[hash].js',
    // Licences stay; what explains the sources is read there.
    comments: { legal: true, annotation: false, jsdoc: false },
    codeSplitting: { groups: [...startFiles(STARTED.map((entry) => join(SOURCE, `${entry}.ts`)))] },
  });
  await bundle.close();
  escapeBeyondAscii(dist);
  for (const asset of globSync('**/*.{yaml,css,svg,mjs,cedarschema}', { cwd: SOURCE, exclude: ['**/test/**'] }))
    cpSync(join(SOURCE, asset), join(dist, asset));
  const built = join(dist, '.built');
  writeFileSync(built, '');
  utimesSync(built, began, began);
}

if (import.meta.main) await build(join(ROOT, 'dist'));
