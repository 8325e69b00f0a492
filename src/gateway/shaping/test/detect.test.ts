/** What masks know by sight: published test numbers, and what only looks like them. */
import { describe, expect, it } from 'vitest';
import type { KnownPattern } from '#contract';
import { KNOWN, readingsOf } from '../detect/index.ts';

const found = (pattern: KnownPattern, text: string): readonly string[] =>
  (KNOWN[pattern].find(text) ?? []).map(({ start, end }) => text.slice(start, end));

const KEY = `chk_${'0'.repeat(26)}_${'A'.repeat(43)}`;
// In parts, so that no scanner takes a test for a key.
const JWT = ['eyJhbGciOiJFUzI1NiJ9', 'eyJzdWIiOiJhbGljZSJ9', 'c2lnbmF0dXJl'].join('.');
const BEGIN = '-----BEGIN';
const PEM = `${BEGIN} EC PRIVATE KEY-----\nMHcCAQEEI\n-----END EC PRIVATE KEY-----`;

const known: Readonly<Record<KnownPattern, readonly string[]>> = {
  card: [
    '4111111111111111',
    '4111 1111 1111 1111',
    '4111-1111-1111-1111',
    '4111\u00a01111\u00a01111\u00a01111',
    '4111\u200b1111\u200b1111\u200b1111',
    '378282246310005',
    '3782 822463 10005',
    '5555555555554444',
    '2223003122003222',
    '6011111111111117',
    '30569309025904',
    '3530111333300000',
    '6200000000000005',
    '6759649826438453',
    '4222222222222',
  ],
  iban: ['CH9300762011623852957', 'DE89 3704 0044 0532 0130 00', 'gb82west12345698765432', 'NO93-8601-1117-947'],
  email: ['alice@example.com', "o'neill+tag@mail.example.co.uk", 'élise@exämple.fr', 'a@b.io'],
  phone: ['+41 61 123 45 67', '+1 (415) 555-0132', '+442071838750'],
  'api-key': [
    KEY,
    JWT,
    `sk-proj-${'a1'.repeat(16)}`,
    `ghp_${'a'.repeat(36)}`,
    `AKIA${'A1'.repeat(8)}`,
    `xoxb-${'1'.repeat(20)}`,
    `SG.${'a'.repeat(22)}.${'b'.repeat(43)}`,
  ],
  'private-key': [PEM, `${BEGIN} PRIVATE KEY-----\nMIIEv`, `${BEGIN} PGP PRIVATE KEY BLOCK-----\nxcL`],
  ipv4: ['192.0.2.1', '255.255.255.255'],
};
const unknown: Readonly<Record<KnownPattern, readonly string[]>> = {
  card: [
    '4111111111111112',
    '1234567812345670',
    '94111111111111111',
    '41111111111111110',
    '0000000000000000',
    '4111\n1111\n1111\n1111',
    '4111   1111 1111 1111',
    '1764532800000',
  ],
  iban: ['CH9300762011623852958', 'DE8937040044053201300', 'XX89370400440532013000', 'ACH9300762011623852957'],
  email: ['@example.com', 'alice@', 'alice@localhost', 'a@b..io', 'git@1.2.3.4', '@scope/package@1.2.3'],
  phone: ['061 123 45 67', '+1 23', '1+41611234567', '+4161123456789012345'],
  'api-key': ['chk_short', 'eyJ.a.b', 'sk-short', 'task-aaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'AKIA'],
  'private-key': ['-----BEGIN PUBLIC KEY-----', '-----BEGIN CERTIFICATE-----'],
  ipv4: ['1.2.3', '1.2.3.4.5', '256.1.1.1', 'v1.2.3.04', '1.1.1.1234'],
};

describe.each(Object.entries(known) as [KnownPattern, readonly string[]][])('%s', (pattern, texts) => {
  it.each(texts)('is %s, alone and in the middle of a sentence', (text) => {
    expect(found(pattern, text)).toEqual([text]);
    const whole = pattern === 'private-key' && !text.includes('END');
    expect(found(pattern, `see: ${text}, please.`)).toEqual([whole ? `${text}, please.` : text]);
    expect(found(pattern, `{"value":"${text}"}`)).toEqual([whole ? `${text}"}` : text]);
  });

  it.each(unknown[pattern])('is not %j', (text) => {
    expect(found(pattern, text)).toEqual([]);
  });
});

it('cards beside other groups of digits are found from group to group', () => {
  expect(found('card', '12 4111 1111 1111 1111 2027')).toEqual(['4111 1111 1111 1111']);
  expect(found('card', '4111111111111111 5555555555554444')).toEqual(['4111111111111111', '5555555555554444']);
  expect(found('card', '4111111111111111 123')).toEqual(['4111111111111111']);
});

describe('in another spelling', () => {
  const encoded = (pattern: KnownPattern, text: string): readonly string[] =>
    readingsOf(text)
      .flatMap((reading) => (KNOWN[pattern].find(reading.text) ?? []).map((one) => reading.place(one)))
      .map(({ start, end }) => text.slice(start, end));

  it('is found percent-encoded', () => {
    expect(encoded('email', 'https://a.test/?to=alice%40example.com&x=1')).toEqual(['alice%40example.com']);
    expect(encoded('card', 'n=4111%201111%201111%201111')).toEqual(['4111%201111%201111%201111']);
  });

  it('is found in base64, which is covered as a whole', () => {
    const word = Buffer.from('card 4111111111111111').toString('base64');
    expect(encoded('card', `data ${word} end`)).toEqual([word]);
    expect(encoded('card', Buffer.from('nothing to see here').toString('base64'))).toEqual([]);
  });
});

describe('takes time in proportion to the text', () => {
  const hostile: readonly string[] = [
    ...[
      '1',
      '4 ',
      '1 2-',
      '4111 1111 1111 ',
      'a',
      '@',
      'a@b.',
      'a.',
      'eyJa',
      'eyJaaaaa.',
      'SG.',
      'SG.aaaaaaaaaaaaaaaa.',
    ],
    ...['CH93', 'CH93 ', '+1 ', '1.', '-----BEGIN ', `${BEGIN} PRIVATE KEY-----`, '%40', '%2', 'A'.repeat(17), ' '],
  ];
  // Twice the square of this length is more than the time of a test: it is linear, or it is not done.
  const LENGTH = 500_000;

  it.each(hostile)('of %j over and over', { timeout: 60_000 }, (piece) => {
    const text = piece.repeat(Math.ceil(LENGTH / piece.length));
    for (const detector of Object.values(KNOWN)) expect(detector.find(text)).toBeDefined();
    expect(readingsOf(text)).toBeDefined();
  });
});
