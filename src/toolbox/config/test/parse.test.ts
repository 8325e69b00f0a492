import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { parseFile } from '../parse.ts';
import { input } from './load.fixture.ts';

const parse = (text: string) => {
  const { documents, problems } = parseFile(input('t.yaml', text), {});
  return problems.length > 0 ? undefined : documents.map(({ value }) => value);
};

const byLibrary = (text: string): unknown[] | undefined => {
  const documents = parseAllDocuments(text);
  if (!Array.isArray(documents) || documents.some((document) => document.errors.length > 0)) return undefined;
  return documents.map((document) => document.toJS() as unknown).filter((value) => value !== null);
};

describe('a file of several documents', () => {
  it.each([
    ['separated by markers', 'a: 1\n---\nb: 2\n'],
    ['with a marker at both ends', '---\na: 1\n---\nb: 2\n---\n'],
    ['with text behind the markers', '--- # first\na: 1\n--- {b: 2}\n--- \nc: 3\n'],
    ['with ends', 'a: 1\n...\n---\nb: 2\n...\n'],
    ['with directives', '%YAML 1.2\n---\na: 1\n...\n%YAML 1.2\n---\nb: 2\n'],
    ['with blocks before markers', 'a: |\n  x\n\n---\nb: >-\n  y\n  ---\n---\nc: 3'],
    ['with words that look like markers', 'a: ----\n---\nb: x---\n----: 3\n'],
    ['with Windows line ends', 'a: 1\r\n---\r\nb: |\r\n  x\r\n'],
    ['without a line end', 'a: 1\n---'],
  ])('%s is read as the library reads it', (_, text) => {
    expect(parse(text)).toEqual(byLibrary(text));
    expect(parse(text)).toBeDefined();
  });

  it('is never read otherwise than the library reads it, where both accept it', () => {
    const line = fc.constantFrom(
      'a: 1',
      'b: x',
      'c:',
      '  d: 2',
      '  - e',
      '---',
      '--- # c',
      '...',
      '# c',
      '',
      'f: |',
      '  ---',
      'g: "',
      '"',
      "h: '",
      "'",
      '%YAML 1.2',
      '--- ',
      '---x',
      'i: >',
    );
    let compared = 0;
    fc.assert(
      fc.property(fc.array(line, { maxLength: 10 }), (lines) => {
        const text = `${lines.join('\n')}\n`;
        const [ours, theirs] = [parse(text), byLibrary(text)];
        if (ours === undefined || theirs === undefined) return;
        compared++;
        expect(ours).toEqual(theirs);
      }),
      { numRuns: 10_000 },
    );
    expect(compared).toBeGreaterThan(500);
  });
});
