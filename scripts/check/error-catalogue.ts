/**
 * The error catalogue is complete: every code is documented, thrown somewhere, declared once and in
 * the file where a reader looks for it, and its prose follows the house style. That a thrown code is
 * declared is a matter of types.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_REFERENCE, loadCatalogues, type Catalogues } from '../error-catalogues.ts';
import { counted, verdictOf, type Check } from './check.ts';

export interface SourceText {
  readonly file: string;
  readonly text: string;
}

/** One sentence for each fault of the catalogues, judged against the sources and the reference. */
export function findCatalogueProblems(
  catalogues: Catalogues,
  sources: readonly SourceText[],
  reference: string,
): string[] {
  const declarations = sources.filter(({ file }) => /(^|\/)errors\.ts$/.test(file));
  const users = sources.filter((source) => !declarations.includes(source));
  const owners = new Map<string, string>();
  const codes = catalogues.flatMap(({ module, entries }) =>
    Object.entries(entries).map(([code, entry]) => ({ module, code, ...entry })),
  );
  const findings = codes.flatMap(({ module, code, title, remedy }) => {
    const where = `${module}: \`${code}\``;
    const owner = owners.get(code);
    owners.set(code, module);
    return [
      owner !== undefined && `${where} is also declared by ${owner}; codes are unique across modules`,
      !/^[A-Z]+(_[A-Z0-9]+)*$/.test(code) && `${where} is not written in capitals with underscores`,
      !reference.includes(`\n### ${code}\n`) && `${where} is missing in ${ERROR_REFERENCE}; run \`npm run generate\``,
      !users.some(({ text }) => text.includes(`'${code}'`)) && `${where} is thrown nowhere; throw it or remove it`,
      (/^[A-Z][a-z]/.test(title) || title.endsWith('.')) &&
        `${where}: the title is one lower-case sentence without a full stop`,
      (!/^[A-Z`]/.test(remedy) || !remedy.endsWith('.')) && `${where}: the remedy is one or more whole sentences`,
    ].filter((finding) => finding !== false);
  });
  const strays = users
    .filter(({ file, text }) => /\bdefineErrors\(/.test(text) && file !== 'src/kernel/errors.ts')
    .map(({ file }) => `${file} declares a catalogue; catalogues are declared in the module's errors.ts`);
  return [...findings, ...strays];
}

export const errorCatalogue: Check = {
  name: 'errors',
  proves: 'every error code is documented, used and unique',
  async run(root) {
    const sources = globSync('src/**/*.ts', { cwd: root })
      .filter((file) => !/(^|\/)test\//.test(file))
      .map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }));
    const catalogues = await loadCatalogues(root);
    const count = catalogues.reduce((sum, { entries }) => sum + Object.keys(entries).length, 0);
    const reference = readFileSync(join(root, ERROR_REFERENCE), 'utf8');
    return verdictOf(findCatalogueProblems(catalogues, sources, reference), counted(count, 'code'));
  },
};
