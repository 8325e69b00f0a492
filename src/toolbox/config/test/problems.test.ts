import { describe, expect, it } from 'vitest';
import { loadConfiguration } from '../load.ts';
import { formatProblem } from '../problems.ts';
import { catalog, GOOD, input, problemsOf } from './load.fixture.ts';

/** The lines of `GOOD`; positions below count from the first line behind it. */
const OFFSET = GOOD.split('\n').length - 1;

/** Problems of documents beside the good ones, with lines counted from their own start. */
const beside = (text: string): string[] =>
  problemsOf(GOOD + text).map((problem) => problem.replace(/^\d+/, (line) => String(Number(line) - OFFSET)));

const tool = (fields: string): string =>
  `kind: tool\nname: t\ntype: sqlite-sql\nsource: db\ndescription: d\nstatement: s\n${fields}`;

const parameter = (fields: string): string => tool(`parameters:\n  - name: p\n    description: d\n    ${fields}`);

describe('what a document is', () => {
  it.each<[finding: string, text: string, problems: string[]]>([
    ['an unknown kind', 'kind: tol\nname: x\n', ['1:7 KIND_UNKNOWN there is no kind `tol`; did you mean `tool`?']],
    [
      'a kind that is no text',
      'kind: [a]\n',
      [expect.stringMatching(/^1:7 KIND_UNKNOWN `kind` is one of `source`, `tool`/) as string],
    ],
    [
      'a document without a kind',
      'name: x\n',
      [expect.stringMatching(/^1:1 KIND_UNKNOWN the document does not say its `kind` \| Begin it with/) as string],
    ],
    ['a document that is a list', '- a\n', ['1:1 KIND_UNKNOWN a document is a mapping that says its `kind`']],
    ['a document that is a word', 'hello\n', ['1:1 KIND_UNKNOWN a document is a mapping that says its `kind`']],
    [
      'a section that does not exist',
      'tools: {}\ntoolz: {}\n',
      ['2:1 KIND_UNKNOWN there is no section `toolz`; did you mean `tools`?'],
    ],
    [
      'the sections of old',
      'authSources:\n  a: {kind: google}\n',
      ['1:1 KIND_UNKNOWN `authSources` is no longer read | Rename it to `authServices`; the fields are the same.'],
    ],
    [
      'a section that is a list',
      'tools:\n  - a\n',
      ['1:1 FIELD_WRONG `tools` is a mapping from names to their fields'],
    ],
    ['an entry that is a word', 'tools:\n  a: b\n', ['2:3 FIELD_WRONG `a` is a mapping of the fields of a tool']],
    [
      'an entry with two types',
      'sources:\n  a:\n    kind: sqlite\n    type: sqlite\n    database: x\n',
      ['4:5 CONTRADICTION `a` has both `kind` and `type`, which mean the same here | Take one of the two away.'],
    ],
    [
      'an entry that names itself again',
      'sources:\n  a:\n    kind: sqlite\n    name: b\n    database: x\n',
      ['4:5 CONTRADICTION `name` stands beside the name `a` that the entry has already | Take one of the two away.'],
    ],
  ])('says so of %s', (_, text, problems) => {
    expect(beside(text)).toEqual(problems);
  });
});

