import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { NOBODY } from '#contract';
import { reveal, Secret } from '#kernel';
import { testAuthority } from '../../../test/certificates.ts';
import { temporaryDirectory } from '../../../test/temporary-directory.ts';
import { openOutgoingAuth } from '../index.ts';
import { CLIENT, parts, REQUEST } from './destinations.fixture.ts';

const authority = testAuthority('Test authority');

test('a certificate in files is followed within a second, and nothing stands in the request', async () => {
  const directory = temporaryDirectory();
  const write = (name: string): string => {
    const { cert, key } = authority.issue([name]);
    writeFileSync(join(directory, 'svid.pem'), cert);
    writeFileSync(join(directory, 'svid.key'), key);
    return cert;
  };
  const made = parts();
  const auth = openOutgoingAuth(
    { type: 'clientCertificate', certificate: 'svid.pem', key: 'svid.key' },
    { ...made, directory },
  );
  await expect(auth.identity?.()).rejects.toMatchObject({ code: 'OUTGOING_FILE_UNREADABLE' });
  const first = write('first');
  const shown = await auth.identity?.();
  expect(shown?.cert).toBe(first);
  const next = write('next');
  expect((await auth.identity?.())?.stamp).toBe(shown?.stamp);
  made.advance(1000);
  const renewed = await auth.identity?.();
  expect(renewed?.cert).toBe(next);
  expect(renewed?.stamp).not.toBe(shown?.stamp);
  expect([auth.perCaller, await auth.headers(NOBODY, REQUEST)]).toEqual([false, {}]);
});

test('a secret of another kind is no certificate', async () => {
  const { cert, key } = authority.issue(['ours']);
  const mtls = { kind: 'mtls', certificate: cert, privateKey: new Secret(key) } as const;
  const auth = (material: Parameters<typeof parts>[0]) =>
    openOutgoingAuth({ type: 'clientCertificate', secret: CLIENT }, parts(material));
  const identity = await auth({ client: mtls }).identity?.();
  expect(identity && [identity.cert, reveal(identity.key)]).toEqual([cert, key]);
  await expect(auth({ client: { kind: 'bearer', token: new Secret('x') } }).identity?.()).rejects.toThrow(
    'is of the kind `bearer`, and no client certificate',
  );
});
