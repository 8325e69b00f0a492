/**
 * Licences of everything the lockfiles name, production and development alike: permissive ones only,
 * and a short list of exceptions with reasons.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { counted, failed, verdictOf, type Check } from './check.ts';

const PERMISSIVE = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'PostgreSQL',
  'PSF-2.0',
  'Python-2.0',
  'Unlicense',
  'Zlib',
]);

/** Of a package whose manifest says nothing. */
const UNNAMED = 'no licence';

/** Everything else needs a reason here. `developmentOnly`: never part of what is shipped. */
const EXCEPTIONS: readonly {
  readonly packages: RegExp;
  readonly licence: string;
  readonly developmentOnly: boolean;
  readonly reason: string;
}[] = [
  {
    packages: /^lightningcss(-|$)/,
    licence: 'MPL-2.0',
    developmentOnly: true,
    reason: 'a build tool behind the test runner; unmodified and not shipped',
  },
  { packages: /^axe-core$/, licence: 'MPL-2.0', developmentOnly: true, reason: 'a test tool; unmodified, not shipped' },
  {
    packages: /^@modelcontextprotocol\/(?:inspector|server-(?:everything|filesystem|memory))$/,
    licence: 'SEE LICENSE IN LICENSE',
    developmentOnly: true,
    reason: 'its file says Apache-2.0 and, for older parts, MIT; called by the conformance suite, not shipped',
  },
  {
    packages: /^human-readable-ids$/,
    licence: 'Apache2',
    developmentOnly: true,
    reason: 'it means Apache-2.0; behind fastmcp, which the conformance suite calls, not shipped',
  },
  {
    packages: /^pipenet$/,
    licence: UNNAMED,
    developmentOnly: true,
    reason: 'its file is that of MIT; behind fastmcp, likewise',
  },
  {
    packages: /^uri-templates$/,
    licence: 'http://geraintluff.github.io/tv4/LICENSE.txt',
    developmentOnly: true,
    reason: 'the page gives it to the public domain, or to MIT; behind fastmcp, likewise',
  },
  {
    packages: /^world-countries$/,
    licence: 'ODbL-1.0',
    developmentOnly: false,
    reason: "data of the quickstart example, attributed there; no part of the server's code",
  },
  {
    packages: /^@ip-location-db\/iptoasn-country-mmdb$/,
    licence: 'PDDL-1.0',
    developmentOnly: false,
    reason: 'data alone, which its makers gave to the public domain: countries of addresses, for policies',
  },
];

const licenceField = z.union([
  z.string(),
  z.object({ type: z.string() }).transform((one) => one.type),
  z.array(z.object({ type: z.string() })).transform((all) => all.map((one) => one.type).join(' OR ')),
]);
const manifestSchema = z.object({ license: licenceField.optional(), licenses: licenceField.optional() });
const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      license: licenceField.optional(),
      link: z.boolean().optional(),
      dev: z.boolean().optional(),
      devOptional: z.boolean().optional(),
      optional: z.boolean().optional(),
      optionalDependencies: z.record(z.string(), z.string()).optional(),
    }),
  ),
});
type Lock = z.infer<typeof lockSchema>;

const nameOf = (path: string): string => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** Whether an SPDX expression is satisfied: one side of an OR, every side of an AND. */
export function isSatisfied(expression: string, allows: (licence: string) => boolean): boolean {
  const plain = expression.replace(/[()]/g, ' ').trim();
  return plain.split(/\s+OR\s+/i).some((side) => side.split(/\s+AND\s+/i).every((licence) => allows(licence.trim())));
}

/**
 * One sentence for each package of a lockfile whose licence is not allowed or not known. `root` is the
 * lockfile's folder; `ships: false` is a folder of tools, none of which is ever part of a release.
 */
export function findLicenceProblems(root: string, lock: Lock, ships = true): string[] {
  const installed = (path: string): string | undefined => {
    const file = join(root, path, 'package.json');
    if (!existsSync(file)) return undefined;
    const manifest = manifestSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    return manifest.license ?? manifest.licenses;
  };
  /** A build for another platform is not here; it has the licence of the package that lists it. */
  const ofParent = (path: string): string | undefined => {
    const parent = Object.entries(lock.packages).find(
      ([at, entry]) => at !== '' && nameOf(path) in (entry.optionalDependencies ?? {}),
    );
    return parent && (installed(parent[0]) ?? parent[1].license);
  };

  return Object.entries(lock.packages).flatMap(([path, entry]) => {
    if (!path.includes('node_modules/') || entry.link) return [];
    const name = nameOf(path);
    const licence = installed(path) ?? entry.license ?? (entry.optional ? ofParent(path) : undefined) ?? UNNAMED;
    const developmentOnly = !ships || entry.dev === true || entry.devOptional === true;
    const allows = (one: string): boolean =>
      PERMISSIVE.has(one) ||
      EXCEPTIONS.some(
        (exception) =>
          exception.licence === one && exception.packages.test(name) && (developmentOnly || !exception.developmentOnly),
      );
    if (isSatisfied(licence, allows)) return [];
    if (licence === UNNAMED) return [`${name} names no licence; find out, or do without it`];
    return [
      `${name} is under ${licence}, which is not on the list of scripts/check/licences.ts; replace it, or argue for an exception there`,
    ];
  });
}

export const licences: Check = {
  name: 'licences',
  proves: 'every dependency has a permissive licence, or an exception with a reason',
  run(root) {
    const findings: string[] = [];
    let count = 0;
    for (const file of globSync('{,*/}package-lock.json', { cwd: root, exclude: ['node_modules'] })) {
      const lock = lockSchema.parse(JSON.parse(readFileSync(join(root, file), 'utf8')));
      findings.push(...findLicenceProblems(join(root, dirname(file)), lock, file === 'package-lock.json'));
      count += Object.keys(lock.packages).length - 1;
    }
    if (count === 0) return Promise.resolve(failed('no lockfile was found', []));
    return Promise.resolve(verdictOf(findings, counted(count, 'package')));
  },
};
