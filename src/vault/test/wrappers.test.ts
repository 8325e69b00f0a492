import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { Secret, systemClock } from '#kernel';
import { AwsKmsWrapper } from '../wrappers/aws-kms.ts';
import { signAwsRequest } from '../wrappers/aws-signature.ts';
import { openKeyFile } from '../wrappers/key-file.ts';
import { KeyInMemory } from '../wrappers/key-in-memory.ts';
import type { HttpPost, KeyWrapper } from '../wrappers/key-wrapper.ts';
import { Keyring } from '../wrappers/keyring.ts';
import { TransitWrapper } from '../wrappers/transit.ts';
import { describeKeyWrapper } from './key-wrapper.contract.ts';
import { http, startKms, startTransit, type KeyService } from '../../../test/key-services.ts';
import { refusal, temporaryDirectory } from './vault.fixture.ts';

const TOKEN = `hvs.${randomBytes(12).toString('hex')}`;
const ARN = 'arn:aws:kms:eu-central-1:111122223333:key/first';
// The example credentials of AWS's own documents, in pieces so that no scanner takes them for real ones.
const CREDENTIALS = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: new Secret(['wJalrXUtnFEMI', 'K7MDENG+bPxRfiCYEXAMPLEKEY'].join('/')),
};

const transitOver = (service: KeyService, key: string, port: HttpPost = http): KeyWrapper =>
  new TransitWrapper({ address: service.address, key }, () => new Secret(TOKEN), port);

const kmsOver = (service: KeyService, keyArn: string, port: HttpPost = http): KeyWrapper =>
  new AwsKmsWrapper(
    { region: 'eu-central-1', keyArn, endpoint: service.address },
    { credentials: () => CREDENTIALS, http: port, clock: systemClock },
  );

describeKeyWrapper('a key file', async () => {
  const directory = temporaryDirectory();
  const open = (name: string): KeyWrapper => openKeyFile(join(directory, name), true);
  return { wrapper: open('a.key'), same: open('a.key'), other: open('b.key') };
});

describeKeyWrapper('a given key', async () => {
  const key = randomBytes(32);
  const open = (bytes: Buffer): KeyWrapper => new KeyInMemory('given', Buffer.from(bytes));
  return { wrapper: open(key), same: open(key), other: open(randomBytes(32)) };
});

describeKeyWrapper('the Transit engine', async () => {
  const service = await startTransit(TOKEN);
  for (const key of ['first', 'second key']) service.rotate(key);
  const open = (key: string): KeyWrapper => transitOver(service, key);
  return { wrapper: open('first'), same: open('first'), other: open('second key') };
});

describeKeyWrapper('AWS KMS', async () => {
  const service = await startKms();
  for (const key of [ARN, `${ARN}-2`]) service.rotate(key);
  const open = (key: string): KeyWrapper => kmsOver(service, key);
  return { wrapper: open(ARN), same: open(ARN), other: open(`${ARN}-2`) };
});

