/** The list of RFC 9449 §4.3, one by one and at random. */
import { createHash, createHmac, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { base64url } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { proofKey, prove, type ProofKey, type ProofOf } from '../../../test/dpop.ts';
import { checkProof, normalized, WINDOW_MS } from '../confirmation/dpop-proof.ts';
import { ProofNonces } from '../confirmation/proof-nonces.ts';

const URL = 'https://tools.test/mcp';
const TOKEN = 'the.access.token';
const NOW = Math.floor(Date.now() / 1000) * 1000;
const nonces = new ProofNonces(Buffer.alloc(32, 7));
const request = { method: 'POST', url: URL, token: TOKEN, now: NOW, nonces };

let key: ProofKey;
beforeAll(async () => {
  key = await proofKey();
});

const proof = (of: Partial<ProofOf> = {}, by = key): Promise<string> => prove(by, { url: URL, token: TOKEN, ...of });
const judged = async (...proofs: string[]) => await checkProof(proofs, request);
const errorOf = async (...proofs: string[]): Promise<string> => {
  const checked = await judged(...proofs);
  return checked.ok ? 'counts' : checked.error.error;
};

describe('a proof', () => {
  it.each(['ES256', 'RS256', 'EdDSA'] as const)('counts when signed with %s, and names its key', async (alg) => {
    const by = await proofKey(alg);
    expect(await judged(await proof({}, by))).toMatchObject({ ok: true, value: { jkt: by.jkt } });
  });

  it.each([
    ['a query and a fragment', `${URL}?page=2#top`],
    ['upper case in scheme and host', 'HTTPS://Tools.Test/mcp'],
    ['the usual port', 'https://tools.test:443/mcp'],
    ['dot segments', 'https://tools.test/x/../mcp'],
  ])('names its URL in any of its spellings: with %s', async (_, htu) => {
    expect(await errorOf(await proof({ claims: { htu } }))).toBe('counts');
  });

  it('may be as old and as new as clocks differ, and no more', async () => {
    const at = async (ms: number) => errorOf(await proof({ claims: { iat: (NOW + ms) / 1000 } }));
    expect([await at(-WINDOW_MS), await at(WINDOW_MS)]).toEqual(['counts', 'counts']);
    expect([await at(-WINDOW_MS - 1000), await at(WINDOW_MS + 1000)]).toEqual(['use_dpop_nonce', 'use_dpop_nonce']);
  });

  it('of a client whose clock is wrong counts with the nonce that it was given (RFC 9449 §9)', async () => {
    const iat = 1_000_000_000;
    const refused = await judged(await proof({ claims: { iat } }));
    const nonce = refused.ok ? '' : refused.error.nonce;
    expect(await errorOf(await proof({ claims: { iat, nonce } }))).toBe('counts');
    const later = { ...request, now: NOW + 5 * 60_000 };
    const late = await checkProof([await proof({ claims: { nonce } })], later);
    expect(late).toMatchObject({ ok: false, error: { error: 'use_dpop_nonce', nonce: nonces.next(later.now) } });
  });
});

describe('AS-074: a proof that does not prove', () => {
  const wrong: [what: string, of: Partial<ProofOf>][] = [
    ['another method', { claims: { htm: 'GET' } }],
    ['another case of the method', { claims: { htm: 'post' } }],
    ['no method', { claims: { htm: undefined } }],
    ['another path', { claims: { htu: 'https://tools.test/api' } }],
    ['another host', { claims: { htu: 'https://evil.test/mcp' } }],
    ['another port', { claims: { htu: 'https://tools.test:8443/mcp' } }],
    ['another scheme', { claims: { htu: 'http://tools.test/mcp' } }],
    ['a slash more', { claims: { htu: `${URL}/` } }],
    ['a user in its URL', { claims: { htu: 'https://alice@tools.test/mcp' } }],
    ['no URL', { claims: { htu: undefined } }],
    ['a URL that is none', { claims: { htu: 'mcp' } }],
    ['the digest of another token', { token: 'another.access.token' }],
    ['no digest of the token', { token: undefined }],
    ['no time', { claims: { iat: undefined } }],
    ['a time in text', { claims: { iat: String(NOW / 1000) } }],
    ['part of a second', { claims: { iat: NOW / 1000 + 0.5 } }],
    ['no jti', { claims: { jti: undefined } }],
    ['an empty jti', { claims: { jti: '' } }],
    ['a jti without end', { claims: { jti: 'j'.repeat(257) } }],
    ['another type', { header: { typ: 'JWT' } }],
    ['no type', { header: { typ: undefined } }],
    ['no key', { header: { jwk: undefined } }],
    ['a critical extension', { header: { crit: ['exp'], exp: 1 } }],
  ];
  it.each(wrong)('is refused: %s', async (_, of) => {
    // jose refuses to sign what it does not know: the header is changed in the text then, and is not signed.
    const signed = await proof(of).catch(async () => withHeader(await proof(), of.header ?? {}));
    expect(await errorOf(signed)).toBe('invalid_dpop_proof');
  });

  it('is refused with its private key in it, though everything else is right', async () => {
    const jwk = key.privateKey.export({ format: 'jwk' });
    expect(await errorOf(await proof({ header: { jwk } }))).toBe('invalid_dpop_proof');
  });

  it('is refused when a shared secret signed it, or nothing (RFC 9449 §11.6)', async () => {
    const [, claims] = (await proof()).split('.') as [string, string];
    const secret = Buffer.alloc(32, 1);
    for (const [alg, jwk] of [
      ['HS256', { kty: 'oct', k: secret.toString('base64url') }],
      ['HS256', key.jwk],
      ['none', key.jwk],
    ] as const) {
      const signed = `${base64url.encode(JSON.stringify({ typ: 'dpop+jwt', alg, jwk }))}.${claims}`;
      const signature = alg === 'none' ? '' : createHmac('sha256', secret).update(signed).digest('base64url');
      expect(await errorOf(`${signed}.${signature}`)).toBe('invalid_dpop_proof');
    }
  });

  it('is refused under a key that did not sign it', async () => {
    const { jwk } = await proofKey();
    expect(await errorOf(withHeader(await proof(), { jwk }))).toBe('invalid_dpop_proof');
    expect(await errorOf(await proof({ header: { jwk } }))).toBe('invalid_dpop_proof');
  });

  it('is refused twice in a request, left out, and without end', async () => {
    expect(await errorOf(await proof(), await proof())).toBe('invalid_dpop_proof');
    expect(await errorOf(`${await proof()}, ${await proof()}`)).toBe('invalid_dpop_proof');
    expect(await errorOf()).toBe('invalid_dpop_proof');
    expect(await errorOf(await proof({ claims: { more: 'x'.repeat(10_000) } }))).toBe('invalid_dpop_proof');
  });

  it('is refused with a nonce that nobody gave', async () => {
    const other = new ProofNonces(Buffer.alloc(32, 8)).next(NOW);
    for (const nonce of ['', other, 17, nonces.next(NOW - 10 * 60_000)])
      expect(await errorOf(await proof({ claims: { nonce } }))).toBe('use_dpop_nonce');
  });

  it('is refused after any change of any one thing that it says', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const good = {
      ...{ jti: 'one', htm: 'POST', htu: URL, iat: NOW / 1000 },
      ath: createHash('sha256').update(TOKEN).digest('base64url'),
      nonce: nonces.next(NOW),
    };
    type Field = keyof typeof good;
    expect(await errorOf(await proof({ claims: good }))).toBe('counts');
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<Field>('htm', 'htu', 'iat', 'ath', 'nonce'),
        fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.constant([]), fc.constant({})),
        async (field, value) => {
          fc.pre(value !== good[field] && !(field === 'htu' && typeof value === 'string' && normalized(value) === URL));
          // With a nonce the time is not looked at, beyond that it is one.
          fc.pre(!(field === 'iat' && typeof value === 'number'));
          expect(await errorOf(await proof({ claims: { ...good, [field]: value } }))).not.toBe('counts');
        },
      ),
      { numRuns: 60 },
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 255 }), async (at, by) => {
        const text = await proof({ claims: good });
        const bytes = Buffer.from(text);
        const index = at % bytes.length;
        bytes[index] = (bytes[index] as number) ^ by;
        const changed = bytes.toString('latin1');
        // The last character of a part has bits that say nothing.
        fc.pre(!sameBytes(changed, text));
        expect(await errorOf(changed)).not.toBe('counts');
      }),
      { numRuns: 60 },
    );
    expect(await errorOf(await proof({ claims: good }, { ...key, privateKey }))).toBe('invalid_dpop_proof');
  });
});

/** The proof under another header, with the signature of before. */
function withHeader(signed: string, header: Readonly<Record<string, unknown>>): string {
  const [first, ...rest] = signed.split('.') as [string, string, string];
  const said = { ...(JSON.parse(Buffer.from(first, 'base64url').toString()) as object), ...header };
  return [base64url.encode(JSON.stringify(said)), ...rest].join('.');
}

const sameBytes = (one: string, other: string): boolean => {
  const parts = (text: string) => text.split('.').map((part) => Buffer.from(part, 'base64url').toString('hex'));
  return /^[\w.-]*$/.test(one) && parts(one).join() === parts(other).join();
};
