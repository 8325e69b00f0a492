// Writes docs/reference/data-classes.md from the classes of columns; `--check` compares.
import { join } from 'node:path';
import { loadDataClasses, type DataClass, type TableClasses } from '#db';
import { writeOrCheck } from './generated-file.ts';

const root = join(import.meta.dirname, '..');
const { CLASSES, DATA_CLASSES } = await loadDataClasses();
const classes = Object.entries(CLASSES) as readonly (readonly [DataClass, string])[];

const columns = (words: string): string =>
  words
    .split(' ')
    .map((word) => `\`${word}\``)
    .join(', ');

function section(table: string, said: TableClasses): string {
  const rows = classes.flatMap(([one]) => (said[one] === undefined ? [] : [`| ${one} | ${columns(said[one])} |`]));
  const only = said.only === undefined ? '' : 'On PostgreSQL alone.\n\n';
  const goes = said.goes === undefined ? '' : `\n\nWhen it goes: ${said.goes}`;
  return `### \`${table}\`\n\n${only}| class | columns |\n|---|---|\n${rows.join('\n')}${goes}`;
}

writeOrCheck(
  join(root, 'docs', 'reference', 'data-classes.md'),
  `# What the database holds of people

<!-- Generated from \`src/db/data-classes.ts\` by \`npm run generate\`. Do not edit. -->

Every column of every table, by what it holds of people and of secrets. A test reads the columns of a migrated SQLite
file and of a PostgreSQL server, and fails for one that has no class here. What an erasure does is told in
[People, groups, roles and agents](../people.md), how columns are sealed in [The vault](../vault.md), and what of people
stands in the record in [The audit log](../audit.md#people).

| class | says |
|---|---|
${classes.map(([one, says]) => `| ${one} | ${says} |`).join('\n')}

## Tables

${Object.entries(DATA_CLASSES)
  .map(([table, said]) => section(table, said))
  .join('\n\n')}
`,
);