describe('types', () => {
  it.each<[finding: string, text: string, problems: string[]]>([
    [
      'a misspelt source type',
      'kind: source\nname: s\ntype: postgress\n',
      ['3:7 TYPE_UNKNOWN there is no source type `postgress`; did you mean `postgres`?'],
    ],
    [
      'a source type of MCP Toolbox that is not here, without suggesting its neighbour',
      'kind: source\nname: s\ntype: mssql\nhost: h\n',
      [
        '3:7 TYPE_UNKNOWN `mssql` is a source type of MCP Toolbox that Chatelaine does not have; it has `postgres`, `sqlite`, `http` and `module`',
      ],
    ],
    ['a source without a type', 'kind: source\nname: s\n', ['1:1 FIELD_MISSING `type` is missing']],
    [
      'a tool on a source of another type',
      'kind: tool\nname: t\ntype: postgres-sql\nsource: db\ndescription: d\nstatement: s\n',
      [
        '3:7 TYPE_UNKNOWN `postgres-sql` runs on sources of type `postgres`, and `db` is of type `sqlite`; there is `sqlite-sql`',
      ],
    ],
    [
      'a tool type of MCP Toolbox that is not here, but not its source twice',
      'kind: source\nname: s\ntype: bigquery\n---\nkind: tool\nname: t\ntype: bigquery-sql\nsource: s\ndescription: d\n',
      [expect.stringMatching(/^3:7 TYPE_UNKNOWN `bigquery` is a source type of MCP Toolbox/) as string],
    ],
    [
      'a misspelt tool type',
      'kind: tool\nname: t\ntype: sqlite-sqll\nsource: db\ndescription: d\nstatement: s\n',
      ['3:7 TYPE_UNKNOWN there is no tool type `sqlite-sqll`; did you mean `sqlite-sql`?'],
    ],
    [
      'a misspelt resource type',
      'kind: resource\nname: r\ntype: fil\npath: x\n',
      ['3:7 TYPE_UNKNOWN there is no resource type `fil`; did you mean `file`?'],
    ],
  ])('says so of %s', (_, text, problems) => {
    expect(beside(text)).toEqual(problems);
  });
});

