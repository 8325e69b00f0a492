import { describe, expect, test } from 'vitest';
import { contrastOf, themeSchema } from '#contract';

const issuesOf = (theme: unknown): readonly string[] =>
  themeSchema.safeParse(theme).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];

test('the contrast of two colours is that of WCAG 2.2, whichever comes first', () => {
  expect(contrastOf('#ffffff', '#000000')).toBeCloseTo(21, 5);
  expect(contrastOf('#777777', '#ffffff')).toBeCloseTo(4.478, 3);
  expect(contrastOf('#767676', '#FFFFFF')).toBeCloseTo(4.542, 3);
  expect(contrastOf('#ffffff', '#767676')).toBe(contrastOf('#767676', '#ffffff'));
});

test('without anything it is what the pages always were', () => {
  expect(themeSchema.parse({})).toEqual({ name: 'Chatelaine' });
});

describe('refuses', () => {
  test.each([
    [
      'a colour on which white text cannot be read, with how far it is',
      { accentColor: '#777777' },
      /4\.48.*4\.5.*darker/,
    ],
    ['the brightest of them', { accentColor: '#ffff00' }, /accentColor: white text/],
    ['a colour by name', { accentColor: 'teal' }, /#1f5f5b/],
    ['a colour with something behind it', { accentColor: '#1f5f5b;background:url(https://evil.test)' }, /hexadecimal/],
    ['a short form', { accentColor: '#123' }, /hexadecimal/],
    ['a name that cannot be seen', { name: 'Cha\u200btelaine' }, /invisible/],
    ['a name that turns the text around', { name: 'moc.\u202eevil' }, /invisible/],
    ['a name of nothing', { name: '  ' }, /name/],
    ['a name that fills the page', { name: 'x'.repeat(61) }, /name/],
    ['a logo from somewhere else', { logo: 'https://evil.test/logo.svg' }, /absolute path/],
    ['a logo without its folder', { logo: 'logo.svg' }, /absolute path/],
    ['help that runs a script', { supportUrl: 'javascript:alert(1)' }, /https URL/],
    ['help in the clear', { supportUrl: 'http://help.test' }, /https URL/],
    ['a style of its own', { css: 'body{}' }, /css/],
  ])('%s', (_, theme, said) => {
    expect(issuesOf(theme).join('\n')).toMatch(said);
  });
});

test('markup in a name is a name: whoever shows it escapes it', () => {
  expect(themeSchema.parse({ name: '<b>Acme</b> & Sons' }).name).toBe('<b>Acme</b> & Sons');
});
