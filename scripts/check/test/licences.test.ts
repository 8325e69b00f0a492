import { expect, test } from 'vitest';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { findLicenceProblems, isSatisfied } from '../licences.ts';

const manifest = (license: unknown): string => JSON.stringify({ license });

test('refuses a package under a licence that is not on the list, naming both', () => {
  const root = temporaryFolder({ 'node_modules/grabby/package.json': manifest('AGPL-3.0-only') });
  expect(findLicenceProblems(root, { packages: { 'node_modules/grabby': {} } })).toEqual([
    expect.stringMatching(/^grabby is under AGPL-3\.0-only/),
  ]);
});

test('believes the installed package over the lockfile', () => {
  const root = temporaryFolder({ 'node_modules/grabby/package.json': manifest('AGPL-3.0-only') });
  expect(findLicenceProblems(root, { packages: { 'node_modules/grabby': { license: 'MIT' } } })).toHaveLength(1);
});

test('refuses a package that names no licence', () => {
  const root = temporaryFolder({ 'node_modules/@a/b/node_modules/quiet/package.json': '{}' });
  expect(findLicenceProblems(root, { packages: { 'node_modules/@a/b/node_modules/quiet': {} } })).toEqual([
    expect.stringMatching(/^quiet names no licence/),
  ]);
});

test('a build for another platform has the licence of the package that lists it', () => {
  const root = temporaryFolder({ 'node_modules/fast/package.json': manifest('GPL-3.0-only') });
  const packages = {
    'node_modules/fast': { optionalDependencies: { 'fast-win32-x64': '1.0.0' } },
    'node_modules/fast-win32-x64': { optional: true },
  };
  expect(findLicenceProblems(root, { packages })).toEqual([
    expect.stringMatching(/^fast is under GPL/),
    expect.stringMatching(/^fast-win32-x64 is under GPL/),
  ]);
});

test('an exception for development does not hold in production', () => {
  const root = temporaryFolder({ 'node_modules/axe-core/package.json': manifest('MPL-2.0') });
  expect(findLicenceProblems(root, { packages: { 'node_modules/axe-core': { dev: true } } })).toEqual([]);
  expect(findLicenceProblems(root, { packages: { 'node_modules/axe-core': {} } }, false)).toEqual([]);
  expect(findLicenceProblems(root, { packages: { 'node_modules/axe-core': {} } })).toHaveLength(1);
});

test.each([
  ['MIT', true],
  ['(MIT OR GPL-3.0-only)', true],
  ['MIT AND ISC', true],
  ['MIT AND GPL-3.0-only', false],
  ['GPL-3.0-only OR (MIT AND ISC)', true],
  ['SEE LICENSE IN LICENSE.txt', false],
  ['', false],
])('an expression is satisfied by one side of OR and all of AND: %s', (expression, satisfied) => {
  expect(isSatisfied(expression, (licence) => licence === 'MIT' || licence === 'ISC')).toBe(satisfied);
});
