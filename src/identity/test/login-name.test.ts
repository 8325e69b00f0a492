import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loginKey } from '#identity';
import { checkLoginName } from '../users/login-name.ts';

test.each([
  ['a Latin name', 'ana'],
  ['an e-mail address', 'Ana.Ruiz+work@example.com'],
  ['accents', 'Zoë.Müller'],
  ['accents in two code points', 'Zoe\u0308'],
  ['digits', '007'],
  ['Cyrillic that cannot be taken for Latin', 'Дмитрий'],
  ['Japanese in its three scripts', '山田たろうタロ'],
  ['Arabic', 'ليلى'],
  ['Greek', 'Σωκράτης'],
])('takes %s: %s', (_, name) => {
  expect(checkLoginName(name)).toBe(loginKey(name));
});

test.each([
  ['nothing', ''],
  ['a space', 'ana ruiz'],
  ['a line end', 'ana\n'],
  ['NUL', 'ana\0'],
  ['an escape', 'ana\u001b[2J'],
  ['a zero-width space', 'an\u200ba'],
  ['a zero-width joiner', 'an\u200da'],
  ['a turned writing direction', 'ana\u202e'],
  ['a soft hyphen', 'an\u00ada'],
  ['a mark in front', '\u0308ana'],
  ['full-width letters', 'ａｎａ'],
  ['a ligature', 'ﬁona'],
  ['superscripts', 'ana²'],
  ['a Cyrillic letter among Latin ones', 'аna'],
  ['a Greek letter among Latin ones', 'αna'],
  ['Cyrillic that looks like Latin all through', 'расе'],
  ['Greek that looks like Latin all through', 'νοκ'],
  ['digits of another script', 'ana٣'],
  ['what stands for an erased user', '(erased 0)'],
  ['a slash', 'a/b'],
  ['a path', '..'],
  ['a quote', 'ana"'],
  ['129 letters', 'a'.repeat(129)],
])('refuses %s', (_, name) => {
  expect(() => checkLoginName(name)).toThrow(expect.objectContaining({ code: 'NAME_REFUSED' }) as Error);
});

test('names that differ in case or composition alone have one key, and a key is its own key', () => {
  for (const [one, other] of [
    ['ANA', 'ana'],
    ['Straße', 'STRASSE'],
    ['Zoë', 'Zoe\u0308'],
    ['ΣΊΣΥΦΟΣ', 'σίσυφος'],
    ['ſam', 'SAM'],
  ] as const) {
    expect(loginKey(one)).toBe(loginKey(other));
  }
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      expect(loginKey(loginKey(text))).toBe(loginKey(text));
      expect(loginKey(text.toUpperCase())).toBe(loginKey(text));
    }),
  );
});
