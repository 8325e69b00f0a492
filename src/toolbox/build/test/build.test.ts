import { describe, expect, test } from 'vitest';
import type { JsonObject } from '#kernel';
import type { Tool } from '../../snapshot.ts';
import {
  argumentsOf,
  buildOptions,
  configurationOf,
  Gate,
  type MemorySource,
  testCall,
  testCatalog,
} from '../../test/toolbox.fixture.ts';
import { buildSnapshot } from '../index.ts';

const source = `
kind: source
name: db
type: memory
`;

const tool = (name: string, fields: string): string => `
---
kind: tool
name: ${name}
source: db
description: a tool
${fields.trim()}
`;

async function build(yaml: string) {
  const { catalog, opened } = testCatalog([new Gate().tool]);
  const built = await buildSnapshot(configurationOf(yaml, catalog), buildOptions(catalog));
  return { built, opened };
}

async function toolsOf(
  yaml: string,
): Promise<{ tools: ReadonlyMap<string, Tool>; opened: MemorySource[]; warnings: string[] }> {
  const { built, opened } = await build(yaml);
  if (!built.ok)
    throw new Error(built.error.map((problem) => `${problem.line}:${problem.column} ${problem.message}`).join('\n'));
  return {
    tools: built.value.snapshot.namespaces.get('default')?.tools ?? new Map<string, Tool>(),
    opened,
    warnings: built.value.warnings.map((warning) => warning.message),
  };
}

const problemsOf = async (yaml: string): Promise<string[]> => {
  const { built } = await build(yaml);
  return built.ok ? [] : built.error.map((problem) => `${problem.line}:${problem.column} ${problem.message}`);
};

async function run(found: Tool | undefined, raw: JsonObject) {
  if (found === undefined) throw new Error('no such tool');
  return found.run(argumentsOf(found, raw), testCall());
}

describe('a SQL tool', () => {
  const statement = tool(
    'find',
    `
type: memory-sql
statement: SELECT name FROM {{.table}} WHERE country = ? AND name LIKE ? ORDER BY name
maxRows: 1
parameters:
  - { name: country, type: string, description: c }
  - { name: like, type: string, description: l, default: '%' }
templateParameters:
  - { name: table, type: string, description: t, allowedValues: [cities] }
`,
  );

  test('binds its parameters in the order of their declaration, and template parameters not at all', async () => {
    const { tools, opened } = await toolsOf(source + statement);
    const output = await run(tools.get('find'), { like: 'B%', table: 'cities', country: 'CH' });
    expect(output).toEqual({ kind: 'rows', rows: [{ name: 'Basel' }], truncated: { by: 'maxRows', limit: 1 } });
    expect(opened[0]?.queries).toEqual([
      {
        query: {
          text: 'SELECT name FROM "cities" WHERE country = ? AND name LIKE ? ORDER BY name',
          values: ['CH', 'B%'],
        },
        readOnly: false,
        maxRows: 1,
      },
    ]);
  });

  test('lists all of them, the bound ones first', async () => {
    const found = (await toolsOf(source + statement)).tools.get('find');
    expect(Object.keys((found?.inputSchema['properties'] ?? {}) as object)).toEqual(['country', 'like', 'table']);
    expect(((found?.manifest['parameters'] ?? []) as JsonObject[]).map((entry) => entry['name'])).toEqual([
      'country',
      'like',
      'table',
    ]);
  });

  test('runs a statement without placeholders as a fixed one, absent values as null', async () => {
    const { tools, opened } = await toolsOf(
      source +
        tool(
          'find',
          `
type: memory-sql
statement: SELECT name FROM cities WHERE country = coalesce(?, 'FR')
parameters: [{ name: country, type: string, description: c, required: false }]
`,
        ),
    );
    await expect(run(tools.get('find'), {})).resolves.toEqual({ kind: 'rows', rows: [{ name: 'Lyon' }] });
    expect(opened[0]?.queries[0]?.query).toMatchObject({ values: [null], fixed: true });
  });

  test('keeps quotes, statements and comments in a value from being anything but a value (REG-005)', async () => {
    const { tools } = await toolsOf(source + statement);
    for (const country of ["' OR 1=1--", "'; DROP TABLE cities;--", '$1', "\\'", 'ʼ', 'x'.repeat(1024 ** 2)]) {
      await expect(run(tools.get('find'), { country, table: 'cities' })).resolves.toEqual({ kind: 'rows', rows: [] });
    }
  });

  test('that takes SQL has one parameter and takes no others', async () => {
    const { tools, opened } = await toolsOf(source + tool('sql', 'type: memory-execute-sql'));
    await expect(run(tools.get('sql'), { sql: 'SELECT 1 AS one' })).resolves.toEqual({
      kind: 'rows',
      rows: [{ one: 1 }],
    });
    expect(opened[0]?.queries[0]?.query.fixed).toBeUndefined();
    expect(
      await problemsOf(
        source + tool('sql', 'type: memory-execute-sql\nparameters: [{ name: a, type: string, description: a }]'),
      ),
    ).toEqual(['12:13 `memory-execute-sql` has one parameter, `sql`, and takes no others']);
  });
});

