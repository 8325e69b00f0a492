import { globSync } from 'node:fs';
import { counted, verdictOf, type Check } from './check.ts';
import { linesOf, runProgram } from './run-program.ts';

/**
 * The generators: each writes its files, or with `--check` says which of them are out of date. The
 * lockfile is one of these files: npm writes it, and what a mirror left out is filled in (ADR 8).
 */
export const listGenerators = (root: string): string[] => [
  'scripts/complete-lockfile.mjs',
  ...globSync('scripts/generate-*.ts', { cwd: root }).toSorted(),
];

/** Runs a generator on the Node and under the condition that we run on. */
export const runGenerator = (root: string, generator: string, args: readonly string[] = []) =>
  runProgram(
    process.execPath,
    ['--conditions=chatelaine-source', '--disable-warning=ExperimentalWarning', generator, ...args],
    root,
  );

export const generatedFiles: Check = {
  name: 'generated',
  proves: 'every generated file is what its generator writes now',
  async run(root) {
    const generators = listGenerators(root);
    const findings: string[] = [];
    for (const generator of generators) {
      const result = await runGenerator(root, generator, ['--check']);
      if (result.status !== 0) findings.push(`${generator}: run \`npm run generate\``, ...linesOf(result.output));
    }
    return verdictOf(findings, counted(generators.length, 'generator'));
  },
};
