import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ParameterDeclaration } from '#contract';
import { ChatelaineError } from '#kernel';
import type { SqlDialect } from '../../../sources/source.ts';
import type { ToolArguments } from '../../tool-type.ts';
import { compileSqlTemplate, type SqlTemplateOptions } from '../index.ts';
import { dialects } from './dialects.fixture.ts';

type Written = Partial<ParameterDeclaration> & { name: string };

const compile = (
  text: string,
  templateParameters: readonly Written[],
  options: Partial<SqlTemplateOptions> & { on?: SqlDialect['name'] } = {},
) =>
  compileSqlTemplate(text, {
    templateParameters: templateParameters.map((entry) => ({ type: 'string', description: '', ...entry })),
    parameters: [],
    dialect: dialects[options.on ?? 'postgres'],
    unsafe: false,
    path: ['statement'],
    ...options,
  });

const names: ParameterDeclaration = { name: 'item', type: 'string', description: '' };

describe('an identifier is quoted for the dialect', () => {
  test.each<[SqlDialect['name'], string, string, string]>([
    ['postgres', 'SELECT * FROM {{.t}}', 'Users', 'SELECT * FROM "users"'],
    ['postgres', 'SELECT * FROM "{{.t}}"', 'Users', 'SELECT * FROM "Users"'],
    ['postgres', 'SELECT * FROM "sales_{{.t}}"', 'eu', 'SELECT * FROM "sales_eu"'],
    ['postgres', 'SELECT * FROM {{ .t }}', 'crm.users', 'SELECT * FROM "crm"."users"'],
    ['postgres', 'SELECT x::{{.t}} FROM y', 'int4', 'SELECT x::"int4" FROM y'],
    ['mysql', 'SELECT * FROM {{.t}}', 'Users', 'SELECT * FROM `Users`'],
    ['mysql', "SELECT 'it\\'s', {{.t}}", 'a', "SELECT 'it\\'s', `a`"],
    ['sqlite', 'SELECT * FROM [{{.t}}]', 'Users', 'SELECT * FROM [Users]'],
    ['duckdb', 'SELECT $$ text $$, {{.t}}', 'Größe', 'SELECT $$ text $$, "Größe"'],
  ])('%s: %s with %s', (on, text, value, rendered) => {
    expect(compile(text, [{ name: 't' }], { on }).render({ t: value })).toBe(rendered);
  });

  test('a list is quoted item by item', () => {
    const template = compile('SELECT {{array .cols}} FROM t', [{ name: 'cols', type: 'array', items: names }]);
    expect(template.render({ cols: ['a', 'b'] })).toBe('SELECT "a", "b" FROM t');
  });

  test('with `escape` the letters keep their case', () => {
    expect(compile('SELECT {{.t}}', [{ name: 't', escape: 'double-quotes' }]).render({ t: 'Users' })).toBe(
      'SELECT "Users"',
    );
  });

  test('what the author listed may be any name', () => {
    const template = compile('SELECT {{.t}}', [{ name: 't', enum: ['order lines', 'say "hi"'] }]);
    expect(template.render({ t: 'say "hi"' })).toBe('SELECT "say ""hi"""');
  });
});

describe('REG-006: text that is no identifier never reaches the statement', () => {
  test.each([
    'users; DROP TABLE x',
    'users"--',
    'users`',
    'a b',
    '',
    '.',
    'a..b',
    'a.b.c.d.e',
    'users\u2024x',
    'users\u0000',
    '1users',
    "x' OR '1'='1",
    '(SELECT 1)',
    'users\n',
  ])('%j', (value) => {
    const template = compile('SELECT * FROM {{.t}}', [{ name: 't' }]);
    expect(refusal(() => template.render({ t: value }))).toBe('TEMPLATE_VALUE_REFUSED');
  });

  test.each([
    ['a qualified name beside a dot', 'SELECT a.{{.t}}', 'pg_catalog.pg_shadow'],
    ['a qualified name inside quotes', 'SELECT "{{.t}}"', 'pg_catalog.pg_shadow'],
  ])('%s', (_title, text, value) => {
    expect(refusal(() => compile(text, [{ name: 't' }]).render({ t: value }))).toBe('TEMPLATE_VALUE_REFUSED');
  });

  test.each<[string, Written[], ToolArguments]>([
    ['an absent name', [{ name: 't', required: false }], {}],
    ['an empty list', [{ name: 't', type: 'array', items: names }], { t: [] }],
  ])('%s', (_title, declared, args) => {
    const text = declared[0]?.type === 'array' ? 'SELECT {{array .t}}' : 'SELECT {{.t}}';
    expect(refusal(() => compile(text, declared).render(args))).toBe('TEMPLATE_VALUE_REFUSED');
  });
});

