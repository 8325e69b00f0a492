// Writes deploy/crds/*.yaml and docs/kubernetes/reference.md from the schemas of the custom resources, and the rights of
// the operator for the chart; `--check` compares.
import { join } from 'node:path';
import { stringify } from 'yaml';
import { API_VERSION, CUSTOM_RESOURCES, type CustomResource } from '#contract/kubernetes';
import {
  customResourceDefinition,
  fieldRows,
  HOME,
  SECRETS,
  WATCHED,
  WEBHOOK,
  WEBHOOK_HOME,
  type CustomResourceDefinition,
  type FieldRow,
} from '#operator';
import { writeOrCheck } from './generated-file.ts';

const root = join(import.meta.dirname, '..');

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function table(rows: readonly FieldRow[]): string {
  const lines = rows.map(({ path, type, isRequired, fallback, description }) => {
    const presence = isRequired ? 'required' : fallback === undefined ? '' : `\`${fallback}\``;
    return `| \`${path}\` | ${cell(type)} | ${cell(presence)} | ${cell(description)} |`;
  });
  return `| field | type | default | |\n| --- | --- | --- | --- |\n${lines.join('\n')}\n`;
}

function rulesOf(schema: FieldRow, rows: readonly FieldRow[]): string {
  const lines = [schema, ...rows].flatMap(({ path, rules }) =>
    rules.map(({ message, rule }) => `- \`${path}\`${rule.includes('oldSelf') ? ', when it changes' : ''}: ${message}`),
  );
  return lines.length === 0 ? '' : `\nWhat is refused:\n\n${[...new Set(lines)].join('\n')}\n`;
}

function section(resource: CustomResource, definition: CustomResourceDefinition): string {
  const { openAPIV3Schema: whole } = definition.spec.versions[0].schema;
  const { spec, status } = whole.properties ?? {};
  if (spec === undefined || status === undefined) throw new TypeError(`${resource.kind} has no spec or no status`);
  const wanted = fieldRows(spec, 'spec');
  const self: FieldRow = {
    ...{ path: 'spec', type: 'mapping', isRequired: true, fallback: undefined, description: '' },
    rules: spec['x-kubernetes-validations'] ?? [],
  };
  return [
    `## ${resource.kind}\n\n${resource.description}\n`,
    `\`kubectl get ${resource.plural}\`, or \`${resource.shortNames.join('`, `')}\`.\n`,
    `### Spec of ${resource.kind}\n\n${table(wanted)}${rulesOf(self, wanted)}`,
    `### Status of ${resource.kind}\n\n${table(fieldRows(status, 'status'))}`,
  ].join('\n');
}

const described = Object.values(CUSTOM_RESOURCES).map((resource) => ({
  resource,
  definition: customResourceDefinition(resource),
}));

for (const { resource, definition } of described)
  writeOrCheck(
    join(root, 'deploy', 'crds', `${resource.plural}.yaml`),
    `# Generated from src/contract/kubernetes/ by \`npm run generate\`. Do not edit.\n${stringify(definition, { lineWidth: 0, aliasDuplicateObjects: false })}`,
  );

writeOrCheck(
  join(root, 'docs', 'kubernetes', 'reference.md'),
  `# Custom resources

<!-- Generated from the schemas by \`npm run generate\`. Do not edit. -->

The kinds of \`${API_VERSION}\`, with every field. The definitions are in \`deploy/crds/\`. What is listed as refused, the
API server refuses by itself, with the message that stands here; a name has at most 50 of \`a-z\`, digits and \`-\`.

A *ref* names an object in the namespace of the one that it stands in, unless it has a \`namespace\`. A *duration* is whole
hours, minutes and seconds (\`720h\`, \`1m30s\`).

${described.map(({ resource, definition }) => section(resource, definition)).join('\n')}`,
);

const rights = { watched: WATCHED, secrets: SECRETS, home: HOME, webhook: WEBHOOK, webhookHome: WEBHOOK_HOME };
writeOrCheck(
  join(root, 'deploy', 'helm', 'chatelaine-operator', 'files', 'rights.yaml'),
  `# Generated from src/operator/rights/ by \`npm run generate\`. Do not edit.\n${stringify(rights, { lineWidth: 0, aliasDuplicateObjects: false })}`,
);
