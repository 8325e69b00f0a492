/** `tls.ca` of a key wrapper, from the configuration to the handshake. */
import { expect, onTestFinished, test } from 'vitest';
import { serverSchema } from '#contract';
import { silentLogger, systemClock } from '#kernel';
import { Endings, openServices } from '#main';
import { parseSecretMaterial } from '#vault';
import { testAuthority } from '../../../test/certificates.ts';
import { startTransit } from '../../../test/key-services.ts';
import { workspace } from './server.fixture.ts';

const authority = testAuthority('Keys of the house');

async function open(address: string, tls: object | undefined): Promise<void> {
  const place = workspace();
  const endings = new Endings();
  onTestFinished(async () => {
    await endings.close(silentLogger);
    place.remove();
  });
  const ca = place.write('ca.pem', authority.cert);
  const keyWrapper = {
    type: 'transit',
    address,
    key: 'house',
    token: 'of-the-tests',
    ...(tls && { tls: { ca, ...tls } }),
  };
  const settings = serverSchema.parse({ kind: 'server', vault: { keyWrapper } });
  const services = await openServices({
    ...{ dataDir: place.dataDir, settings, log: silentLogger, endings },
    clock: systemClock,
  });
  const material = parseSecretMaterial({ kind: 'password', password: 'hunter2' });
  await services.vault.secrets.put({ namespace: 'home', name: 'db', material }, async () => {});
}

test('a vault opens over Transit of a private authority with its `ca`, and does not without', async () => {
  const service = await startTransit('of-the-tests', 'transit', authority.issue(['127.0.0.1']));
  service.rotate('house');
  await expect(open(service.address, undefined)).rejects.toMatchObject({ code: 'KEY_WRAPPER_UNAVAILABLE' });
  expect(service.requests).toEqual([]);
  await open(service.address, {});
  expect(service.requests.length).toBeGreaterThan(0);
});

test.each([
  ['transit', { type: 'transit', address: 'http://127.0.0.1:8200', key: 'k', token: 't', tls: { ca: '/ca.pem' } }],
  [
    'aws-kms',
    {
      type: 'aws-kms',
      region: 'r',
      keyArn: 'arn:aws:kms:r:111122223333:key/k',
      endpoint: 'http://localhost',
      accessKeyId: 'i',
      secretAccessKey: 's',
      tls: { ca: '/ca.pem' },
    },
  ],
])('a `ca` for %s over plain HTTP is refused: nothing would be checked against it', (_, keyWrapper) => {
  const read = serverSchema.safeParse({ kind: 'server', vault: { keyWrapper } });
  expect(read.error?.issues.map(({ path }) => path.join('.'))).toEqual(['vault.keyWrapper.tls']);
});
