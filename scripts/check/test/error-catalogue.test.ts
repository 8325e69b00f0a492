import { expect, test } from 'vitest';
import { findCatalogueProblems } from '../error-catalogue.ts';

const entry = { status: 400, title: 'the door is shut', remedy: 'Open it.' };
const reference = '# Errors\n\n### DOOR_SHUT\n\nHTTP 400\n';
const user = { file: 'src/gateway/call.ts', text: `throw gatewayError('DOOR_SHUT', 'the door is shut')` };
const declaration = {
  file: 'src/gateway/errors.ts',
  text: `defineErrors('gateway', { DOOR_SHUT: {} }) // 'DOOR_SHUT'`,
};
const catalogue = (module: string, entries: Record<string, typeof entry>) => ({ module, entries });

test('a documented, used, unique code with careful prose passes', () => {
  const catalogues = [catalogue('gateway', { DOOR_SHUT: entry })];
  expect(findCatalogueProblems(catalogues, [user, declaration], reference)).toEqual([]);
});

test.each<[string, Parameters<typeof findCatalogueProblems>, string]>([
  [
    'a code missing in the reference',
    [[catalogue('gateway', { DOOR_SHUT: entry })], [user], '# Errors\n\n### DOOR_SHUT_TWICE\n'],
    'is missing in docs/reference/errors.md',
  ],
  [
    'a code that only its declaration names',
    [[catalogue('gateway', { DOOR_SHUT: entry })], [declaration], reference],
    'is thrown nowhere',
  ],
  [
    'a code that two modules declare',
    [[catalogue('gateway', { DOOR_SHUT: entry }), catalogue('cli', { DOOR_SHUT: entry })], [user], reference],
    'cli: `DOOR_SHUT` is also declared by gateway',
  ],
  [
    'a title that ends in a full stop',
    [[catalogue('gateway', { DOOR_SHUT: { ...entry, title: 'the door is shut.' } })], [user], reference],
    'the title is one lower-case sentence',
  ],
  [
    'a remedy that is no sentence',
    [[catalogue('gateway', { DOOR_SHUT: { ...entry, remedy: 'open it' } })], [user], reference],
    'the remedy is one or more whole sentences',
  ],
  [
    'a catalogue outside errors.ts',
    [
      [catalogue('gateway', { DOOR_SHUT: entry })],
      [{ ...user, text: `${user.text} defineErrors('gateway', {})` }],
      reference,
    ],
    'src/gateway/call.ts declares a catalogue',
  ],
])('reports %s', (_, [catalogues, sources, text], sentence) => {
  expect(findCatalogueProblems(catalogues, sources, text)).toEqual([expect.stringContaining(sentence)]);
});