describe('fields', () => {
  it.each<[finding: string, text: string, problems: string[]]>([
    [
      'a misspelt field of the type',
      tool('unsafeTemplat: true\n'),
      ['7:1 FIELD_UNKNOWN there is no field `unsafeTemplat` here; did you mean `unsafeTemplate`?'],
    ],
    [
      'a misspelt field of every tool',
      tool('anotations: {}\n'),
      ['7:1 FIELD_UNKNOWN there is no field `anotations` here; did you mean `annotations`?'],
    ],
    [
      'a misspelt field further in',
      tool('annotations:\n  readOnlyHnt: true\n'),
      ['8:3 FIELD_UNKNOWN there is no field `readOnlyHnt` in `annotations`; did you mean `readOnlyHint`?'],
    ],
    [
      'authSources of a parameter',
      parameter('type: string\n    authSources: []\n'),
      ['11:5 FIELD_UNKNOWN `authSources` is no longer read | Rename it to `authServices`.'],
    ],
    [
      'several missing fields',
      'kind: source\nname: s\ntype: postgres\nuser: u\n',
      [
        '1:1 FIELD_MISSING `host` is missing',
        '1:1 FIELD_MISSING `password` is missing',
        '1:1 FIELD_MISSING `database` is missing',
      ],
    ],
    [
      'a missing field of an item, at the item',
      tool('parameters:\n  - name: p\n    type: string\n'),
      ['8:5 FIELD_MISSING `parameters[0].description` is missing'],
    ],
    [
      'a field with nothing behind it',
      'kind: source\nname: s\ntype: sqlite\ndatabase:\n',
      ['1:1 FIELD_MISSING `database` is missing'],
    ],
    [
      'text for a number',
      'kind: source\nname: s\ntype: postgres\nhost: h\nport: abc\nuser: u\npassword: p\ndatabase: d\n',
      ['5:7 FIELD_WRONG `port` takes a number, not the text `abc`'],
    ],
    [
      'a number in quotes',
      tool('maxRows: "10"\n'),
      ['7:10 FIELD_WRONG `maxRows` takes a number, not the text `10` | Take the quotes away.'],
    ],
    [
      'a number out of range',
      tool('maxRows: 0\n'),
      ['7:10 FIELD_WRONG `maxRows` takes a number of more than 0, not `0`'],
    ],
    [
      'yes for a boolean',
      tool('readOnly: yes\n'),
      [
        '7:11 FIELD_WRONG `readOnly` takes `true` or `false`, not the text `yes` | YAML 1.2 has `true` and `false` alone.',
      ],
    ],
    ['a list for text', tool('title: [a]\n'), ['7:8 FIELD_WRONG `title` takes text, not a list']],
    [
      'a mapping for a list',
      tool('authRequired: {a: b}\n'),
      ['7:15 FIELD_WRONG `authRequired` takes a list, not a mapping'],
    ],
    [
      'a word that is not one of a list',
      tool('ui:\n  resource: r\n  visibility: [modle]\n'),
      expect.arrayContaining([
        '9:16 FIELD_WRONG `ui.visibility[0]` takes `model` or `app`, not the text `modle`; did you mean `model`?',
      ]) as string[],
    ],
    [
      'a duration without a unit',
      tool('timeout: 30\n'),
      ['7:10 FIELD_WRONG `30` is not a duration; write a number with its unit, such as `250ms`, `30s` or `1m30s`'],
    ],
    [
      'a size that is none',
      tool('maxBytes: much\n'),
      ['7:11 FIELD_WRONG `much` is not a size; write bytes or a number with its unit, such as `512KiB` or `5MB`'],
    ],
    [
      'a scope of two words',
      tool('scopesRequired: ["read write"]\n'),
      [expect.stringMatching(/^7:18 FIELD_WRONG `scopesRequired\[0\]`: a scope is one word/) as string],
    ],
    [
      'a name with a slash',
      'kind: source\nname: a/b\ntype: sqlite\ndatabase: d\n',
      ['2:7 FIELD_WRONG `name`: a name is made of letters A-Z a-z, digits, `_`, `-` and `.`'],
    ],
    [
      'a name of dots',
      'kind: source\nname: ..\ntype: sqlite\ndatabase: d\n',
      ['2:7 FIELD_WRONG `name`: a name is more than dots'],
    ],
    [
      'a reserved name',
      'kind: toolset\nname: s\ntools: [search]\n',
      ['2:7 FIELD_WRONG `n` and `s` are reserved: they lead to namespaces and servers in URLs'],
    ],
    [
      'a block of a prompt that does not exist',
      'kind: prompt\nname: p\nmessages:\n  - content: {type: imag}\n',
      [
        expect.stringMatching(
          /^4:21 FIELD_WRONG `messages\[0\]\.content\.type` takes `text`, .*not the text `imag`; did you mean `image`\?$/,
        ) as string,
      ],
    ],
    [
      'a template without its variable',
      'kind: resourceTemplate\nname: r\ntype: file\nuriTemplate: file:///x\n',
      ['4:14 FIELD_WRONG `uriTemplate`: the URI template holds `{path}` once'],
    ],
  ])('says so of %s', (_, text, problems) => {
    expect(beside(text)).toEqual(problems);
  });
});

