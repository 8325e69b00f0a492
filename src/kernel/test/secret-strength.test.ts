import { describe, expect, it } from 'vitest';
import { isWellKnownSecret, randomToken, Secret, sha256Hex, weaknessOfSecret } from '../index.ts';

describe('a secret that everybody tries first', () => {
  it.each([
    '',
    '  ',
    'password',
    'Password1!',
    'CHANGE-ME',
    'change_me_123',
    'my-test-key',
    'your-256-bit-secret',
    'your-secret-key-here',
    'supersecret',
    'your-credential-secret-key-here',
    'only-for-a-try',
    'postgres',
    '123456',
    '12345678',
    '00000000000000000000',
    '4711',
  ])('is %j', (text) => expect(isWellKnownSecret(new Secret(text))).toBe(true));

  it.each(['correct horse battery staple', 'passwords are passé', '8427193650281', 'k3Hs9_dmQ2'])('is not %j', (text) =>
    expect(isWellKnownSecret(new Secret(text))).toBe(false),
  );
});

describe('a secret whose strength is ours', () => {
  it.each([
    ['supersecretpassword', /everybody tries first/],
    ['k3Hs9_dmQ2', /fewer than 16 characters/],
    ['k3Hs9_dmk3Hs9_dm', /repeats itself/],
    [Buffer.alloc(32, 1).toString('base64'), /repeats itself/],
    ['aaaaaaaaaaaaaaaaaaaaaaaaaaaab', /too few of its characters differ/],
    ['abababababababababababababa', /repeats itself/],
    ['aaaabaaaaabbaaaabbbbaaab', /too few of its characters differ/],
  ])('can be guessed: %j', (text, weakness) => expect(weaknessOfSecret(new Secret(text))).toMatch(weakness));

  it('is strong when a generator made it, in base64 or in hexadecimal', () => {
    for (let made = 0; made < 500; made++) {
      const token = randomToken(32);
      expect(weaknessOfSecret(new Secret(token))).toBeUndefined();
      expect(weaknessOfSecret(new Secret(sha256Hex(token)))).toBeUndefined();
    }
  });
});
