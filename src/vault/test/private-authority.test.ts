/** Key services whose certificate is of an authority that only their own configuration knows. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Secret, systemClock } from '#kernel';
import type { TlsClientSettings } from '#contract';
import { httpsPost, type HttpPost, type KeyWrapper } from '#vault';
import { testAuthority } from '../../../test/certificates.ts';
import { AwsKmsWrapper } from '../wrappers/aws-kms.ts';
import { TransitWrapper } from '../wrappers/transit.ts';
import { http, startKms, startTransit, type KeyService } from '../../../test/key-services.ts';
import { describeKeyWrapper } from './key-wrapper.contract.ts';
import { temporaryDirectory } from './vault.fixture.ts';

const TOKEN = `hvs.${randomBytes(12).toString('hex')}`;
const ARN = 'arn:aws:kms:eu-central-1:111122223333:key/first';
const authority = testAuthority('Keys of the house');
const stranger = testAuthority('Keys of the house');
const certificate = authority.issue(['127.0.0.1']);

const transitOver = ({ address }: KeyService, key: string, port: HttpPost): KeyWrapper =>
  new TransitWrapper({ address, key }, () => new Secret(TOKEN), port);
const kmsOver = ({ address }: KeyService, keyArn: string, port: HttpPost): KeyWrapper =>
  new AwsKmsWrapper(
    { region: 'eu-central-1', keyArn, endpoint: address },
    {
      credentials: () => ({ accessKeyId: 'id', secretAccessKey: new Secret('for tests') }),
      http: port,
      clock: systemClock,
    },
  );

const SERVICES = [
  ['the Transit engine', (own = certificate) => startTransit(TOKEN, 'transit', own), transitOver],
  ['AWS KMS', (own = certificate) => startKms(own), kmsOver],
] as const;

describe.each(SERVICES)('%s behind a private authority', (_, startService, over) => {
  describeKeyWrapper('with its `ca`', async () => {
    const service = await startService();
    for (const key of [ARN, `${ARN}-2`]) service.rotate(key);
    const port = httpsPost({ ca: authority.cert });
    return {
      wrapper: over(service, ARN, port),
      same: over(service, ARN, port),
      other: over(service, `${ARN}-2`, port),
    };
  });

  test.each<[string, HttpPost, RegExp]>([
    ['without a `ca`', http, /UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN/],
    ['with the `ca` of an authority of the same name', httpsPost({ ca: stranger.cert }), /CERT|VERIFY/],
    ['with another name in its certificate', httpsPost({ ca: authority.cert, serverName: 'keys.example' }), /ALTNAME/],
    ['with a `ca` that is not there', httpsPost({ ca: '/nowhere/ca.pem' }), /`\/nowhere\/ca\.pem`.*ENOENT/],
  ])('is not spoken to %s: nothing of a data key is sent', async (__, port, reason) => {
    const service = await startService();
    service.rotate(ARN);
    await expect(over(service, ARN, port).wrap(randomBytes(32), 'home')).rejects.toMatchObject({
      code: 'KEY_WRAPPER_UNAVAILABLE',
      message: expect.stringMatching(reason) as string,
    });
    expect(service.requests).toEqual([]);
  });

  test('a `ca` that was replaced in its file counts from the next request on', async () => {
    const file = join(temporaryDirectory(), 'ca.pem');
    writeFileSync(file, stranger.cert);
    const service = await startService();
    service.rotate(ARN);
    const wrapper = over(service, ARN, httpsPost({ ca: file }));
    await expect(wrapper.wrap(randomBytes(32), 'home')).rejects.toMatchObject({ code: 'KEY_WRAPPER_UNAVAILABLE' });
    writeFileSync(file, authority.cert);
    expect((await wrapper.wrap(randomBytes(32), 'home')).version).toMatch(/1/);
  });

  test('an answer without end is not read to its end', async () => {
    const service = await startService();
    service.answerWith(() => ({ status: 200, body: 'x'.repeat(10_000_000) }));
    const tls: TlsClientSettings = { ca: authority.cert };
    await expect(over(service, ARN, httpsPost(tls)).wrap(randomBytes(32), 'home')).rejects.toMatchObject({
      code: 'KEY_WRAPPER_UNAVAILABLE',
    });
  });
});
