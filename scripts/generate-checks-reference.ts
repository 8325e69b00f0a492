// Writes docs/reference/checks.md from conformance/checks.yaml; `--check` compares.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { counts, readChecks, standing, type Check } from './checks/table.ts';
import { writeOrCheck } from './generated-file.ts';

const root = join(import.meta.dirname, '..');
const checks = readChecks(readFileSync(join(root, 'conformance/checks.yaml'), 'utf8'));

const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
const pathFrom = (file: string): string => (file.startsWith('docs/') ? `../${file.slice(5)}` : `../../${file}`);

function answer({ tests = [], document, open }: Check): string {
  const shown = tests.map(([file, title]) => `[${cell(title)}](../../${file})`);
  const read = document === undefined ? [] : [`[${document[1]}](${pathFrom(document[0])}#${anchor(document[1])})`];
  return [...(open === undefined ? [] : [open.why]), ...shown, ...read].join('<br>');
}

const areas = [...new Set(checks.map(({ area }) => area))].map((area) => {
  const rows = checks
    .filter((check) => check.area === area)
    .map((check) => `| ${check.number} | ${cell(check.check)} | ${standing(check)} | ${answer(check)} |`);
  return `## ${area.charAt(0).toUpperCase()}${area.slice(1)}\n\n| | check | | by |\n|---|---|---|---|\n${rows.join('\n')}\n`;
});
const sums = [...counts(checks)].map(([what, count]) => `| ${what} | ${count} |`);

writeOrCheck(
  join(root, 'docs', 'reference', 'checks.md'),
  `# The 140 checks

<!-- Generated from \`conformance/checks.yaml\` by \`npm run generate\`. Do not edit. -->

What is expected of a keeper of tools and keys for agents, and what shows it. *Shown*: tests that fail without it, named by
file and the beginning of their title. *Document*: what no test can show, because people do it, and where it is written.
*Open*: not shown yet, with what will bring it; tests beside it are what is there already. \`npm test\` holds the table to its word.

| | checks |
|---|---|
${sums.join('\n')}

${areas.join('\n')}`,
);
