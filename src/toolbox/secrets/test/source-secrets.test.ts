import { beforeEach, describe, expect, it } from 'vitest';
import { reveal, Secret } from '#kernel';
import { BELIEVED_MS } from '../source-secrets.ts';
import { certificateOf, privateKeyOf } from '../material-text.ts';
import { secretsOf, testVault, type TestVault } from './vault.fixture.ts';

const DB = { namespace: 'default', name: 'db' };
const password = (text: string) => ({ kind: 'password', password: new Secret(text) }) as const;

let now = 0;
let vault: TestVault;
beforeEach(() => {
  now = 1_000_000;
  vault = testVault();
});
const source = () => secretsOf(vault, { now: () => now });

describe('a secret of a source', () => {
  it('is not read before somebody needs it, and then by the name of its source', async () => {
    vault.put('secret://default/db', password('one'));
    const secrets = source();
    expect(vault.reads).toEqual([]);
    expect(reveal(await secrets.text(DB))).toBe('one');
    expect(vault.reads).toEqual([
      {
        reference: 'secret://default/db',
        holder: { namespace: 'default', by: 'source shop', connection: expect.any(String) },
      },
    ]);
  });

  it('is read once by all who ask at the same time, and believed for a second', async () => {
    vault.put('secret://default/db', password('one'));
    const secrets = source();
    await Promise.all([secrets.text(DB), secrets.text(DB), secrets.held(DB)]);
    vault.put('secret://default/db', password('two'));
    now += BELIEVED_MS - 1;
    expect(reveal(await secrets.text(DB))).toBe('one');
    expect(vault.reads).toHaveLength(1);
    now += 1;
    expect(reveal(await secrets.text(DB))).toBe('two');
  });

  it('is not believed beyond its end, nor longer because a clock was set back', async () => {
    vault.put('secret://default/db', password('one'), now + 10);
    const secrets = source();
    await secrets.text(DB);
    vault.fail('secret://default/db', 'SECRET_EXPIRED');
    now += 10;
    await expect(secrets.text(DB)).rejects.toMatchObject({ code: 'SECRET_UNAVAILABLE' });

    vault.put('secret://default/db', password('two'));
    await secrets.text(DB);
    now -= 3_600_000;
    vault.put('secret://default/db', password('three'));
    expect(reveal(await secrets.text(DB))).toBe('three');
  });

  it.each([
    ['SECRET_UNKNOWN', 'is not in the vault, or not for this source'],
    ['SECRET_DISABLED', 'is disabled'],
    ['SECRET_EXPIRED', 'has ended'],
    ['SEALED_DATA_ALTERED', 'cannot be read now (SEALED_DATA_ALTERED)'],
    ['AUDIT_UNAVAILABLE', 'cannot be read now (AUDIT_UNAVAILABLE)'],
  ])('that answers %s is an error with its name, and tried again by the next call', async (code, words) => {
    vault.fail('secret://default/db', code);
    const secrets = source();
    await expect(secrets.text(DB)).rejects.toMatchObject({
      code: 'SECRET_UNAVAILABLE',
      message: `\`secret://default/db\`, which the source \`shop\` needs, ${words}`,
      details: { secret: 'secret://default/db' },
    });
    vault.put('secret://default/db', password('there'));
    expect(reveal(await secrets.text(DB))).toBe('there');
  });

  it('cannot be had where no vault is open', async () => {
    await expect(secretsOf().text(DB)).rejects.toThrow('cannot be read: no vault is open');
  });

  it('that is a text already asks nobody', async () => {
    expect(reveal(await source().text(new Secret('plain')))).toBe('plain');
    expect(source().stamp([new Secret('plain'), undefined])).toBeUndefined();
    expect(vault.reads).toEqual([]);
  });

  it('stamps connections: the same while no version changes, another one after', async () => {
    vault.put('secret://default/db', password('one'));
    vault.put('secret://default/ca', password('x'));
    const stamp = source().stamp([DB, { namespace: 'default', name: 'ca' }]);
    const first = await stamp?.();
    now += BELIEVED_MS;
    expect(await stamp?.()).toBe(first);
    vault.put('secret://default/ca', password('y'));
    now += BELIEVED_MS;
    expect(await stamp?.()).not.toBe(first);
  });
});

describe('where one text is wanted, a secret of the kind', () => {
  const secret = new Secret('text');
  it.each([
    [{ kind: 'api-key', key: secret } as const, 'text'],
    [{ kind: 'bearer', token: secret } as const, 'text'],
    [{ kind: 'password', password: secret } as const, 'text'],
    [{ kind: 'basic', username: 'ana', password: secret } as const, 'text'],
    [{ kind: 'oauth-client', clientId: 'c', clientSecret: secret } as const, undefined],
    [{ kind: 'mtls', certificate: 'c', privateKey: secret } as const, undefined],
  ])('%j gives %s', async (material, text) => {
    vault.put('secret://default/db', material);
    const given = await source()
      .text(DB)
      .then(reveal, (error: Error) => error.message);
    expect(given).toBe(
      text ??
        `\`secret://default/db\`, which the source \`shop\` needs, is of the kind \`${material.kind}\`, which cannot stand here`,
    );
  });

  it('mtls gives a certificate and its key, each where it belongs', async () => {
    vault.put('secret://default/db', { kind: 'mtls', certificate: 'CERT', privateKey: new Secret('KEY') });
    expect(reveal(await source().text(DB, certificateOf))).toBe('CERT');
    expect(reveal(await source().text(DB, privateKeyOf))).toBe('KEY');
  });
});
