import { existsSync, readFileSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, posix } from 'node:path';
import { z } from 'zod';

/** What an import means: a file of the repository, a package, a part of Node, or nothing. */
export type Target =
  /** `door`: came through an alias (`#vault`) or the package's own name, not by a path. */
  | { readonly kind: 'file'; readonly file: string; readonly door: boolean }
  | { readonly kind: 'package'; readonly name: string; readonly declared: 'runtime' | 'development' | undefined }
  | { readonly kind: 'builtin'; readonly name: string }
  | { readonly kind: 'nothing' };

/** The condition under which package.json leads to `src/`; without it, to `dist/`. */
const CONDITION = 'chatelaine-source';

const entry = z.union([z.string(), z.object({ [CONDITION]: z.string() })]);
const names = z.record(z.string(), z.string()).default({});
const packageSchema = z.object({
  name: z.string(),
  imports: z.record(z.string(), entry).default({}),
  exports: z.record(z.string(), entry).default({}),
  dependencies: names,
  optionalDependencies: names,
  peerDependencies: names,
  devDependencies: names,
});
type Manifest = z.infer<typeof packageSchema>;

/**
 * Resolves imports as Node does under our own condition: relative paths to the letter, `#alias`
 * and the package's own name through package.json, everything else to a declared package.
 */
export function createResolver(root: string): (specifier: string, importer: string) => Target {
  const manifests = new Map<string, Manifest | undefined>();
  const own = manifestAt('.');
  if (!own) throw new Error(`${root} holds no package.json`);

  function manifestAt(folder: string): Manifest | undefined {
    if (!manifests.has(folder)) {
      const path = join(root, folder, 'package.json');
      manifests.set(folder, existsSync(path) ? packageSchema.parse(JSON.parse(readFileSync(path, 'utf8'))) : undefined);
    }
    return manifests.get(folder);
  }

  /** The manifest that governs a file: its workspace's, else the root's. */
  function manifestFor(importer: string): Manifest {
    for (let folder = dirname(importer); folder !== '.'; folder = dirname(folder)) {
      const manifest = manifestAt(folder);
      if (manifest) return manifest;
    }
    return own as Manifest;
  }

  const fileTarget = (file: string, door: boolean): Target =>
    statSync(join(root, file), { throwIfNoEntry: false })?.isFile()
      ? { kind: 'file', file, door }
      : { kind: 'nothing' };

  const throughMap = (map: Manifest['imports'], key: string): Target => {
    const to = map[key];
    if (to === undefined) return { kind: 'nothing' };
    return fileTarget(posix.normalize(typeof to === 'string' ? to : to[CONDITION]), true);
  };

  return (specifier, importer) => {
    if (specifier.startsWith('.')) return fileTarget(posix.join(posix.dirname(importer), specifier), false);
    if (specifier.startsWith('#')) return throughMap(own.imports, specifier);
    if (isBuiltin(specifier)) return { kind: 'builtin', name: `node:${specifier.replace(/^node:/, '')}` };
    const name = specifier
      .split('/')
      .slice(0, specifier.startsWith('@') ? 2 : 1)
      .join('/');
    if (name === own.name) return throughMap(own.exports, `.${specifier.slice(name.length)}`);
    const near = [manifestFor(importer), own];
    const isIn = (field: 'dependencies' | 'optionalDependencies' | 'peerDependencies' | 'devDependencies'): boolean =>
      near.some((manifest) => name in manifest[field]);
    const runtime = isIn('dependencies') || isIn('optionalDependencies') || isIn('peerDependencies');
    return {
      kind: 'package',
      name,
      declared: runtime ? 'runtime' : isIn('devDependencies') ? 'development' : undefined,
    };
  };
}
