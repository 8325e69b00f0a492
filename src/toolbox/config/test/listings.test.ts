import { describe, expect, test } from 'vitest';
import { loaded, problemsOf } from './load.fixture.ts';

const SOURCE = 'kind: source\nname: db\ntype: sqlite\ndatabase: a.db\n';
const tool = (name: string): string =>
  `kind: tool\nname: ${name}\ntype: sqlite-sql\nsource: db\ndescription: Does.\nstatement: SELECT 1\n`;
const together = (...documents: readonly string[]): string => documents.join('---\n');
const PROGRESSIVE = 'kind: server\nlisting: progressive\n';
const set = (fields: string): string => `kind: toolset\nname: few\ntools: [find_tools]\n${fields}`;

test('a listing is all, progressive, or progressive from a number of tools on', () => {
  const text = (listing: string) =>
    together(SOURCE, tool('a'), `kind: toolset\nname: few\ntools: [a]\nlisting: ${listing}\n`);
  const listings = ['all', 'progressive', '{progressiveFrom: 200}'].map(
    (one) => loaded(text(one)).toolsets[0]?.listing,
  );
  expect(listings).toEqual(['all', 'progressive', { progressiveFrom: 200 }]);
  for (const wrong of ['some', '{progressiveFrom: 0}', '{from: 3}', '200'])
    expect(problemsOf(text(wrong))).not.toEqual([]);
});

describe('the names of what a progressive listing shows', () => {
  test.each([
    ['by the server', together(PROGRESSIVE, SOURCE, tool('find_tools')), /the group of everything/],
    [
      'by the server, from a number on',
      together('kind: server\nlisting: {progressiveFrom: 9}\n', SOURCE, tool('call_tool')),
      /`call_tool`/,
    ],
    ['by a toolset', together(SOURCE, tool('find_tools'), set('listing: progressive\n')), /the toolset `few`/],
    [
      'by a group',
      together(SOURCE, tool('find_tools'), 'kind: group\nname: some\ntools: [find_tools]\nlisting: progressive\n'),
      /the group `some`/,
    ],
    [
      'by the group of everything',
      together(SOURCE, tool('find_tools'), 'kind: group\nlisting: progressive\n'),
      /the group of everything/,
    ],
    [
      'by a toolset as the server says',
      together(PROGRESSIVE, 'kind: group\nlisting: all\n', SOURCE, tool('find_tools'), set('')),
      /the toolset `few`/,
    ],
  ])('are taken %s', (_, text, message) => {
    const [problem = '', ...others] = problemsOf(text);
    expect([others, problem]).toEqual([[], expect.stringMatching(message)]);
    expect(problem).toMatch(/NAME_TAKEN/);
  });

  test.each([
    ['where everything is listed', together(SOURCE, tool('find_tools'), set(''))],
    [
      'where the tool is not',
      together(SOURCE, tool('a'), tool('find_tools'), 'kind: toolset\nname: few\ntools: [a]\nlisting: progressive\n'),
    ],
    [
      'where a toolset says otherwise',
      together(PROGRESSIVE, 'kind: group\nlisting: all\n', SOURCE, tool('find_tools'), set('listing: all\n')),
    ],
    [
      'in another namespace',
      together(SOURCE, tool('find_tools'), 'kind: group\nnamespace: other\nlisting: progressive\n'),
    ],
  ])('are free %s', (_, text) => {
    expect(problemsOf(text)).toEqual([]);
  });
});
