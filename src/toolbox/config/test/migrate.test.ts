import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { migrateInput } from '../migrate.ts';
import { input, loaded } from './load.fixture.ts';

const migrated = (text: string): string | undefined => {
  const result = migrateInput(input('t.yaml', text));
  if (!result.ok) throw new Error(result.error.map(({ message }) => message).join('\n'));
  return result.value;
};

describe('migrating the older nested form', () => {
  it('gives one document an entry, with comments, quotes, references and blocks as they were', () => {
    const nested = `# Who wrote this
# and when

# where the data is
sources:
  # the main one
  my-db:
    kind: sqlite # a file
    database: "\${DB:data #1.db}"

tools:
  search:
    kind: sqlite-sql
    source: my-db
    description: 'It''s a search'
    parameters:
      # what to look for
      - name: q
        type: string
        description: Words.
    statement: |
      SELECT *
        FROM t -- not a # comment
       WHERE x = ?
  # the other tool
  count:
    kind: sqlite-sql
    source: my-db
    description: Counts.
    authRequired: [ ]
    statement: SELECT count(*) FROM t
# what agents see
toolsets:
  all: [search, count]
  one:
    - count
`;
    expect(migrated(nested)).toBe(`# Who wrote this
# and when

# where the data is
# the main one
kind: source
name: my-db
type: sqlite # a file
database: "\${DB:data #1.db}"
---
kind: tool
name: search
type: sqlite-sql
source: my-db
description: 'It''s a search'
parameters:
  # what to look for
  - name: q
    type: string
    description: Words.
statement: |
  SELECT *
    FROM t -- not a # comment
   WHERE x = ?
---
# the other tool
kind: tool
name: count
type: sqlite-sql
source: my-db
description: Counts.
authRequired: []
statement: SELECT count(*) FROM t
---
# what agents see
kind: toolset
name: all
tools: [search, count]
---
kind: toolset
name: one
tools:
  - count
`);
  });

  it('leaves a flat file alone, letter by letter', () => {
    expect(migrated('kind:   toolset\nname: x\ntools: [ a,b ]\n')).toBeUndefined();
    expect(migrated('# nothing\n')).toBeUndefined();
  });

  it('keeps flat documents beside nested ones, and gives plural kinds their name of today', () => {
    const text =
      'kind:   toolset # mine\nname: x\ntools: [ a,b ]\n---\nkind: tools\nname: t # keep\n---\ntoolsets:\n  y: [c]\n';
    expect(migrated(text)).toBe(
      'kind:   toolset # mine\nname: x\ntools: [ a,b ]\n---\nkind: tool\nname: t # keep\n---\nkind: toolset\nname: y\ntools: [c]\n',
    );
  });

  it('reports what cannot be read, and changes nothing', () => {
    const result = migrateInput(input('t.yaml', 'sources:\n  a: [b\n'));
    expect(result).toMatchObject({ ok: false, error: [{ file: 't.yaml', code: 'YAML_SYNTAX' }] });
    expect(migrateInput(input('t.yaml', 'toolz: {}\n'))).toMatchObject({
      ok: false,
      error: [{ code: 'KIND_UNKNOWN' }],
    });
  });

  it('needs no variable to be set', () => {
    expect(migrated('sources:\n  a: {kind: sqlite, database: ${NOPE:?}}\n')).toContain('${NOPE:?}');
  });

  it('never changes what is configured, and has nothing to do a second time', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9_-]{0,5}$/);
    const comment = fc.constantFrom('', '# a comment\n', '\n', '\n# two\n# lines\n');
    const path = fc.constantFrom('x.db', '"a: b"', "'it''s'", '${V:d #1}', '>-\n      two\n      lines', '|\n      x');
    const entry = fc
      .tuple(comment, name, path)
      .map(
        ([above, title, database]) =>
          `${above.replace(/^(?=#)/gm, '  ')}  ${title}:\n    kind: sqlite\n    database: ${database}\n`,
      );
    fc.assert(
      fc.property(
        comment,
        fc.uniqueArray(entry, { selector: (text) => /^ {2}([a-z].*):$/m.exec(text)?.[1], minLength: 1, maxLength: 4 }),
        (above, entries) => {
          const nested = `${above}sources:\n${entries.join('')}`;
          const flat = migrated(nested);
          if (flat === undefined) return;
          const fields = (text: string) =>
            loaded(text).sources.map(({ name, type, fields }) => ({ name, type, fields }));
          expect(fields(flat)).toEqual(fields(nested));
          expect(migrated(flat)).toBeUndefined();
        },
      ),
      { numRuns: 300 },
    );
  });
});
