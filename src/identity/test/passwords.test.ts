import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reveal, Secret } from '#kernel';
import { COST, PasswordHasher } from '../passwords/password-hasher.ts';
import { parseNewPassword, presentedPassword } from '../passwords/password-rules.ts';
import { formatPhc, parsePhc } from '../passwords/phc-string.ts';
import { refusalCode, TEST_COST } from './sign-in.fixture.ts';

const cheap = (limits = {}) => new PasswordHasher({ cost: TEST_COST, ...limits });

describe('a hash', () => {
  test('is argon2id with at least the cost that OWASP asks for, in PHC form', async () => {
    const phc = await new PasswordHasher().hash(new Secret('vier Kraniche'));
    expect(phc).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(COST.memory).toBeGreaterThanOrEqual(19 * 1024);
  });

  test('is the one that the reference implementation makes', async () => {
    // From the tests of the reference implementation: `echo -n "password" | argon2 somesalt -id -t 2 -m 16 -p 1 -l 32`.
    const reference = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
    expect(await new PasswordHasher().matches(new Secret('password'), reference)).toBe(true);
    expect(await new PasswordHasher().matches(new Secret('passwore'), reference)).toBe(false);
  });

  test('of one password is never the same twice', async () => {
    const hasher = cheap();
    const hashes = await Promise.all([1, 2, 3].map(() => hasher.hash(new Secret('one password'))));
    expect(new Set(hashes).size).toBe(3);
  });

  test('that is none, or asks for more than a GiB, matches nothing', async () => {
    const hasher = cheap();
    for (const stored of [
      undefined,
      '',
      'password',
      '$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
      '$argon2id$v=19$m=9999999,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
      '$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    ]) {
      expect(await hasher.matches(new Secret(''), stored)).toBe(false);
    }
  });

  test('has one spelling', () => {
    const parameters = fc.record({
      memory: fc.integer({ min: 128, max: 99_999 }),
      passes: fc.integer({ min: 1, max: 9 }),
      parallelism: fc.integer({ min: 1, max: 9 }),
      salt: fc.uint8Array({ minLength: 8, maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
      tag: fc.uint8Array({ minLength: 12, maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
    });
    fc.assert(
      fc.property(parameters, fc.nat(), fc.string({ maxLength: 1 }), (hash, at, put) => {
        const text = formatPhc(hash);
        expect(parsePhc(text)).toEqual(hash);
        const changed = text.slice(0, at % text.length) + put + text.slice((at % text.length) + 1);
        const read = parsePhc(changed);
        expect(read === undefined || formatPhc(read) === changed).toBe(true);
      }),
    );
  });

  test('says when its cost is another than today', async () => {
    const phc = await cheap().hash(new Secret('x'));
    expect(cheap().outdated(phc)).toBe(false);
    expect(cheap({ cost: { ...TEST_COST, passes: 2 } }).outdated(phc)).toBe(true);
  });
});

describe('the queue', () => {
  test('computes so many at once, lets so many wait, and tells the others to come back', async () => {
    const hasher = cheap({ atOnce: 2, waiting: 3 });
    const ends = await Promise.all(Array.from({ length: 20 }, () => refusalCode(hasher.hash(new Secret('x')))));
    expect(ends.filter((end) => end === 'nothing')).toHaveLength(5);
    expect(ends.filter((end) => end === 'SIGN_IN_BUSY')).toHaveLength(15);
    expect(await refusalCode(hasher.hash(new Secret('x')))).toBe('nothing');
  });

  test('gives its place back when a computation fails', async () => {
    const hasher = cheap({ atOnce: 1, waiting: 0, cost: { memory: 1, passes: 1, parallelism: 1 } });
    for (let at = 0; at < 3; at++) await expect(hasher.hash(new Secret('x'))).rejects.toThrow(/memory/i);
  });

  test('does not hold the event loop', async () => {
    const order: string[] = [];
    const hashed = new PasswordHasher().hash(new Secret('x')).then(() => order.push('hash'));
    await new Promise<void>((resolve) => setImmediate(() => resolve()));
    order.push('loop');
    await hashed;
    expect(order).toEqual(['loop', 'hash']);
  });
});

describe('a new password', () => {
  test.each([
    ['correct horse battery staple'],
    ['vier Kraniche ziehen südwärts'],
    ['tr0ub4dor&3-and-more'],
    ['das ist mein Haus am See'],
    ['kJ8#vQ2!mZ5$'],
    ['пароль из пяти слов'],
    ['猫が窓辺で眠っている午後の光'],
    ['👩‍🚀🪐🛰️🌌☄️🌠🔭🚀🌕🌖🌗🌘'],
    ['maria likes blue whales', 'maria'],
  ])('may be `%s`', (text, name = 'someone') => {
    expect(parseNewPassword(text, [name])).toMatchObject({ ok: true });
  });

  test.each([
    ['eleven chars', 'too short', 'elevenchars'],
    ['a common one with digits', 'common', 'Password2024!!'],
    ['the same in other signs', 'common', 'P@ssw0rd123456'],
    ['a row of keys', 'common', 'qwertyuiop[]123'],
    ['digits in order', 'common', '123456789012345'],
    ['one character', 'common', 'aaaaaaaaaaaaaaaa'],
    ['one pair', 'common', 'ababababababababab'],
    ['two common words', 'common', 'dragonmonkey2023'],
    ['the name of the service', 'common', 'chatelaine-admin-1'],
    ['the person’s own name', 'common', 'maria.bernasconi1'],
    ['the words of the comic', 'common', 'correct-horse-battery-staple'],
    ['alphabet', 'common', 'abcdefghijklmnop'],
    ['spaces', 'common', '                  '],
    ['1,025 characters', 'too long', 'x1'.repeat(512) + 'y'],
  ])('may not be %s (%s)', (_, why, text) => {
    const parsed = parseNewPassword(text, ['maria', 'Maria Bernasconi', 'maria@example.test']);
    expect(parsed.ok).toBe(false);
    const words = { 'too short': /at least 12/, common: /tried first/, 'too long': /at most 1024/ };
    if (!parsed.ok) expect(parsed.error).toMatch(words[why as keyof typeof words]);
  });

  test('is the same from every keyboard (NFKC), and characters count as people count them', () => {
    const composed = parseNewPassword('zwölf Boxkämpfer', []);
    const decomposed = parseNewPassword('zwo\u0308lf Boxka\u0308mpfer', []);
    expect(composed.ok && decomposed.ok && reveal(composed.value) === reveal(decomposed.value)).toBe(true);
    expect(reveal(presentedPassword('zwo\u0308lf'))).toBe('zwölf');
  });

  test('takes a bounded time to judge, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 1100 }), (text) => {
        const parsed = parseNewPassword(text, ['maria']);
        if (parsed.ok) expect(Array.from(reveal(parsed.value)).length).toBeGreaterThanOrEqual(12);
      }),
      { numRuns: 200 },
    );
  });

  test('that no password can be is not hashed at its length', () => {
    const digest = (text: string) =>
      createHash('sha256')
        .update(reveal(presentedPassword(text)))
        .digest('hex');
    expect(digest('x'.repeat(100_000))).toBe(digest(''));
  });
});
