import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newId, reveal, Secret } from '#kernel';
import { DataKey } from '../envelope/data-key.ts';
import { KeyCache } from '../envelope/key-cache.ts';
import type { Place, Scope } from '../envelope/place.ts';
import { formatSealedText, parseSealedText, type SealedText } from '../envelope/sealed-text.ts';
import { HandClock } from './vault.fixture.ts';

const SCOPE: Scope = { kind: 'namespace', id: 'default' };
const newKey = (id = newId(0), scope = SCOPE, bytes = randomBytes(32)): DataKey => new DataKey(id, scope, bytes);

const word = fc.string({ maxLength: 12 });
const place: fc.Arbitrary<Place> = fc.record({ table: word, column: word, row: word, owner: word });
const plaintext = fc.string({ unit: 'grapheme', maxLength: 200 });

const open = (key: DataKey, where: Place, text: string): string | undefined => {
  const sealed = parseSealedText(text);
  const opened = sealed && key.decrypt(where, sealed);
  return opened && reveal(opened);
};

test('decrypting what was encrypted for a place gives it back, whatever it is', () => {
  const key = newKey();
  fc.assert(
    fc.property(place, plaintext, (where, text) => {
      expect(open(key, where, key.encrypt(where, new Secret(text)))).toBe(text);
    }),
    { numRuns: 500 },
  );
});

test('VLT-001: in another table, column, row or owner a sealed text does not open', () => {
  const key = newKey();
  fc.assert(
    fc.property(place, place, plaintext, (where, elsewhere, text) => {
      const sealed = key.encrypt(where, new Secret(text));
      for (const field of ['table', 'column', 'row', 'owner'] as const) {
        const moved = { ...where, [field]: elsewhere[field] };
        expect(open(key, moved, sealed)).toBe(where[field] === elsewhere[field] ? text : undefined);
      }
    }),
    { numRuns: 300 },
  );
});

test('VLT-001: what moves from the end of one field to the beginning of the next is another place', () => {
  const key = newKey();
  const sealed = key.encrypt({ table: 'ab', column: 'c', row: 'd","e', owner: 'f' }, new Secret('x'));
  for (const where of [
    { table: 'a', column: 'bc', row: 'd","e', owner: 'f' },
    { table: 'ab', column: 'c', row: 'd', owner: 'e","f' },
  ]) {
    expect(open(key, where, sealed)).toBeUndefined();
  }
});

test('VLT-001: the same bytes under another key id or scope do not open it', () => {
  const bytes = randomBytes(32);
  const where = { table: 't', column: 'c', row: 'r', owner: 'o' };
  const key = newKey(newId(0), SCOPE, Buffer.from(bytes));
  const sealed = parseSealedText(key.encrypt(where, new Secret('x'))) as SealedText;
  const others: readonly DataKey[] = [
    newKey(newId(0), SCOPE, Buffer.from(bytes)),
    newKey(key.id, { kind: 'subject', id: 'default' }, Buffer.from(bytes)),
    newKey(key.id, { kind: 'namespace', id: 'other' }, Buffer.from(bytes)),
  ];
  expect(key.decrypt(where, sealed)).toBeDefined();
  for (const other of others) expect(other.decrypt(where, sealed)).toBeUndefined();
});

test('any changed bit of nonce, tag or ciphertext fails, and so does any truncation', () => {
  const key = newKey();
  const where = { table: 't', column: 'c', row: 'r', owner: 'o' };
  const sealed = parseSealedText(key.encrypt(where, new Secret('a secret of some length'))) as SealedText;
  for (const part of ['nonce', 'tag', 'ciphertext'] as const) {
    for (let bit = 0; bit < sealed[part].length * 8; bit++) {
      const changed = Buffer.from(sealed[part]);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(key.decrypt(where, { ...sealed, [part]: changed })).toBeUndefined();
    }
  }
  for (let length = 0; length < sealed.ciphertext.length; length++) {
    expect(key.decrypt(where, { ...sealed, ciphertext: sealed.ciphertext.subarray(0, length) })).toBeUndefined();
  }
  expect(parseSealedText(formatSealedText({ ...sealed, tag: sealed.tag.subarray(0, 12) }))).toBeUndefined();
});

