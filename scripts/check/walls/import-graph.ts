import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseImports, type ImportSite } from './parse-imports.ts';
import { createResolver, type Target } from './resolve-import.ts';

/** One import: from which file and line, to what. Paths are relative to the root, with `/`. */
export interface Import extends ImportSite {
  readonly from: string;
  readonly to: Target;
}

export interface ImportGraph {
  readonly files: readonly string[];
  readonly imports: readonly Import[];
}

/** Where TypeScript of ours lives. Only `src` ships. */
export const ROOTS = ['src', 'test', 'scripts', 'conformance', 'bench', 'examples'];

/** Reads every TypeScript file under the roots and resolves what it imports. Throws on a syntax error. */
export function readImportGraph(root: string): ImportGraph {
  const resolve = createResolver(root);
  const files = globSync(
    ROOTS.map((folder) => `${folder}/**/*.{ts,tsx}`),
    { cwd: root, exclude: (name) => name === 'node_modules' || name === 'dist' },
  ).toSorted();
  const imports = files.flatMap((from) =>
    readSites(root, from).map((site) => ({ ...site, from, to: resolve(site.specifier, from) })),
  );
  return { files, imports };
}

function readSites(root: string, file: string): ImportSite[] {
  try {
    return parseImports(readFileSync(join(root, file), 'utf8'), file);
  } catch (cause) {
    throw new Error(`\`${file}\` could not be parsed, so its imports are unknown`, { cause });
  }
}
