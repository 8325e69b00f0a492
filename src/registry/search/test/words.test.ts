/** Words of names, titles and questions: one spelling for all of them. */
import { expect, it } from 'vitest';
import { stemOf, wordsOf } from '../words.ts';

it.each([
  ['list_user_accounts', ['list', 'user', 'accounts']],
  ['listUserAccounts', ['list', 'user', 'accounts']],
  ['List-User.accounts!', ['list', 'user', 'accounts']],
  ['HTTPServerState', ['http', 'server', 'state']],
  ['base64Decode', ['base64', 'decode']],
  ['Zürich Crème', ['zurich', 'creme']],
  // Full-width letters and ligatures are other code points for the same letters.
  ['ＳＱＬ ﬁle', ['sql', 'file']],
  ['naïve naïve', ['naive', 'naive']],
  ['ΑΘΗΝΑ', ['αθηνα']],
  ['データ検索', ['テー', 'ータ', 'タ検', '検索']],
  ['表', ['表']],
  ['***', []],
  ['', []],
])('%j is %j', (text, words) => {
  expect(wordsOf(text)).toEqual(words);
});

it.each([
  ['tables', 'table'],
  ['queries', 'query'],
  ['indexes', 'index'],
  ['caching', 'cache'],
  ['cached', 'caches'],
  ['dropped', 'drop'],
  ['running', 'runs'],
  ['installed', 'install'],
  ['statistics', 'statistic'],
  ['locking', 'locks'],
])('%s and %s have one stem', (one, other) => {
  expect(stemOf(one)).toBe(stemOf(other));
});

it.each(['status', 'redis', 'access', 'bus', 'string', 'used', 'sql', 'straße', '検索'])(
  'the stem of %s is a word that still tells what it was',
  (word) => {
    expect(word.startsWith(stemOf(word))).toBe(true);
    expect(stemOf(word).length).toBeGreaterThan(1);
  },
);

it('a text is read up to a length, whatever comes after', () => {
  expect(wordsOf('word '.repeat(1_000_000)).length).toBe(800);
});
