/**
 * Imports a module file, and imports it again when it or a file beside it has changed.
 *
 * The loader of Node keeps a module under its URL for ever, so each edition gets a URL of its own: a
 * number in the query, which a resolve hook hands on from importer to imported. An unchanged module is
 * not imported again, so that what it holds (a cache, a connection) outlives a reload of other files.
 * Earlier editions stay in memory: code that is still running stands on them.
 */
import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

export interface ImportedModule {
  readonly exports: Readonly<Record<string, unknown>>;
  /** The file itself first, then what it imports by path. */
  readonly files: readonly string[];
}

interface Edition extends ImportedModule {
  /** Where the path led: Kubernetes changes files by turning a link. */
  readonly real: string;
  /** By file, what was in it. */
  readonly contents: ReadonlyMap<string, string>;
}

const EDITION = 'chatelaine-edition';
/** What `chatelaine/module` means to a module, wherever it lies: the server that runs it. */
const API = new URL(import.meta.url.endsWith('.ts') ? './api.ts' : './api.js', import.meta.url).href;

// As global as the loader's own cache is.
const current = new Map<string, Edition>();
const loading = new Map<string, Map<string, string>>();
let editions = 0;
let hooked = false;

/**
 * The exports of the file at an absolute path. Rejects with what the loader says: a missing file, a
 * syntax error, whatever the module's own code throws.
 */
export async function importModule(path: string): Promise<ImportedModule> {
  const known = current.get(path);
  if (known !== undefined && isUnchanged(known, path)) return known;
  hookOnce();
  const edition = String(++editions);
  const contents = new Map<string, string>();
  loading.set(edition, contents);
  try {
    // The loader remembers where links led when it first saw them, so they are followed here.
    const real = realpathSync(path);
    contents.set(real, fingerprint(real));
    const exports = (await import(`${pathToFileURL(real).href}?${EDITION}=${edition}`)) as Record<string, unknown>;
    const files = [...new Set([path, ...contents.keys()])];
    const imported = { exports, files, real, contents };
    current.set(path, imported);
    return imported;
  } finally {
    loading.delete(edition);
  }
}

function isUnchanged({ real, contents }: Edition, path: string): boolean {
  try {
    if (realpathSync(path) !== real) return false;
    for (const [file, content] of contents) if (fingerprint(file) !== content) return false;
    return true;
  } catch {
    return false;
  }
}

const fingerprint = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('base64');

function hookOnce(): void {
  if (hooked) return;
  hooked = true;
  registerHooks({
    resolve(specifier, context, next) {
      const edition = editionOf(context.parentURL) ?? editionOf(specifier);
      if (edition === undefined) return next(specifier, context);
      if (specifier === 'chatelaine/module') return { url: API, shortCircuit: true };
      const found = next(specifier, context);
      const url = URL.parse(found.url);
      // Packages are shared by all editions: they change with an installation, not with an edit.
      if (url?.protocol !== 'file:' || url.pathname.includes('/node_modules/')) return found;
      // `require` takes paths, not URLs with a query.
      if (!context.conditions.includes('import')) return found;
      const file = fileURLToPath(url);
      loading.get(edition)?.set(file, fingerprint(file));
      url.searchParams.set(EDITION, edition);
      return { ...found, url: url.href };
    },
  });
}

const editionOf = (url: string | undefined): string | undefined =>
  url?.includes(EDITION) === true ? (URL.parse(url)?.searchParams.get(EDITION) ?? undefined) : undefined;
