import { generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, jwtVerify, SignJWT } from 'jose';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { reveal, Secret } from '#kernel';
import { SIGNING_ALGORITHMS } from '../keys/algorithm.ts';
import { exportPrivate, makeSigner, parseSigner, thumbprint, verifierOf } from '../keys/key-material.ts';

const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
const pemOf = (key: KeyObject): Secret => new Secret(key.export({ type: 'pkcs8', format: 'pem' }) as string);

describe.each(SIGNING_ALGORITHMS)('a key for %s', (algorithm) => {
  it('signs what its published part verifies, and jose agrees (RFC 7515)', async () => {
    const signer = await makeSigner(algorithm);
    const token = await new SignJWT({ sub: 'alice' })
      .setProtectedHeader({ alg: algorithm, kid: signer.kid })
      .sign(signer.privateKey);
    const { payload, protectedHeader } = await jwtVerify(token, verifierOf(signer.jwk).publicKey, {
      algorithms: [algorithm],
    });
    expect(payload.sub).toBe('alice');
    expect(protectedHeader.kid).toBe(signer.kid);
  });

  it('is called by its thumbprint (RFC 7638 §3) and publishes no private member (RFC 7517 §9.2)', async () => {
    const { kid, jwk, publicKey } = await makeSigner(algorithm);
    expect(kid).toBe(await calculateJwkThumbprint(await exportJWK(publicKey)));
    expect(jwk).toMatchObject({ kid, use: 'sig', alg: algorithm });
    expect(Object.keys(jwk).filter((member) => PRIVATE.includes(member))).toEqual([]);
  });

  it('is the same key after it was kept and read again', async () => {
    const signer = await makeSigner(algorithm);
    const read = parseSigner(exportPrivate(signer), algorithm);
    expect(read.ok && read.value.jwk).toEqual(signer.jwk);
  });
});

test('the thumbprint of RFC 7638 §3.1 comes out as the RFC prints it', () => {
  const n =
    '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw';
  expect(thumbprint({ n, kty: 'RSA', e: 'AQAB' })).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
});

test('a thumbprint does not depend on the order of members', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.string()), (members) => {
      const turned = Object.fromEntries(Object.entries(members).toReversed());
      expect(thumbprint(turned)).toBe(thumbprint(members));
    }),
  );
});

describe('AS-056: what is offered as a signing key and is none', () => {
  const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength }).privateKey;
  const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).privateKey;
  it.each([
    ['an RSA key of 1024 bits (RFC 7518 §3.3)', pemOf(rsa(1024)), undefined, /too short/],
    ['a curve of another world', pemOf(ec('secp256k1')), undefined, /not for signing tokens/],
    ['a key for agreement', pemOf(generateKeyPairSync('x25519').privateKey), undefined, /not for signing tokens/],
    ['Ed448', pemOf(generateKeyPairSync('ed448').privateKey), undefined, /not for signing tokens/],
    ['RSA for ES256', pemOf(rsa(2048)), 'ES256', /cannot sign with `ES256`/],
    ['P-256 for ES384 (RFC 7518 §3.4: each algorithm has its curve)', pemOf(ec('P-256')), 'ES384', /cannot sign with/],
    ['words', new Secret('my-test-key'), undefined, /no private key in PEM/],
    ['nothing', new Secret(''), undefined, /no private key in PEM/],
    [
      'a public key',
      new Secret(generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }) as string),
      undefined,
      /no private key in PEM/,
    ],
  ] as const)('refuses %s', (_, pem, algorithm, message) => {
    const read = parseSigner(pem, algorithm);
    expect(read.ok ? 'a key' : read.error).toMatch(message);
    if (!read.ok) expect(reveal(pem).length < 40 || !read.error.includes(reveal(pem).slice(30, 60))).toBe(true);
  });

  it('has neither `none` nor an algorithm with a shared key among those that there are (RFC 8725 §3.1)', () => {
    expect(SIGNING_ALGORITHMS.filter((one) => one.startsWith('HS') || one.toLowerCase() === 'none')).toEqual([]);
  });
});

test('a signer does not print its key', async () => {
  const signer = await makeSigner('ES256');
  const { d } = signer.privateKey.export({ format: 'jwk' });
  expect(JSON.stringify(signer)).not.toContain(d);
  expect(
    verify('sha256', Buffer.from('x'), signer.publicKey, sign('sha256', Buffer.from('x'), signer.privateKey)),
  ).toBe(true);
});
