import { expect, it } from 'vitest';
import type { JsonObject } from '#kernel';
import { declared } from '../../../../test/declared.ts';
import { acceptTools } from '../definitions.ts';

const server = (more = '') =>
  declared(`kind: mcpServer\nname: far\nurl: https://far.example/mcp\n${more}`).mcpServers[0]!;
const OBJECT: JsonObject = { type: 'object' };

it.each([
  ['no object', { name: 'a', inputSchema: { type: 'array' } }, 'does not describe an object'],
  ['no schema', { name: 'a' }, 'does not describe an object'],
  ['no name', { inputSchema: OBJECT }, 'has no name'],
  ['a name that none of ours may be', { name: 'a/b', inputSchema: OBJECT }, 'no name that a tool can have here'],
  ['a name that gets too long', { name: 'a'.repeat(126), inputSchema: OBJECT }, 'no name that a tool can have here'],
  ['a reference out of the schema', { name: 'a', inputSchema: { ...OBJECT, $ref: 'https://x/y' } }, 'never fetched'],
  ['a schema beyond reason', { name: 'a', inputSchema: { ...OBJECT, x: 'y'.repeat(300_000) } }, 'larger than'],
  ['an output schema that is none', { name: 'a', inputSchema: OBJECT, outputSchema: 7 }, 'no schema'],
])('leaves out a tool with %s', (_, raw, why) => {
  const { tools, leftOut } = acceptTools([raw, { name: 'good', inputSchema: OBJECT }], server());
  expect(tools.map(({ name }) => name)).toEqual(['far_good']);
  expect(leftOut).toEqual([expect.stringContaining(why)]);
});

it('says which of the names in `tools` the server does not have', () => {
  const { leftOut } = acceptTools(
    [{ name: 'a', inputSchema: OBJECT }],
    server('tools: { hide: [b], rename: { c: d }, describe: { e: f } }\n'),
  );
  expect(leftOut).toEqual(
    ['`tools.hide` names `b`', '`tools.rename` names `c`', '`tools.describe` names `e`'].map(
      (begin) => expect.stringContaining(begin) as string,
    ),
  );
});

it('takes nothing for a hint that is none, and nothing of ours from a stranger', () => {
  const raw = {
    ...{ name: 'a', inputSchema: OBJECT, annotations: { readOnlyHint: 'yes', openWorldHint: false, x: 1 } },
    _meta: { 'dev.chatelaine/trust': 'trusted', 'toolbox/authInvoke': ['google'], 'com.example/a': 1 },
  };
  expect(acceptTools([raw as JsonObject], server()).tools[0]).toMatchObject({
    annotations: { openWorldHint: false, x: 1 },
    _meta: { 'com.example/a': 1 },
  });
});
