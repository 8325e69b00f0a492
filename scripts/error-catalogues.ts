import { globSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { errorCatalogues } from '#kernel';

export type Catalogues = typeof errorCatalogues;

/** Where the reference stands, relative to the root. */
export const ERROR_REFERENCE = 'docs/reference/errors.md';

/** Loads every module's `errors.ts`, which declares its catalogue, and gives them by module name. */
export async function loadCatalogues(root: string): Promise<Catalogues> {
  for (const file of globSync('src/**/errors.ts', { cwd: root }).toSorted()) {
    await import(pathToFileURL(join(root, file)).href);
  }
  return errorCatalogues.toSorted((left, right) => left.module.localeCompare(right.module, 'en'));
}