describe('keywords, numbers and truth values stand as they are', () => {
  test.each<[string, Written[], ToolArguments, string]>([
    [
      'ORDER BY a {{.d}}',
      [{ name: 'd', as: 'keyword', allowedValues: ['ASC', 'DESC NULLS LAST'] }],
      { d: 'DESC NULLS LAST' },
      'ORDER BY a DESC NULLS LAST',
    ],
    ['ORDER BY a {{.d}}', [{ name: 'd', allowedValues: ['asc|desc'] }], { d: 'desc' }, 'ORDER BY a desc'],
    ['LIMIT {{.n}}', [{ name: 'n', type: 'integer' }], { n: 5 }, 'LIMIT 5'],
    ['SELECT 5-{{.n}}', [{ name: 'n', type: 'integer' }], { n: -1 }, 'SELECT 5-(-1)'],
    ["SELECT interval '{{.n}} days'", [{ name: 'n', type: 'integer' }], { n: 3 }, "SELECT interval '3 days'"],
    ['SELECT * FROM sales_{{.n}}', [{ name: 'n', type: 'integer' }], { n: 2026 }, 'SELECT * FROM sales_2026'],
    ['SELECT {{.b}}', [{ name: 'b', type: 'boolean' }], { b: false }, 'SELECT false'],
  ])('%s', (text, declared, args, rendered) => {
    expect(compile(text, declared).render(args)).toBe(rendered);
  });

  test('a sign where it would join a name is refused', () => {
    const template = compile('SELECT * FROM sales_{{.n}}', [{ name: 'n', type: 'integer' }]);
    expect(refusal(() => template.render({ n: -1 }))).toBe('TEMPLATE_VALUE_REFUSED');
  });
});

