import { describe, expect, it } from 'vitest';
import { postgresDialect } from '../dialect.ts';

describe('PostgreSQL identifiers', () => {
  it.each([
    ['City', true, '"city"'],
    ['City', false, '"City"'],
    ['ÄB', true, '"Äb"'],
    ['a"b', false, '"a""b"'],
    ['a";DROP TABLE x;--', true, '"a"";drop table x;--"'],
  ])('%j (bare: %s) is quoted as %s', (identifier, bare, quoted) => {
    expect(postgresDialect.quoteIdentifier(identifier, { bare })).toBe(quoted);
  });

  it.each(['', 'a\0b', 'x'.repeat(64), 'ä'.repeat(32)])('%j is refused rather than cut by the server', (identifier) => {
    expect(() => postgresDialect.quoteIdentifier(identifier, { bare: false })).toThrow(
      /cannot be a PostgreSQL identifier/,
    );
  });
});