describe('reading and writing', () => {
  const hints = (fields: string, from = source) =>
    toolsOf(from + tool('t', `type: memory-sql\nstatement: SELECT 1\n${fields}`));

  test.each<[string, string, string, object, boolean]>([
    ['nothing said', source, '', { readOnlyHint: false, destructiveHint: true, openWorldHint: false }, false],
    [
      'a read-only tool',
      source,
      'readOnly: true',
      { readOnlyHint: true, destructiveHint: false, openWorldHint: false },
      true,
    ],
    [
      'a read-only source',
      `${source}readOnly: true\n`,
      '',
      { readOnlyHint: true, destructiveHint: false, openWorldHint: false },
      true,
    ],
    [
      'hints of the document',
      source,
      'annotations: { destructiveHint: false, idempotentHint: true, openWorldHint: true }',
      { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
      false,
    ],
    [
      'a promise of the document',
      source,
      'annotations: { readOnlyHint: true }',
      { readOnlyHint: true, destructiveHint: false, openWorldHint: false },
      false,
    ],
  ])('%s', async (_title, from, fields, annotations, readOnly) => {
    const { tools, opened } = await hints(fields, from);
    expect(tools.get('t')?.annotations).toEqual(annotations);
    await run(tools.get('t'), {});
    expect(opened[0]?.queries[0]?.readOnly).toBe(readOnly);
  });

  test('a promise that nothing keeps is reported', async () => {
    expect((await hints('annotations: { readOnlyHint: true }')).warnings).toEqual([
      '`t`: `readOnlyHint: true` is a promise that nothing keeps; `readOnly: true` has the database refuse writes',
    ]);
  });

  test.each([
    [
      'readOnly: true\nannotations: { readOnlyHint: false }',
      '14:30 `readOnlyHint: false` contradicts that the tool is `readOnly`, which the database enforces',
    ],
    [
      'readOnly: true\nannotations: { destructiveHint: true }',
      '14:33 `destructiveHint: true` contradicts that the tool is `readOnly`, which the database enforces',
    ],
  ])('%s is refused', async (fields, problem) => {
    expect(await problemsOf(source + tool('t', `type: memory-sql\nstatement: SELECT 1\n${fields}`))).toEqual([problem]);
  });

  test('`readOnly` on a tool that cannot keep it is refused', async () => {
    expect(await problemsOf(source + tool('t', 'type: gate\nreadOnly: true'))).toEqual([
      '12:11 nothing enforces `readOnly` on this type of tool, so it would only look like protection',
    ]);
  });
});

test('every fault of every tool is a problem at its place, and nothing stays open', async () => {
  const { built, opened } = await build(
    source +
      tool(
        'a',
        "type: memory-sql\nstatement: SELECT '{{.x}}'\ntemplateParameters: [{ name: x, type: string, description: x }]",
      ) +
      tool('b', 'type: memory-sql\nstatement: SELECT {{.x}}') +
      tool('c', 'type: gate\ntemplateParameters: [{ name: x, type: string, description: x }]'),
  );
  expect(!built.ok && built.error.map((problem) => `${problem.line}:${problem.column} ${problem.message}`)).toEqual([
    '12:12 `{{.x}}` stands inside a string, where only numbers and keywords are safe',
    '21:12 `{{.x}}` names no template parameter',
    '29:21 tools of type `gate` have no text that template parameters could stand in',
  ]);
  expect(opened.map((one) => one.closed)).toEqual([1]);
});

test('what tokens and channels supply is published the way the SDKs of Toolbox read it', async () => {
  const { tools } = await toolsOf(`${source}
---
kind: authService
name: google
type: google
clientId: id
${tool(
  't',
  `
type: memory-sql
statement: SELECT $1, $2, $3
authRequired: [google]
scopesRequired: [read]
title: Title
timeout: 5s
parameters:
  - { name: a, type: string, description: a }
  - { name: who, type: string, description: w, authServices: [{ name: google, field: sub }] }
  - { name: pin, type: string, description: p, secure: true }
`,
)}`);
  const found = tools.get('t');
  expect(found).toMatchObject({
    title: 'Title',
    timeoutMs: 5000,
    scopesRequired: ['read'],
    authRequired: ['google'],
    secureParameters: ['pin'],
    _meta: { 'toolbox/authInvoke': ['google'], 'toolbox/authParam': { who: ['google'] } },
    manifest: { description: 'a tool', authRequired: ['google'] },
  });
  expect([...(found?.authenticatedParameters ?? [])]).toEqual([['who', [{ service: 'google', claim: 'sub' }]]]);
  expect(found?.inputSchema['required']).toEqual(['a']);
});

test('a text with `embeddedBy` is bound as the vector of its model, beside its copy', async () => {
  const { tools, opened } = await toolsOf(`${source}
---
kind: embeddingModel
name: model
type: gemini
model: gemini
apiKey: k
${tool(
  't',
  `
type: memory-sql
statement: SELECT ? AS text, ? AS vector, ? AS blank
parameters:
  - { name: text, type: string, description: t }
  - { name: vector, type: string, description: v, valueFromParam: text, embeddedBy: model }
  - { name: blank, type: string, description: b, embeddedBy: model, default: ' ' }
`,
)}`);
  await run(tools.get('t'), { text: 'hello' });
  expect(opened[0]?.queries[0]?.query.values).toEqual(['hello', '[6,5]', null]);
});

describe('groups', () => {
  const yaml = `${source}
${tool('b', 'type: gate')}
${tool('a', 'type: gate\nui: { resource: app }')}
---
kind: resource
name: app
type: text
text: <p>
ui: true
---
kind: resource
name: notes
type: text
text: hello
---
kind: prompt
name: ask
messages: [{ content: hello }]
---
kind: toolset
name: set
tools: [b, a]
---
kind: group
name: some
description: some things
tools: [b]
prompts: [ask]
ttlMs: 5
cacheScope: public
---
kind: group
description: all of it
---
kind: tool
namespace: other
name: c
type: gate
source: db
description: d
---
kind: source
namespace: other
name: db
type: memory
`;

  test('hold what they name, the one without a name everything, sorted', async () => {
    const { built } = await build(yaml);
    if (!built.ok) throw new Error(JSON.stringify(built.error));
    const view = built.value.snapshot.namespaces.get('default');
    const names = (entries: readonly { name: string }[] | undefined) => entries?.map((entry) => entry.name);
    expect([
      names(view?.all.tools),
      names(view?.all.resources),
      names(view?.all.prompts),
      view?.all.description,
    ]).toEqual([['a', 'b'], ['notes'], ['ask'], 'all of it']);
    expect(names(view?.groups.get('set')?.tools)).toEqual(['b', 'a']);
    expect(view?.groups.get('some')).toMatchObject({ ttlMs: 5, cacheScope: 'public', description: 'some things' });
    expect(built.value.snapshot.namespaces.get('other')?.tools.size).toBe(1);
  });

  test('carry the apps of their tools without listing them', async () => {
    const { built } = await build(yaml);
    if (!built.ok) throw new Error(JSON.stringify(built.error));
    const view = built.value.snapshot.namespaces.get('default');
    const appsOf = (name: string) => view?.groups.get(name)?.apps?.resources.map((app) => app.uri);
    expect([appsOf('set'), appsOf('some')]).toEqual([['ui://app'], []]);
    expect(view?.tools.get('a')?._meta).toEqual({ ui: { resourceUri: 'ui://app', visibility: ['model', 'app'] } });
  });
});

test('the version changes with what is listed and with nothing else', async () => {
  const version = async (yaml: string) => {
    const { built } = await build(yaml);
    if (!built.ok) throw new Error(JSON.stringify(built.error));
    return built.value.snapshot.version;
  };
  const first = await version(source + tool('a', 'type: gate'));
  expect(await version(`# a comment\n${source}${tool('a', 'type: gate')}`)).toBe(first);
  expect(await version(source + tool('a', 'type: gate').replace('a tool', 'another'))).not.toBe(first);
  expect(await version(source + tool('a', 'type: gate') + '\n---\nkind: toolset\nname: x\ntools: [a]\n')).not.toBe(
    first,
  );
});

test('a probe says how a source is, and an unreachable one stops nothing', async () => {
  const { built } = await build(`${source}broken: true\n${tool('a', 'type: gate')}`);
  if (!built.ok) throw new Error(JSON.stringify(built.error));
  const [state] = built.value.snapshot.namespaces.get('default')?.sources ?? [];
  expect(await state?.probe(new AbortController().signal)).toEqual({
    ok: false,
    error: { reason: 'no route to the database' },
  });
});