describe('a statement that could hold nothing safe is refused when it is read', () => {
  test.each<[string, Written[], string]>([
    ["SELECT '{{.t}}'", [{ name: 't' }], '`{{.t}}` stands inside a string, where only numbers and keywords are safe'],
    ["SELECT '%{{.t}}%'", [{ name: 't' }], '`{{.t}}` stands inside a string, where only numbers and keywords are safe'],
    [
      'SELECT $x${{.t}}$x$',
      [{ name: 't' }],
      '`{{.t}}` stands inside a string, where only numbers and keywords are safe',
    ],
    [
      "SELECT E'\\'{{.t}}'",
      [{ name: 't' }],
      '`{{.t}}` stands inside a string, where only numbers and keywords are safe',
    ],
    ['SELECT 1 -- {{.t}}', [{ name: 't' }], '`{{.t}}` stands in a comment, where it does nothing'],
    ['SELECT /* /* */ {{.t}} */ 1', [{ name: 't' }], '`{{.t}}` stands in a comment, where it does nothing'],
    [
      'SELECT * FROM sales_{{.t}}',
      [{ name: 't' }],
      '`{{.t}}` touches `_`, and a quoted name cannot be a part of another',
    ],
    ['SELECT * FROM "a"{{.t}}', [{ name: 't' }], '`{{.t}}` touches `"`, and a quoted name cannot be a part of another'],
    ['SELECT U&{{.t}}', [{ name: 't' }], '`{{.t}}` touches `&`, and a quoted name cannot be a part of another'],
    [
      'SELECT {{.t}}{{.u}}',
      [{ name: 't' }, { name: 'u' }],
      '`{{.t}}` touches `{`, and a quoted name cannot be a part of another',
    ],
    [
      'SELECT "{{.t}}{{.u}}"',
      [{ name: 't' }, { name: 'u' }],
      '`{{.t}}` shares its quotes with another placeholder; a name has one',
    ],
    ['SELECT {{.t}}', [{ name: 't', type: 'array', items: names }], '`{{.t}}`: `t` is an array; write `{{array .t}}`'],
    ['SELECT {{array .t}}', [{ name: 't' }], '`{{array .t}}`: `t` is no array; write `{{.t}}`'],
    [
      'SELECT "{{array .t}}"',
      [{ name: 't', type: 'array', items: names }],
      '`{{array .t}}` stands inside quotes, and a list has several names; take the quotes away',
    ],
    [
      'SELECT {{.t}}',
      [{ name: 't', type: 'map' }],
      'a template parameter is a name, a number, or an array of these, not a map',
    ],
    [
      'SELECT {{.t}}',
      [{ name: 't', as: 'keyword' }],
      '`as: keyword` needs `allowedValues` or `enum` with every word that may stand there',
    ],
    [
      'SELECT {{.t}}',
      [{ name: 't', as: 'keyword', allowedValues: ['a.*'] }],
      '`as: keyword` needs `allowedValues` or `enum` with every word that may stand there',
    ],
    [
      'SELECT {{.t}}',
      [{ name: 't', as: 'keyword', enum: ['x; DROP'] }],
      '`x; DROP` is not a plain word, and `as: keyword` inserts words as they stand',
    ],
    [
      'SELECT {{.t}}',
      [{ name: 't', escape: 'single-quotes' }],
      'single quotes make a string of it, and a value belongs in `parameters`, bound with a placeholder of the database',
    ],
    ['SELECT {{.t}}', [{ name: 't', escape: 'backticks' }], 'backticks are not quotes of a name in postgres'],
    [
      'SELECT "{{.t}}"',
      [{ name: 't', escape: 'double-quotes' }],
      '`{{.t}}` has quotes in the statement already; leave `escape` out',
    ],
    ['SELECT {{.tabel}}', [{ name: 'table' }], '`{{.tabel}}` names no template parameter; did you mean `table`?'],
    ['SELECT {{if .t}}', [{ name: 't' }], '`{{if .t}}` is not a placeholder'],
    ['SELECT {{.t | upper}}', [{ name: 't' }], '`{{.t | upper}}` is not a placeholder'],
    ['SELECT {{.t', [{ name: 't' }], 'the `{{` before `.t` is not closed'],
    ['SELECT {{.t}}', [], '`{{.t}}` names no template parameter'],
  ])('%s', (text, declared, message) => {
    expect(() => compile(text, declared)).toThrow(message);
  });

  test('a bound parameter in braces is told apart', () => {
    const parameters = [{ name: 'city', type: 'string', description: '' }] as const;
    expect(() => compile('SELECT {{.city}}', [], { parameters })).toThrow('names a bound parameter');
  });

  test('braces of an array are text where there are no template parameters', () => {
    expect(compile("SELECT '{{1,2},{3,4}}'::int[]", []).fixed).toBe("SELECT '{{1,2},{3,4}}'::int[]");
  });
});

describe('an unsafe template does what Toolbox does', () => {
  test.each<[string, Written[], ToolArguments, string]>([
    ['SELECT * FROM t WHERE {{.w}}', [{ name: 'w' }], { w: "a = 'b'; --" }, "SELECT * FROM t WHERE a = 'b'; --"],
    ['SELECT {{array .c}}', [{ name: 'c', type: 'array', items: names }], { c: ['a', 'b'] }, 'SELECT a, b'],
    ['SELECT {{.v}}', [{ name: 'v', escape: 'single-quotes' }], { v: "it's" }, "SELECT 'it''s'"],
    ['SELECT {{.v}}', [{ name: 'v', escape: 'square-brackets' }], { v: 'a]b' }, 'SELECT [a]]b]'],
  ])('%s', (text, declared, args, rendered) => {
    expect(compile(text, declared, { unsafe: true }).render(args)).toBe(rendered);
  });

  test('and says so', () => {
    expect(compile('SELECT {{.w}}', [{ name: 'w' }], { unsafe: true }).warnings[0]).toMatch(
      /callers write SQL through `w`/,
    );
  });
});

test('a name without limits and a parameter without a place are worth a warning', () => {
  const { warnings } = compile('SELECT {{.t}}', [{ name: 't' }, { name: 'u', enum: ['a'] }]);
  expect(warnings).toEqual([
    'template parameter `u` stands nowhere in the statement',
    "template parameter `t` accepts every name that the source's user may read; list `allowedValues`",
  ]);
});