describe('parameters', () => {
  it.each<[finding: string, fields: string, problems: string[]]>([
    [
      'another language’s type',
      'type: int\n',
      [
        '10:11 FIELD_WRONG `parameters[0].type` takes `string`, `integer`, `float`, `boolean`, `array` or `map`, not the text `int`; did you mean `integer`?',
      ],
    ],
    [
      'JSON’s type',
      'type: object\n',
      [expect.stringMatching(/not the text `object`; did you mean `map`\?$/) as string],
    ],
    [
      'an array without items',
      'type: array\n',
      ['8:5 FIELD_MISSING `items` is missing: an array says what its items are'],
    ],
    [
      'items of text',
      'type: string\n    items: {type: string}\n',
      ['11:12 CONTRADICTION `items` belongs to type `array`, and this parameter is of type `string`'],
    ],
    [
      'a range that nothing fits',
      'type: integer\n    minValue: 5\n    maxValue: 1\n',
      ['11:15 CONTRADICTION `minValue` 5 is greater than `maxValue` 1, so no value fits'],
    ],
    [
      'a default of another type',
      'type: integer\n    default: many\n',
      ['11:14 FIELD_WRONG `parameters[0].default` takes a whole number, not the text `many`'],
    ],
    [
      'a default out of its range',
      'type: integer\n    default: 9\n    maxValue: 5\n',
      [expect.stringMatching(/^11:14 FIELD_WRONG `p` must be at most 5/) as string],
    ],
    [
      'a default that its pattern refuses',
      'type: string\n    default: b\n    pattern: a+\n',
      [expect.stringMatching(/^11:14 FIELD_WRONG `p` /) as string],
    ],
    [
      'a pattern that is none',
      "type: string\n    pattern: '['\n",
      [expect.stringMatching(/^11:14 FIELD_WRONG /) as string],
    ],
    [
      'secure with a default',
      'type: string\n    secure: true\n    default: x\n',
      ['12:14 CONTRADICTION `parameters[0].default`: a secure parameter takes no `default`'],
    ],
    [
      'secure and optional',
      'type: string\n    secure: true\n    required: false\n',
      ['12:15 CONTRADICTION `parameters[0].required`: a secure parameter is always required'],
    ],
    [
      'secure and authenticated',
      'type: string\n    secure: true\n    authServices: [{name: a, field: sub}]\n',
      expect.arrayContaining([
        '12:19 CONTRADICTION `parameters[0].authServices`: a secure parameter takes no `authServices`',
      ]) as string[],
    ],
    [
      'a copy of nothing',
      'type: string\n    valueFromParam: q\n',
      ['11:21 NAME_UNKNOWN no other parameter is called `q`; there are no other parameters'],
    ],
    [
      'a copy of itself',
      'type: string\n    valueFromParam: p\n',
      ['11:21 NAME_UNKNOWN no other parameter is called `p`; there are no other parameters'],
    ],
    [
      'a name that comes twice',
      'type: string\n  - name: p\n    type: string\n    description: d\n',
      ['11:11 CONTRADICTION another parameter is called `p` already'],
    ],
    [
      'a name that a template parameter has',
      'type: string\ntemplateParameters:\n  - {name: p, type: string, description: d}\n',
      ['12:12 CONTRADICTION another parameter is called `p` already'],
    ],
    [
      'a service that does not exist',
      'type: string\n    authServices: [{name: nobody, field: sub}]\n',
      [
        '11:27 NAME_UNKNOWN no authService is called `nobody`; there are no documents of kind `authService` | No token could ever supply the value: declare the service or correct the name.',
      ],
    ],
  ])('refuses %s', (_, fields, problems) => {
    expect(beside(parameter(fields))).toEqual(problems);
  });
});