describe('remote key services', () => {
  const REMOTE = [
    ['Transit', () => startTransit(TOKEN), transitOver],
    ['KMS', startKms, kmsOver],
  ] as const;

  test.each(REMOTE)('VLT-005: a %s that fails echoes nothing of a data key into the error', async (_, start, over) => {
    const service = await start();
    const wrapper = over(service, ARN);
    const key = randomBytes(32);
    const failures: unknown[] = [];
    for (const status of [200, 204, 301, 307, 400, 403, 404, 429, 500, 503]) {
      service.answerWith(({ body }) => ({ status, body }));
      failures.push(
        await wrapper.wrap(key, 'x').then(
          () => expect.unreachable(`${status} passed for a success`),
          (error: unknown) => error,
        ),
      );
    }
    service.answerWith(() => ({ status: 200, body: 'not JSON' }));
    expect(await refusal(() => wrapper.wrap(key, 'x'))).toBe('KEY_WRAPPER_UNAVAILABLE');
    for (const failure of failures) {
      expect(failure).toMatchObject({ code: 'KEY_WRAPPER_UNAVAILABLE' });
      const said = inspect(failure);
      for (const leak of [key.toString('base64'), TOKEN, 'EXAMPLEKEY']) expect(said).not.toContain(leak);
    }
  });

  test.each(REMOTE)('a %s that is not there, or throws what it was asked, is unavailable', async (_, start, over) => {
    const service = await start();
    const dead: HttpPost = async (_url, { body }) => {
      throw new Error(`could not send ${body}`);
    };
    const failure: unknown = await over(service, ARN, dead)
      .wrap(Buffer.alloc(32, 7), 'x')
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'KEY_WRAPPER_UNAVAILABLE' });
    expect(inspect(failure)).not.toContain('BwcH');
  });

  test('Transit is told the namespace, the mount and the token of the moment', async () => {
    const service = await startTransit('second-token', 'team/transit');
    service.rotate('k');
    let token = 'first-token';
    const settings = { address: `${service.address}/`, mount: 'team/transit', key: 'k', namespace: 'eu/payments' };
    const wrapper = new TransitWrapper(settings, () => new Secret(token), http);
    expect(wrapper.id).toBe('transit:eu/payments/team/transit/k');
    expect(await refusal(() => wrapper.wrap(randomBytes(32), 'x'))).toBe('KEY_WRAPPER_UNAVAILABLE');
    token = 'second-token';
    expect((await wrapper.wrap(randomBytes(32), 'x')).version).toBe('v1');
    expect(service.requests.at(-1)?.headers).toMatchObject({ 'x-vault-namespace': 'eu/payments' });
  });

  test('a token that stopped working is not taken for a wrong key', async () => {
    const service = await startTransit('other token');
    service.rotate('k');
    await expect(transitOver(service, 'k').unwrap('vault:v1:AAAA', 'x')).rejects.toMatchObject({
      code: 'KEY_WRAPPER_UNAVAILABLE',
      message: '`transit:transit/k` answered 403 (the token may not use this key)',
    });
  });

  test('a service that gives back another key than it was given costs no key', async () => {
    const service = await startTransit(TOKEN);
    service.rotate('k');
    const forgetful: HttpPost = async (url, request) => {
      if (url.includes('/encrypt/')) return await http(url, request);
      const data = { plaintext: randomBytes(32).toString('base64') };
      return { status: 200, text: async () => JSON.stringify({ data }) };
    };
    const keyring = new Keyring(transitOver(service, 'k', forgetful), []);
    expect(await refusal(() => keyring.wrap(randomBytes(32), 'x'))).toBe('KEY_UNWRAP_FAILED');
  });
});

// https://docs.aws.amazon.com/general/latest/gr/signature-v4-test-suite.html: get-vanilla, post-vanilla.
test.each([
  ['GET', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
  ['POST', '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
] as const)("signs AWS's %s example as AWS does", (method, signature) => {
  const url = new URL('https://example.amazonaws.com/');
  const request = { method, url, headers: {}, body: '', region: 'us-east-1', service: 'service' };
  expect(signAwsRequest(request, CREDENTIALS, Date.UTC(2015, 7, 30, 12, 36))['authorization']).toBe(
    `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=${signature}`,
  );
});

test('temporary AWS credentials send their session token under the signature', () => {
  const url = new URL('https://kms.eu-central-1.amazonaws.com/');
  const request = { method: 'POST', url, headers: {}, body: '{}', region: 'eu-central-1', service: 'kms' } as const;
  const signed = signAwsRequest(request, { ...CREDENTIALS, sessionToken: new Secret('session') }, 0);
  expect(signed['x-amz-security-token']).toBe('session');
  expect(signed['authorization']).toContain('SignedHeaders=host;x-amz-date;x-amz-security-token,');
});