describe.each(Object.values(dialects))('whatever is passed to $name', (dialect) => {
  const [open, close] = dialect.identifierQuotes[0] as readonly [string, string];
  const before = [
    'SELECT ',
    'SELECT a.',
    "SELECT 'it''s', ",
    'SELECT /* c */ ',
    'SELECT x -- c\n, ',
    `SELECT ${open}a${close}${close}b${close}, `,
  ];
  const after = ['', ' FROM t', ", 'x''y'", '.c', ' /* c */', '::text', ` = ${open}z${close}`];
  const nasty = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.stringMatching(/^[a-zA-Z_.]{1,12}$/),
    fc
      .array(
        fc.constantFrom(
          '"',
          '`',
          '[',
          ']',
          "'",
          '\\',
          '--',
          '/*',
          '*/',
          ';',
          '$$',
          'a',
          'B',
          '.',
          ' ',
          '\n',
          '\0',
          'E',
        ),
        { maxLength: 8 },
      )
      .map((parts) => parts.join('')),
  );

  test('the text around a placeholder stays, and the placeholder is one quoted name', () => {
    let rendered = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...before),
        fc.constantFrom(...after),
        nasty,
        fc.boolean(),
        (left, right, value, listed) => {
          // Listed values skip the grammar, so that quoting alone must hold.
          const declared = listed && value !== '' ? [{ name: 't', enum: [value] }] : [{ name: 't' }];
          const template = compile(`${left}{{.t}}${right}`, declared, { dialect });
          let text: string;
          try {
            text = template.render({ t: value });
          } catch (error) {
            expect(error).toMatchObject({ code: 'TEMPLATE_VALUE_REFUSED' });
            return;
          }
          rendered++;
          expect(text.startsWith(left) && text.endsWith(right)).toBe(true);
          const name = text.slice(left.length, text.length - right.length);
          expect(tokens(text, dialect)).toEqual([
            ...tokens(left, dialect),
            ...tokens(name, dialect),
            ...tokens(right, dialect),
          ]);
          const parts = tokens(name, dialect);
          expect(parts.filter((_, index) => index % 2 === 1).every((dot) => dot === '.')).toBe(true);
          const inner = parts
            .filter((_, index) => index % 2 === 0)
            .map((part) => {
              expect([part[0], part.at(-1)]).toEqual([open, close]);
              return part.slice(1, -1).replaceAll(close + close, close);
            });
          expect(inner.join('.').toLowerCase()).toBe(value.toLowerCase());
        },
      ),
      { numRuns: 1500 },
    );
    expect(rendered).toBeGreaterThan(200);
  });

  test('inside the quotes of a name it cannot end them', () => {
    fc.assert(
      fc.property(nasty, (value) => {
        fc.pre(value !== '');
        const template = compile(`SELECT ${open}p_{{.t}}${close} FROM t`, [{ name: 't', enum: [value] }], { dialect });
        let text: string;
        try {
          text = template.render({ t: value });
        } catch (error) {
          expect(error).toMatchObject({ code: 'TEMPLATE_VALUE_REFUSED' });
          return;
        }
        expect(tokens(text, dialect)).toEqual([
          'SELECT',
          `${open}p_${value.replaceAll(close, close + close)}${close}`,
          'FROM',
          't',
        ]);
      }),
    );
  });
});

/** A tokenizer of its own, from each dialect's lexical rules: what the database would see. */
function tokens(text: string, dialect: SqlDialect): string[] {
  const strings =
    dialect.name === 'mysql' ? `'(?:\\\\[\\s\\S]|''|[^'\\\\])*'|"(?:\\\\[\\s\\S]|""|[^"\\\\])*"` : `'(?:''|[^'])*'`;
  const names = {
    postgres: '"(?:""|[^"])*"',
    duckdb: '"(?:""|[^"])*"',
    mysql: '`(?:``|[^`])*`',
    sqlite: '"(?:""|[^"])*"|`(?:``|[^`])*`|\\[[^\\]]*\\]',
  };
  const pattern = new RegExp(`--[^\\n]*|/\\*[\\s\\S]*?\\*/|${strings}|${names[dialect.name]}|\\w+|\\s+|[\\s\\S]`, 'g');
  return [...text.matchAll(pattern)].map(([token]) => token).filter((token) => !/^(?:\s|--|\/\*)/.test(token));
}

function refusal(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof ChatelaineError ? error.code : String(error);
  }
}