describe('names', () => {
  it.each<[finding: string, text: string, problems: string[]]>([
    [
      'a source',
      'kind: tool\nname: t\ntype: sqlite-sql\nsource: bd\ndescription: d\nstatement: s\n',
      ['4:9 NAME_UNKNOWN no source is called `bd`; did you mean `db`?'],
    ],
    [
      'a service',
      tool('authRequired:\n  - nobody\n'),
      [
        '8:5 NAME_UNKNOWN no authService is called `nobody`; there are no documents of kind `authService` | Nobody could ever call the tool: declare the service or correct the name.',
      ],
    ],
    [
      'a tool',
      'kind: toolset\nname: x\ntools: [search, serch]\n',
      ['3:17 NAME_UNKNOWN no tool is called `serch`; did you mean `search`?'],
    ],
    [
      'a prompt and a resource',
      'kind: group\nname: x\nprompts: [a]\nresources: [b]\n',
      [
        '3:11 NAME_UNKNOWN no prompt is called `a`; there are no documents of kind `prompt`',
        '4:13 NAME_UNKNOWN no resource is called `b`; there are no documents of kind `resource`',
      ],
    ],
    [
      'an app',
      tool('ui: {resource: app}\n'),
      [expect.stringMatching(/^7:16 NAME_UNKNOWN no resource is called `app`/) as string],
    ],
    [
      'a source of another namespace',
      'kind: tool\nnamespace: team\nname: t\ntype: sqlite-sql\nsource: db\ndescription: d\nstatement: s\n',
      ['5:9 NAME_UNKNOWN no source of the namespace `team` is called `db`; the one of `default` cannot be used here'],
    ],
  ])('reports %s that does not exist', (_, text, problems) => {
    expect(beside(text)).toEqual(problems);
  });

  it('reports a name that is taken, with both places, across files', () => {
    const again = 'kind: source\nname: db\ntype: sqlite\ndatabase: y.db\n';
    const result = loadConfiguration([input('a.yaml', GOOD), input('b.yaml', again)], { env: {}, catalog });
    expect(result).toMatchObject({
      error: [
        {
          file: 'b.yaml',
          line: 2,
          column: 7,
          code: 'NAME_TAKEN',
          message: 'another source is called `db` already, at a.yaml:2:7',
        },
      ],
    });
  });

  it.each<[finding: string, text: string, problems: string[]]>([
    [
      'a toolset and a group',
      'kind: toolset\nname: x\ntools: []\n---\nkind: group\nname: x\n',
      [expect.stringMatching(/^6:7 NAME_TAKEN a toolset is called `x` already/) as string],
    ],
    [
      'two servers',
      'kind: server\n---\nkind: server\n',
      [expect.stringMatching(/^3:1 NAME_TAKEN another `server` document stands at/) as string],
    ],
    [
      'two groups without a name',
      'kind: group\n---\nkind: group\n',
      [expect.stringMatching(/^3:1 NAME_TAKEN another group without a name stands at/) as string],
    ],
    [
      'two resources at one address',
      'kind: resource\nname: a\ntype: text\nuri: x:y\ntext: t\n---\nkind: resource\nname: b\ntype: text\nuri: x:y\ntext: t\n',
      ['10:6 NAME_TAKEN `a` is read at `x:y` already'],
    ],
  ])('does not let %s share a name', (_, text, problems) => {
    expect(beside(text)).toEqual(problems);
  });

  it('takes the same name in another namespace and for another kind', () => {
    expect(
      beside('kind: source\nnamespace: team\nname: db\ntype: sqlite\ndatabase: d\n---\nkind: group\nname: db\n'),
    ).toEqual([]);
  });

  it('does not blame those who name what stands in a document that cannot be read', () => {
    const broken = 'kind: source\nname: mine\n  type: sqlite\n';
    const user = 'kind: tool\nname: t\ntype: sqlite-sql\nsource: mine\ndescription: d\nstatement: s\n';
    expect(beside(`${broken}---\n${user}`)).toEqual([
      expect.stringMatching(/^2:7 YAML_SYNTAX nested mappings.* needs quotes\.$/),
    ]);
  });
});

describe('a configuration that cannot be enforced', () => {
  it.each<[finding: string, text: string, problems: string[]]>([
    [
      'listens for other machines without TLS',
      'kind: server\nhost: 0.0.0.0\n',
      [expect.stringMatching(/^2:7 UNENFORCEABLE `0\.0\.0\.0` is reachable from other machines/) as string],
    ],
    [
      'lets every web page call',
      "kind: server\nallowedOrigins: ['*']\n",
      ['2:18 UNENFORCEABLE `*` would allow every origin; list those that are meant'],
    ],
    [
      'lets every host name in',
      "kind: server\nallowedHosts: ['*.example.com']\n",
      ['2:16 UNENFORCEABLE `*` would allow every host; list those that are meant'],
    ],
    [
      'asks for scopes that nothing checks',
      'kind: authService\nname: a\ntype: google\nclientId: c\nscopesRequired: [read]\n',
      ['5:17 UNENFORCEABLE `scopesRequired` has no effect without `mcpEnabled: true`; set that or take the field away'],
    ],
    [
      'takes tokens for any application',
      'kind: authService\nname: a\ntype: google\nmcpEnabled: true\n',
      [
        '1:1 UNENFORCEABLE neither `audience` nor `clientId` is given, so a token for any application would be accepted',
      ],
    ],
    [
      'fetches keys over plain http',
      'kind: authService\nname: a\ntype: generic\naudience: x\nauthorizationServer: http://idp.example.com\n',
      [
        '5:22 UNENFORCEABLE `authorizationServer`: this is not an https URL; plain http is accepted for this machine alone',
      ],
    ],
  ])('is refused when it %s', (_, text, problems) => {
    expect(beside(text)).toEqual(problems);
  });

  it('is accepted behind a proxy that has a name, and on this machine', () => {
    expect(beside('kind: server\nhost: 0.0.0.0\ntlsTerminatedBy: ingress\n')).toEqual([]);
    expect(beside('kind: server\nhost: "::1"\n')).toEqual([]);
    expect(
      beside('kind: authService\nname: a\ntype: generic\naudience: x\nauthorizationServer: http://localhost:9000\n'),
    ).toEqual([]);
  });
});

