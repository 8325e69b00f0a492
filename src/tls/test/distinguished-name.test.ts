/** Subjects as RFC 4514 writes them: which text is which name, and that no other is. */
import { AttributeTypeAndValue, AttributeValue, Name, RelativeDistinguishedName } from '@peculiar/asn1-x509';
import { expect, it } from 'vitest';
import { isSubject } from '../trust/distinguished-name.ts';

const [CN, O, C, OU, EMAIL] = ['2.5.4.3', '2.5.4.10', '2.5.4.6', '2.5.4.11', '1.2.840.113549.1.9.1'];

/** In the order of a certificate: the country first. */
const nameOf = (...relative: (readonly (readonly [type: string, value: string])[])[]): Name =>
  new Name(
    relative.map(
      (pairs) =>
        new RelativeDistinguishedName(
          pairs.map(
            ([type, value]) => new AttributeTypeAndValue({ type, value: new AttributeValue({ utf8String: value }) }),
          ),
        ),
    ),
  );

const subject = nameOf(
  [[C, 'CH']],
  [[O, 'Travel, Inc.']],
  [
    [OU, 'Nights'],
    [CN, 'Büro #1'],
  ],
);

it.each([
  'CN=Büro #1+OU=Nights,O=Travel\\, Inc.,C=CH',
  'ou=Nights+cn=B\\C3\\BCro #1,o=Travel\\2C Inc.,c=CH',
  '2.5.4.3=Büro #1+2.5.4.11=Nights,2.5.4.10=Travel\\, Inc.,2.5.4.6=CH',
])('`%s` is the name', (text) => {
  expect(isSubject(subject, text)).toBe(true);
});

it.each([
  ['the other way round', 'C=CH,O=Travel\\, Inc.,CN=Büro #1+OU=Nights'],
  ['a part of it', 'CN=Büro #1+OU=Nights'],
  ['more than it', 'CN=Büro #1+OU=Nights,O=Travel\\, Inc.,C=CH,C=CH'],
  ['one name in the place of two', 'CN=Büro #1,OU=Nights,O=Travel\\, Inc.,C=CH'],
  ['another case', 'CN=büro #1+OU=Nights,O=Travel\\, Inc.,C=CH'],
  ['an unescaped comma', 'CN=Büro #1+OU=Nights,O=Travel, Inc.,C=CH'],
  ['an end that is none', 'CN=Büro #1+OU=Nights,O=Travel\\, Inc.,C=CH,'],
  ['a type that nobody knows', 'XX=Büro #1'],
  ['nothing', ''],
  ['an escape of nothing', 'CN=Büro #1\\'],
])('%s is another', (_, text) => {
  expect(isSubject(subject, text)).toBe(false);
});

it('a value that cannot be read as text is no empty one', () => {
  const value = new AttributeValue({ anyValue: new Uint8Array([5, 0]).buffer });
  const odd = new Name([new RelativeDistinguishedName([new AttributeTypeAndValue({ type: EMAIL, value })])]);
  expect(isSubject(odd, `${EMAIL}=`)).toBe(false);
});
