import fc from 'fast-check';
import { expect, test } from 'vitest';
import { reveal } from '#kernel';
import { KEY_LENGTH, newKeyText, parseKeyText } from '../keys/key-text.ts';

const key = reveal(newKeyText(Date.UTC(2026, 10, 21)).whole);

test('a new key is read back as its id and its secret of 256 bits', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 47 }), (now) => {
      const made = newKeyText(now);
      const whole = reveal(made.whole);
      expect(parseKeyText(whole)).toEqual({ id: made.id, secret: made.secret });
      expect(whole).toHaveLength(KEY_LENGTH);
      expect(Buffer.from(made.secret, 'base64url')).toHaveLength(32);
    }),
  );
});

test('a new key does not print', () => {
  const { whole } = newKeyText(0);
  expect(`${whole} ${JSON.stringify({ whole })}`).toBe('[secret] {"whole":"[secret]"}');
});

test.each([
  ['nothing', ''],
  ['a space before', ` ${key}`],
  ['a space behind', `${key} `],
  ['a line end', `${key}\n`],
  ['a NUL', `${key}\0`],
  ['another word', `${key} extra`],
  ['a comma', `${key},`],
  ['quotes', `"${key}"`],
  ['the scheme', `Bearer ${key}`],
  ['upper case in front', `CHK${key.slice(3)}`],
  ['an upper-case id', `chk_${key.slice(4, 30).toUpperCase()}${key.slice(30)}`],
  ['base64 instead of base64url', `${key.slice(0, 40)}+/${key.slice(42)}`],
  ['padding', `${key.slice(0, 73)}=`],
  ['one character less', key.slice(0, -1)],
  ['one character more', `${key}A`],
  ['its last character without the four bits', `${key.slice(0, -1)}B`],
  ['percent-encoding', encodeURIComponent(`${key}=`)],
  ['a full-width underscore', key.replace('_', '＿')],
  ['a letter of another script', `${key.slice(0, 50)}а${key.slice(51)}`],
  ['an i, which is no digit of an id', `chk_i${key.slice(5)}`],
  ['100 KiB', 'A'.repeat(100 * 1024)],
])('refuses a key with %s (MCP-005)', (_, presented) => {
  expect(parseKeyText(presented)).toBeUndefined();
});