describe('the report', () => {
  it('holds every problem of every file, by file and line', () => {
    const a = 'kind: tol\n---\nkind: source\nname: s\ntype: sqlite\ndatabas: x\n';
    const b = 'kind: source\nname: "a b"\ntype: sqlite\ndatabase: ${NOPE}\n';
    const result = loadConfiguration([input('a.yaml', a), input('b.yaml', b)], { env: {}, catalog });
    const places = result.ok
      ? []
      : result.error.map(({ file, line, column, code }) => `${file}:${line}:${column} ${code}`);
    expect(places).toEqual([
      'a.yaml:1:7 KIND_UNKNOWN',
      'a.yaml:3:1 FIELD_MISSING',
      'a.yaml:6:1 FIELD_UNKNOWN',
      'b.yaml:2:7 FIELD_WRONG',
      'b.yaml:4:11 VARIABLE_UNSET',
    ]);
  });

  const only = (text: string, env = {}) => {
    const result = loadConfiguration([input('t.yaml', text)], { env, catalog });
    return result.ok ? '' : result.error.map((problem) => formatProblem(problem)).join('\n');
  };

  it('shows the line with a caret under the column', () => {
    expect(only('kind: source\nname: s\ntype: sqlite\ndatabase: d\nreadOnly: "no"\n')).toBe(
      [
        't.yaml:5:11: error: `readOnly` takes `true` or `false`, not the text `no` [FIELD_WRONG]',
        '  5 | readOnly: "no"',
        '    |           ^',
        '  hint: YAML 1.2 has `true` and `false` alone.',
      ].join('\n'),
    );
  });

  it.each([
    [
      'a password beside the mistake',
      'kind: source\nname: s\ntype: http\nheaders: {Authorization: Bearer hunter2, x: [1]}\nbaseUrl: http://x\n',
    ],
    [
      'a password in quotes',
      'kind: source\nname: s\ntype: http\nheaders: {X-Api-Key: "hunter2, x", y: [1]}\nbaseUrl: http://x\n',
    ],
    ['text that YAML stumbles over', 'kind: source\npassword: a: hunter2\n'],
  ])('does not show %s', (_, text) => {
    const report = only(text);
    expect(report).toContain('error:');
    expect(report).not.toContain('hunter2');
  });

  it('shows how a file asks for a value of the environment, never the value', () => {
    const report = only(
      'kind: source\nname: s\ntype: postgres\nhost: h\nuser: u\ndatabase: d\npassword: p\nport: ${PORT}\n',
      { PORT: 'hunter2' },
    );
    expect(report).toContain('`port` takes a number, not the text `${PORT}`');
    expect(report).not.toContain('hunter2');
  });

  it('does not move the cursor of who reads it', () => {
    const report = only('kind: source\nname: s\ntype: sqlite\ndatabase: d\nread\u202eOnly: true\n');
    expect(report).toContain('FIELD_UNKNOWN');
    expect(report.split('\n')[1]).not.toContain('\u202e');
  });
});
