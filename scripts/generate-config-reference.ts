// Writes docs/reference/configuration.md from the schemas of all kinds, source types and tool types;
// `--check` compares.
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { KINDS, parameterSchema, type Kind, type KindEntry, type KindSchema } from '#contract';
import { PROBLEM_CODES, sourceTypes, type SourceType } from '#toolbox';
import { describeFields, type FieldFacts } from './field-facts.ts';
import { writeOrCheck } from './generated-file.ts';

const root = join(import.meta.dirname, '..');

function fieldTable(fields: readonly FieldFacts[]): string {
  const rows = fields
    .filter(({ path }) => path !== 'kind')
    .map(({ path, type, required, fallback, description }) => {
      const presence = required ? 'required' : fallback === undefined ? '' : `\`${fallback}\``;
      return `| \`${path}\` | ${cell(linked(type))} | ${cell(presence)} | ${cell(description)} |`;
    });
  if (rows.length === 0) return 'No fields of its own.\n';
  return `| field | type | default | |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

const linked = (type: string): string => type.replace(/\bparameters?\b/, (word) => `[${word}](#parameters)`);

function kindSection([kind, entry]: [string, KindEntry]): string {
  const head = `## ${kind}\n\n${entry.summary}\n`;
  switch (entry.schema.of) {
    case 'kind':
      return `${head}\n${fieldTable(describeFields(entry.schema.schema))}`;
    case 'type':
      return `${head}\n${typedSection(kind, entry.schema)}`;
    case 'catalog':
      return `${head}\n${fieldTable(describeFields(entry.schema.common))}${kind === 'source' ? '' : `\n${PARAMETERS}`}`;
    default:
      return head;
  }
}

/** The fields that all types have once, then those that are each type's own. */
function typedSection(kind: string, { types, fallback }: Extract<KindSchema, { of: 'type' }>): string {
  const described = Object.entries(types).map(([type, schema]) => ({ type, fields: describeFields(schema) }));
  const [first, ...others] = described;
  const isShared = (field: FieldFacts): boolean =>
    field.path !== 'type' && others.every(({ fields }) => fields.some((other) => isDeepStrictEqual(other, field)));
  const shared = (first?.fields ?? []).filter(isShared);
  const names = described.map(({ type }) => `\`${type}\``).join(', ');
  const type: FieldFacts = {
    path: 'type',
    type: names,
    required: fallback === undefined,
    fallback,
    description: 'The type.',
  };
  const sections = described.map(({ type, fields }) => {
    const own = fields.filter(({ path }) => path !== 'type' && !shared.some((one) => one.path === path));
    return `### ${kind}: ${type}\n\n${fieldTable(own)}`;
  });
  return [fieldTable([type, ...shared]), ...(others.length > 0 ? sections : [])].join('\n');
}

const PARAMETERS = `### Parameters

${fieldTable(describeFields(parameterSchema))}`;

function sourceSection(source: SourceType): string {
  const tools = source.toolTypes.map(
    (tool) => `#### ${tool.type}\n\n${tool.summary}\n\n${fieldTable(describeFields(tool.schema))}`,
  );
  return `### ${source.type}\n\n${source.summary}\n\n${fieldTable(describeFields(source.schema))}\n${tools.join('\n')}`;
}

function problemTable(): string {
  const rows = Object.entries(PROBLEM_CODES).map(([code, title]) => `| \`${code}\` | ${cell(title)} |`);
  return `| code | meaning |\n| --- | --- |\n${rows.join('\n')}\n`;
}

const kinds = Object.entries(KINDS) as [Kind, KindEntry][];

writeOrCheck(
  join(root, 'docs', 'reference', 'configuration.md'),
  `# Configuration reference

<!-- Generated from the schemas by \`npm run generate\`. Do not edit. -->

Every kind of document, and every source and tool type with its fields. How files are read, and what
to write in them, is in [configuration](../configuration.md).

A *duration* is a number with its unit (\`250ms\`, \`30s\`, \`1m30s\`), a *size* is bytes or a number with its
unit (\`512KiB\`, \`5MB\`), a *secret* is text, or a reference to where the text is.

${kinds.map(kindSection).join('\n')}
## Source types and their tools

The fields of a source type stand beside those of every [source](#source), the fields of a tool type beside
those of every [tool](#tool).

${sourceTypes.map(sourceSection).join('\n')}
## Problems

What \`chatelaine config check\`, the start and every reload report, each with file, line and column.

${problemTable()}`,
);
