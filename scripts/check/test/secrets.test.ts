import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { findSecrets } from '../secrets.ts';
import { scanText } from '../secrets/scan-text.ts';
import { looksRandom } from '../secrets/shapes.ts';

// The seeds are made at random here: this file holds none of what it looks for.
const random = (length: number): string => randomBytes(length).toString('base64url').slice(0, length);
const letters = (length: number): string => randomBytes(length).toString('hex').slice(0, length);
const upper = (length: number): string => letters(length).toUpperCase();
/** Base64 of a random value now and then holds a long run of one case; the shape test wants typical ones. */
const typical = (length: number): string => {
  for (;;) {
    const text = letters(length);
    if (looksRandom(text)) return text;
  }
};

describe('finds what is seeded', () => {
  test.each<[string, () => string]>([
    ['private key', () => ['-----BEGIN EC', 'PRIVATE KEY-----'].join(' ')],
    ['private key', () => ['-----BEGIN', 'PRIVATE KEY-----'].join(' ')],
    ['Chatelaine API key', () => `key: chk_${letters(26)}_${random(43)}`],
    ['JSON Web Token', () => `Bearer eyJ${random(20)}.eyJ${random(40)}.${random(43)}`],
    ['AWS access key', () => `AKIA${upper(16)}`],
    ['GitHub token', () => `ghp_${letters(36)}`],
    ['GitHub token', () => `github_pat_${letters(60)}`],
    ['GitLab token', () => `glpat-${letters(20)}`],
    ['Google key', () => `AIza${random(35)}`],
    ['Slack token', () => `xoxb-${letters(12)}-${letters(24)}`],
    ['npm token', () => `npm_${letters(36)}`],
    ['Stripe key', () => `sk_live_${letters(24)}`],
    ['model provider key', () => `sk-ant-${letters(40)}`],
    ['password in a URL', () => `postgres://app:${typical(20)}@db.example/app`],
    ['value of a secret name', () => `DB_PASSWORD=${typical(24)}`],
    ['value of a secret name', () => `"client_secret": "${typical(32)}"`],
    ['value of a secret name', () => `const apiKey = '${typical(32)}';`],
    ['value of a secret name', () => `  token: ${typical(32)}`],
  ])('%s %#', (shape, seed) => {
    const text = seed();
    expect(scanText(`first line\n  ${text}  # here\n`)).toContainEqual(expect.objectContaining({ shape, line: 2 }));
  });
});

describe('lets ordinary text be', () => {
  test.each([
    'password: ${POSTGRES_PASSWORD}',
    'password: my-test-password-of-the-example',
    'postgres://app:${PASSWORD}@localhost/app',
    'postgres://postgres:password@localhost:5432/postgres',
    'const token = randomToken(32);',
    'token: z.string().min(1),',
    'secret: "secret://default/warehouse-2024"',
    'tokenVerifier = createTokenVerifier(store)',
    '-----BEGIN CERTIFICATE-----',
    '"integrity": "sha512-ZTd0mCIFyG8ceG2F3KjHWkbvlTFr9ZbC1gTRlwSSbpBZKrNB1MRGpk3Ks0xvXAVWTQBCxQTkmfRtXa8ZPxyy0w=="',
    'chk_<id>_<secret>',
  ])('%s', (line) => {
    expect(scanText(line)).toEqual([]);
  });
});

test('a random key of ours is found wherever in a line it stands', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 40 }).filter((text) => !/[\w\n]$/.test(text)),
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      (before, bytes) => {
        const key = `chk_0123456789_${Buffer.from(bytes).toString('base64url')}`;
        expect(scanText(`${before} ${key}`).map(({ shape }) => shape)).toContain('Chatelaine API key');
      },
    ),
  );
});

describe('allowances', () => {
  const text = `AKIA${upper(16)}`;
  const digest = createHash('sha256').update(text).digest('hex');
  const reason = 'an example of the documentation';

  test('a finding names file, line and digest, never the secret', () => {
    const root = temporaryFolder({ 'a.env': `# x\nID=${text}\n` });
    const [finding, ...others] = findSecrets(root, ['a.env'], []);
    expect(others).toEqual([]);
    expect(finding).toMatch(/^a\.env:2 looks like a secret \(AWS access key\)/);
    expect(finding).toContain(digest);
    expect(finding).not.toContain(text);
  });

  test('the digest of a text allows that text alone', () => {
    const root = temporaryFolder({ 'a.env': `ID=${text}\nID=AKIA${upper(16)}\n` });
    expect(findSecrets(root, ['a.env'], [{ digest, reason }])).toEqual([expect.stringMatching(/^a\.env:2 /)]);
  });

  test('an allowance that nothing needs is reported', () => {
    const root = temporaryFolder({ 'a.env': '' });
    expect(findSecrets(root, ['a.env'], [{ digest, reason }])).toEqual([
      expect.stringContaining('stands nowhere; remove the entry'),
    ]);
  });
});