test('any changed, added or removed character of a sealed text fails', () => {
  const key = newKey();
  const where = { table: 't', column: 'c', row: 'r', owner: 'o' };
  fc.assert(
    fc.property(plaintext, fc.nat(), fc.string({ minLength: 1, maxLength: 1 }), (text, somewhere, letter) => {
      const sealed = key.encrypt(where, new Secret(text));
      const at = somewhere % sealed.length;
      const changes = [
        sealed.slice(0, at) + letter + sealed.slice(at + 1),
        sealed.slice(0, at) + letter + sealed.slice(at),
        sealed.slice(0, at) + sealed.slice(at + 1),
      ];
      for (const changed of changes.filter((one) => one !== sealed)) {
        // Another key id is another key, which is looked up under that id.
        if (parseSealedText(changed)?.keyId !== key.id) continue;
        expect(open(key, where, changed)).toBeUndefined();
      }
    }),
    { numRuns: 2000 },
  );
});

test('one sealed text has one spelling', () => {
  const where = { table: 't', column: 'c', row: 'r', owner: 'o' };
  // One byte of plaintext: base64url leaves four bits of its second character unread.
  const sealed = newKey().encrypt(where, new Secret('x'));
  const spellings = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/='
    .split('')
    .map((last) => sealed.slice(0, -1) + last)
    .filter((text) => parseSealedText(text) !== undefined);
  const decoded = new Set(spellings.map((text) => parseSealedText(text)?.ciphertext.toString('hex')));
  expect(spellings).toContain(sealed);
  expect(decoded.size).toBe(spellings.length);
  for (const other of [`${sealed}=`, `${sealed}.`, ` ${sealed}`, sealed.replace('v1', 'v2'), sealed.toUpperCase()]) {
    expect(parseSealedText(other)).toBeUndefined();
  }
});

test('no nonce repeats under a key in 100,000 messages', () => {
  const key = newKey();
  const where = { table: 't', column: 'c', row: 'r', owner: 'o' };
  const nonces = new Set<string>();
  for (let message = 0; message < 100_000; message++)
    nonces.add(key.encrypt(where, new Secret('')).split('.')[2] ?? '');
  expect(nonces.size).toBe(100_000);
});

test('a key that was zeroed encrypts nothing: its zeros would be a key that everybody has', () => {
  const bytes = randomBytes(32);
  const key = newKey(newId(0), SCOPE, bytes);
  key.zero();
  expect(bytes.equals(Buffer.alloc(32))).toBe(true);
  expect(() => key.encrypt({ table: '', column: '', row: '', owner: '' }, new Secret('x'))).toThrow('zeroed');
});

test('the keys in memory are bounded in number and in time, and zeroed as they go', () => {
  const clock = new HandClock();
  const cache = new KeyCache(clock, { keys: 3, lifetimeMs: 1000 });
  const kept = ['a', 'b', 'c', 'd'].map((id) => {
    const bytes = randomBytes(32);
    return { id, bytes, key: newKey(id, SCOPE, bytes) };
  });
  const zeroed = (): string =>
    kept
      .filter(({ bytes }) => bytes.equals(Buffer.alloc(32)))
      .map(({ id }) => id)
      .join('');
  for (const { key } of kept.slice(0, 3)) cache.put(key);
  cache.get('a');
  cache.put(kept[3]?.key as DataKey);
  expect(zeroed()).toBe('b');
  clock.advance(999);
  expect(cache.get('a')?.usable).toBe(true);
  // Use does not lengthen the life of a key.
  clock.advance(1);
  expect(cache.get('a')).toBeUndefined();
  expect(zeroed()).toBe('ab');
  cache.clear();
  expect(zeroed()).toBe('abcd');
});
