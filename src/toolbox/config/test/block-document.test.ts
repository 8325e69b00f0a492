import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBlockDocument } from '../block-document.ts';
import { coverReferences } from '../placeholders.ts';
import type { RawDocument } from '../raw-document.ts';
import type { FileReading } from '../scalar-text.ts';
import { SourceText } from '../source-text.ts';
import { readLibraryDocuments } from '../yaml-document.ts';

const environment = { CITY: 'Basel', EMPTY: '', EVIL: 'a\n---\nkind: tool' };

function readingOf(text: string): FileReading {
  const references = coverReferences(text).offsets;
  const source = new SourceText('t.yaml', '/', text);
  return { source, environment, references, problems: [], items: 1000, repeated: 10 };
}

/** What both readers must agree on: the data, every place in it, and the problems. */
function reading(text: string, read: (file: FileReading) => RawDocument | null | undefined) {
  const file = readingOf(text);
  const document = read(file);
  if (document === undefined) return undefined;
  return { value: document?.value, origins: document?.origins, start: document?.start, problems: file.problems };
}

const byBlocks = (text: string) => reading(text, (file) => readBlockDocument(file, 0, text.length));

const byLibrary = (text: string) =>
  reading(text, (file) => readLibraryDocuments(file, coverReferences(text).text, 0)[0] ?? null);

const TOOL = `# the first tool
kind: tool
name: search_hotels
type: postgres-sql

source: my-pg
description: |
  Finds hotels in a city.

    Indented more.
  # not a comment
parameters:
  - name: city
    type: string
    description: 'The city, as people write it'
    default: \${CITY:Bern}
  - name: limit
    type: integer
    description: "How many"
    default: 10
    minValue: -1
    enum:
    - 1
    - 10
authRequired:
annotations:
  readOnlyHint: true
  title: null
statement: SELECT * FROM hotels WHERE name ILIKE '%' || $1 || '%' LIMIT $2;
# the end
`;

// Small pieces that meet each other in every order: most of YAML's surprises are about neighbours.
const scalar = fc.constantFrom(
  'a',
  'b c',
  'null',
  'Null',
  '~',
  'true',
  'True',
  'yes',
  '0',
  '-7',
  '007',
  '1.5',
  '1e3',
  '0x1f',
  '.5',
  '.inf',
  '127.0.0.1',
  '1.2.3',
  '12:30',
  'a:b',
  'a: b',
  'a #b',
  'a#b',
  '# c',
  '"q"',
  "'q'",
  '"a\\nb"',
  "'it''s'",
  '"a" b',
  '""',
  "''",
  '[a, b]',
  '{a: 1}',
  '&x a',
  '*x',
  '!!str 1',
  '|',
  '|-',
  '|+',
  '>',
  '|2',
  '- a',
  '-',
  '--',
  '? a',
  '@a',
  '`a`',
  '%a',
  '${CITY}',
  '${NOPE}',
  '${NOPE:x y}',
  '${EVIL}',
  '${NOPE:{a}}',
  'x${CITY}y',
  '${EMPTY:-d}',
  'secret://a/b',
  'ends:',
  'tab\there',
  'a ',
  '<<',
  '/path',
  '<b>',
  '$1',
  '(x)',
  '=',
  '.',
  '...',
  '---',
  'é',
  '\u00a0',
  '\u2028',
  '1_000',
  '+1',
  '',
  'a\r',
);
const key = fc.constantFrom(
  'a',
  'b',
  'c',
  'kind',
  'name',
  '__proto__',
  'constructor',
  '<<',
  'a b',
  '"a"',
  '1',
  'null',
  'x.y-z',
  '${CITY}',
  'toString',
  '',
);
const indentation = fc.constantFrom('', '', '  ', '  ', '    ', ' ', '\t');
const line = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(indentation, key, scalar).map(([indent, name, text]) => `${indent}${name}: ${text}`),
  },
  { weight: 2, arbitrary: fc.tuple(indentation, key).map(([indent, name]) => `${indent}${name}:`) },
  { weight: 3, arbitrary: fc.tuple(indentation, scalar).map(([indent, text]) => `${indent}- ${text}`) },
  {
    weight: 3,
    arbitrary: fc.tuple(indentation, key, scalar).map(([indent, name, text]) => `${indent}- ${name}: ${text}`),
  },
  { weight: 2, arbitrary: fc.tuple(indentation, scalar).map(([indent, text]) => `${indent}${text}`) },
  { weight: 1, arbitrary: fc.constantFrom('', '   ', '# comment', '  # comment', '---', '--- # c', '-', '  -') },
);
const generated = fc
  .tuple(fc.array(line, { maxLength: 9 }), fc.constantFrom('', '\n', '\n\n', '\n \n'))
  .map(([lines, end]) => lines.join('\n') + end);

const mutation = fc.record({
  at: fc.nat(TOOL.length),
  drop: fc.nat(4),
  insert: fc.oneof(
    scalar,
    fc.string({ maxLength: 3 }),
    fc.constantFrom('\n', '\n  ', ' ', '  ', ':', ': ', ' #', '\n\n', '|', '"'),
  ),
});
const mutated = fc
  .array(mutation, { minLength: 1, maxLength: 3 })
  .map((changes) =>
    changes.reduce((text, { at, drop, insert }) => text.slice(0, at) + insert + text.slice(at + drop), TOOL),
  );

describe('the reader for simple documents', () => {
  it('reads a tool as the library does, with every place', () => {
    const simple = byBlocks(TOOL);
    expect(simple?.value).toMatchObject({
      name: 'search_hotels',
      parameters: [{ default: 'Basel' }, { enum: [1, 10] }],
    });
    expect(simple).toEqual(byLibrary(TOOL));
  });

  it.each([
    ['an anchor', 'a: &x 1\nb: *x\n'],
    ['a tag', 'a: !!str 1\n'],
    ['a flow list', 'a: [1, 2]\n'],
    ['a folded block', 'a: >\n  b\n'],
    ['a key that comes twice', 'a: 1\na: 2\n'],
    ['a prototype key', '__proto__: 1\n'],
    ['text over two lines', 'a: b\n  c\n'],
    ['a tab', 'a:\tb\n'],
    ['a wrong indentation', 'a:\n    b: 1\n  c: 2\n'],
    ['a comment behind a value', 'a: b # c\n'],
  ])('leaves %s to the library', (_, text) => {
    expect(byBlocks(text)).toBeUndefined();
  });

  it('never differs from the library in what it accepts', () => {
    let accepted = 0;
    const agree = (text: string) => {
      // The door splits files at `---` and hands directives and `...` to the library.
      fc.pre(!/\n(?:---|\.\.\.|%)|^(?:%|\.\.\.)/.test(text));
      const simple = byBlocks(text);
      if (simple === undefined) return;
      accepted++;
      expect(simple).toEqual(byLibrary(text));
    };
    fc.assert(fc.property(generated, agree), { numRuns: 20_000 });
    fc.assert(fc.property(mutated, agree), { numRuns: 5000 });
    // A reader that declines everything would agree, too.
    expect(accepted).toBeGreaterThan(3000);
  });
});
