import { expect, test } from 'vitest';
import { labelsOf as labelsFrom } from '../labels.ts';
import { openedTools } from './opened-tools.fixture.ts';

/** The labels of each tool, by name. */
const labelsOf = async (yaml: string) =>
  Object.fromEntries((await openedTools(yaml)).map(({ name, labels }) => [name, labels]));

const source = (type: string, fields: string): string => `kind: source\nname: ${type}\ntype: ${type}\n${fields}\n---\n`;
const tool = (name: string, type: string, fields: string): string =>
  `kind: tool\nname: ${name}\ndescription: A tool.\n${type === 'http' ? 'type: http\nsource: http\nmethod: GET\npath: /' : 'type: sqlite-sql\nsource: sqlite\nstatement: SELECT 1'}\n${fields}\n---\n`;

test('what reaches out is untrusted, unless somebody vouches for it; what does not is so where somebody says so', async () => {
  const labels = await labelsOf(
    source('http', 'baseUrl: https://api.example') +
      source('sqlite', 'database: x.db\nlabels: [pii]') +
      tool('fetch', 'http', '') +
      tool('own', 'http', 'trust: trusted\nlabels: [secret]') +
      tool('query', 'sqlite', '') +
      tool('mailbox', 'sqlite', 'trust: untrusted\nlabels: [phi]') +
      tool('outside', 'sqlite', 'annotations: {openWorldHint: true}'),
  );
  expect(labels).toEqual({
    ...{ fetch: ['untrusted'], own: ['secret'], query: ['pii'] },
    ...{ mailbox: ['phi', 'pii', 'untrusted'], outside: ['pii', 'untrusted'] },
  });
});

test('of a source as of its tools the nearer word counts', async () => {
  const labels = await labelsOf(
    `${source('http', 'baseUrl: https://api.example\ntrust: trusted')}${tool('fetch', 'http', '')}${tool('other', 'http', 'trust: untrusted')}`,
  );
  expect(labels).toEqual({ fetch: [], other: ['untrusted'] });
});

test.each([
  ['whatever it says of itself', undefined, undefined, ['pii', 'untrusted']],
  ['unless its server is vouched for', 'trusted', undefined, ['pii']],
  ['or the tool is', undefined, 'trusted', ['pii']],
  ['the nearer word counts', 'trusted', 'untrusted', ['pii', 'untrusted']],
] as const)('a tool of another server is untrusted: %s', (_what, ofServer, ofTool, labels) => {
  const facts = { origin: 'federated', openWorldHint: false } as const;
  const tool = { labels: [], trust: ofTool };
  expect(labelsFrom({ ...facts, tool, source: { labels: ['pii'], trust: ofServer } })).toEqual(labels);
});
