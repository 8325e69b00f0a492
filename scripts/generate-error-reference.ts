// Writes docs/reference/errors.md from the error catalogues of all modules; `--check` compares.
import { join } from 'node:path';
import { ERROR_REFERENCE, loadCatalogues, type Catalogues } from './error-catalogues.ts';
import { writeOrCheck } from './generated-file.ts';

const root = join(import.meta.dirname, '..');

function render(catalogues: Catalogues): string {
  const sections = catalogues.map(({ module, entries }) => {
    const codes = Object.entries(entries)
      .toSorted(([left], [right]) => left.localeCompare(right, 'en'))
      .map(([code, { status, title, remedy }]) => `### ${code}\n\nHTTP ${status}: ${title}.\n\n${remedy}\n`);
    return `## ${module}\n\n${codes.join('\n')}`;
  });
  return `# Errors

<!-- Generated from every \`errors.ts\` by \`npm run generate\`. Do not edit. -->

Every error that Chatelaine answers with has a stable code. The REST door sends it as \`code\` with the
status below; MCP and the command line show the same code and message. The first sentence says what
happened, the second paragraph what to do.

${sections.join('\n')}`;
}

writeOrCheck(join(root, ERROR_REFERENCE), render(await loadCatalogues(root)));
