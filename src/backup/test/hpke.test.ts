import fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { open, publicKeyOf, seal, type Aead } from '../archive/hpke.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

test('seals as RFC 9180 appendix A.1.1 does: base mode, X25519, HKDF-SHA256, AES-128-GCM, first message', () => {
  const aead: Aead = { id: 0x0001, name: 'aes-128-gcm', keyBytes: 16 };
  const ephemeral = hex('52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736');
  const recipient = hex('4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8');
  const message = { info: Buffer.from('Ode on a Grecian Urn'), aad: Buffer.from('Count-0') };
  const plaintext = Buffer.from('Beauty is truth, truth beauty');
  const sealed = seal(publicKeyOf(recipient), ephemeral, { ...message, plaintext }, aead);
  expect(sealed.enc.toString('hex')).toBe('37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431');
  expect(sealed.ciphertext.toString('hex')).toBe(
    'f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a',
  );
  expect(open(recipient, sealed, message, aead)).toEqual(plaintext);
});

test('opens for its recipient alone, and for nobody once a byte of it differs', () => {
  const [mine, other] = [randomBytes(32), randomBytes(32)];
  const message = { info: Buffer.from('info'), aad: Buffer.from('aad') };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, at, flip) => {
      const sealed = seal(publicKeyOf(mine), randomBytes(32), { ...message, plaintext: Buffer.from(bytes) });
      expect(open(mine, sealed, message)).toEqual(Buffer.from(bytes));
      expect(open(other, sealed, message)).toBeUndefined();
      expect(open(mine, sealed, { ...message, info: Buffer.from('else') })).toBeUndefined();
      const all = Buffer.concat([sealed.enc, sealed.ciphertext]);
      // The top bit of an X25519 public key does not count (RFC 7748 §5).
      const place = at % all.length;
      all[place] = (all[place] ?? 0) ^ (place === 31 ? flip & 0x7f || 1 : flip);
      expect(open(mine, { enc: all.subarray(0, 32), ciphertext: all.subarray(32) }, message)).toBeUndefined();
    }),
    { numRuns: 50 },
  );
});
