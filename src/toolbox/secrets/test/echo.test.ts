import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '#kernel';
import { Echo } from '../echo.ts';

const SECRET = 'S3cret/with+odd "chars" & <é>';
const echo = new Echo([new Secret(SECRET)]);

describe('what an upstream repeats', () => {
  it.each([
    ['as it is', SECRET],
    ['percent-encoded', encodeURIComponent(SECRET)],
    ['percent-encoded in lower case', encodeURIComponent(SECRET).replace(/%../g, (escape) => escape.toLowerCase())],
    ['as a form', new URLSearchParams({ v: SECRET }).toString().slice(2)],
    ['in JSON', JSON.stringify(SECRET).slice(1, -1)],
    ['in JSON with escaped slashes', JSON.stringify(SECRET).slice(1, -1).replaceAll('/', '\\/')],
    [
      'in HTML',
      SECRET.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'),
    ],
    ['in hexadecimal', Buffer.from(SECRET).toString('hex')],
    ['in HEXADECIMAL', Buffer.from(SECRET).toString('hex').toUpperCase()],
  ])('is taken out %s', (_how, form) => {
    expect(echo.withoutText(`before ${form} after ${form}`)).toBe('before [secret] after [secret]');
  });

  it('is taken out of base64 wherever in a group of three bytes it begins and ends', () => {
    for (const before of ['', 'a', 'ab', 'abc']) {
      for (const after of ['', 'z', 'zy']) {
        for (const encoding of ['base64', 'base64url'] as const) {
          const clean = echo.withoutText(Buffer.from(before + SECRET + after).toString(encoding));
          // The characters at the edges hold some bits of it; the rest is gone.
          expect(clean.replace('[secret]', '').length).toBeLessThanOrEqual(12);
          expect(clean).toContain('[secret]');
        }
      }
    }
  });

  it('is taken out of an answer that was cut in the middle of it', () => {
    const cut = Buffer.from(`before ${SECRET.slice(0, 12)}`);
    expect(echo.without(cut, true).toString()).toBe('before ');
    // The same end of an answer that is whole is only a text.
    expect(echo.without(cut).toString()).toBe(cut.toString());
  });

  it('leaves everything else as it was', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = Buffer.from(bytes);
        fc.pre(!text.includes(SECRET));
        expect(echo.without(text).equals(text)).toBe(true);
      }),
    );
    expect(new Echo([]).withoutText('text')).toBe('text');
    // Three characters are everywhere.
    expect(new Echo([new Secret('abc')]).withoutText('abcabc')).toBe('abcabc');
  });

  it('never holds the secret afterwards, whatever the secret and whatever stands around it', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 4, maxLength: 60 }), fc.string(), fc.string(), (text, before, after) => {
        fc.pre(!'[secret]'.includes(text) && !text.includes('[secret]'));
        const clean = new Echo([new Secret(text)]).withoutText(`${before}${text}${after}`.toWellFormed());
        fc.pre(!`${before}[secret]${after}`.includes(text));
        expect(clean.includes(text)).toBe(false);
      }),
    );
  });
});
