import { describe, expect, test } from 'vitest';
import { maskNames } from '#contract';
import { GOOD, loaded, problemsOf } from './load.fixture.ts';

const mask = (fields: string): string => `${GOOD}---\nkind: mask\nname: pans\n${fields}\n`;

test('a mask says what it covers, how, and for whom not', () => {
  const [one] = loaded(
    mask('patterns: [card, {regex: "EMP-[0-9]{6}"}]\nfields: [ssn]\ntools: [search]\nexceptRoles: [admin]'),
  ).masks;
  expect(one).toMatchObject({
    ...{ namespace: 'default', how: 'redact', when: 'always', caseSensitive: false, tools: ['search'] },
    ...{ patterns: ['card', { regex: 'EMP-[0-9]{6}', ignoreCase: false }], exceptRoles: ['admin'] },
  });
});

test('policies may name the known patterns, the masks of their namespace and those that hold everywhere', () => {
  const { masks } = loaded(
    `${mask('patterns: [card]')}---\nkind: mask\nname: all\neverywhere: true\nfields: [a]\n---\nkind: mask\nname: other\nnamespace: team\nfields: [a]\n`,
  );
  expect(maskNames(masks, 'default')).toEqual(expect.arrayContaining(['card', 'pans', 'all']));
  expect(maskNames(masks, 'default')).not.toContain('other');
});

describe('a mask is refused', () => {
  test.each([
    ['that covers nothing', 'how: redact', /covers nothing/],
    ['with a pattern that nobody knows', 'patterns: [cards]', /card/],
    ['with a pattern that is none', 'patterns: [{regex: "("}]', /no pattern/],
    ['with a pattern that is everywhere', 'patterns: [{regex: "a*"}]', /empty text/],
    ['with a path that is none', 'fields: [a..b]', /a path is names/],
    ['for a tool that there is not', 'fields: [a]\ntools: [serch]', /no tool is called `serch`.*`search`/],
    ['for a toolset that there is not', 'fields: [a]\ntoolsets: [x]', /no toolset is called `x`/],
    ['that is asked for and selects', 'fields: [a]\nwhen: asked\ntools: [search]', /policies say which calls/],
    ['that is asked for and excepts', 'fields: [a]\nwhen: asked\nexceptGroups: [x]', /policies say whose calls/],
    [
      'that holds everywhere for tools of one namespace',
      'fields: [a]\neverywhere: true\ntools: [search]',
      /holds everywhere/,
    ],
  ])('%s', (_, fields, says) => {
    expect(problemsOf(mask(fields)).join('\n')).toMatch(says);
  });

  test('that is called as a known pattern is', () => {
    expect(problemsOf(mask('fields: [a]').replace('pans', 'card')).join('\n')).toMatch(/find another name/);
  });
});

test('labels are words, and `untrusted` is said by `trust`', () => {
  const labelled = GOOD.replace('database: x.db', 'database: x.db\nlabels: [pii]\ntrust: untrusted');
  expect(loaded(labelled).sources[0]).toMatchObject({ labels: ['pii'], trust: 'untrusted' });
  expect(problemsOf(labelled.replace('[pii]', '[untrusted]')).join('\n')).toMatch(/`trust: untrusted` says/);
  expect(problemsOf(labelled.replace('[pii]', '[a b]')).join('\n')).toMatch(/a label is one word/);
});
