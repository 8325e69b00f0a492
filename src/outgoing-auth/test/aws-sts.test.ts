/** Roles of AWS that tokens open, and requests that are signed with their keys. */
import { AwsV4Signer } from 'aws4fetch';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { NOBODY, type OutgoingAuthOf } from '#contract';
import { reveal } from '#kernel';
import { serve, type TestServer } from '../../../test/http-server.ts';
import { temporaryDirectory } from '../../../test/temporary-directory.ts';
import { openOutgoingAuth, type SentSecrets } from '../index.ts';
import { parts, Person } from './destinations.fixture.ts';

const KEYS = {
  accessKeyId: ['ASIA', 'EXAMPLE123456789'].join(''),
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};
const HOUR = 3_600_000;

/** Gives a session for each token, named by its number; it ends an hour after the clock of `parts` began. */
async function sts(refuse?: string): Promise<TestServer> {
  let issued = 0;
  const server = await serve((_, response) => {
    if (refuse !== undefined)
      return void response.writeHead(400).end(`<ErrorResponse><Error><Code>${refuse}</Code></Error></ErrorResponse>`);
    issued++;
    const ends = new Date(1_000_000 + issued * HOUR).toISOString();
    response.end(`<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
      <AccessKeyId>${KEYS.accessKeyId}</AccessKeyId><SecretAccessKey>${KEYS.secretAccessKey}</SecretAccessKey>
      <SessionToken>${Buffer.from(`session number ${issued}`).toString('base64')}</SessionToken>
      <Expiration>${ends}</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`);
  });
  onTestFinished(async () => await server[Symbol.asyncDispose]());
  return server;
}

const config = (at: TestServer): OutgoingAuthOf<'awsSts'> => ({
  type: 'awsSts',
  roleArn: 'arn:aws:iam::123456789012:role/reader',
  ...{ region: 'eu-central-1', service: 's3', stsEndpoint: `${at.url}/`, duration: HOUR },
});

const REQUEST = {
  method: 'PUT',
  url: new URL('https://bucket.s3.eu-central-1.amazonaws.com/a%20b?x=1&a=2'),
  headers: { 'content-type': 'text/plain' },
  body: 'hello',
} as const;

const shown = (sent: SentSecrets): Record<string, string> =>
  Object.fromEntries(Object.entries(sent).map(([name, value]) => [name, reveal(value)]));
const sessionOf = (sent: SentSecrets): string =>
  Buffer.from(shown(sent)['x-amz-security-token'] ?? '', 'base64').toString();

test('the ID token of the caller opens the role, and the request is signed with its keys, body included', async () => {
  const at = await sts();
  const ana = new Person('ana');
  const auth = openOutgoingAuth({ ...config(at), upstream: 'company' }, parts());
  const sent = shown(await auth.headers(ana, REQUEST));
  expect(Object.fromEntries(new URLSearchParams(at.received[0]?.body))).toEqual({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: 'arn:aws:iam::123456789012:role/reader',
    RoleSessionName: expect.stringMatching(/^chatelaine-[0-9a-f]{32}$/),
    DurationSeconds: '3600',
    WebIdentityToken: 'id.ana.company.0',
  });
  // What a service computes from the request as it arrives.
  const again = await new AwsV4Signer({
    ...{ method: 'PUT', url: REQUEST.url.href, body: 'hello', region: 'eu-central-1', service: 's3', ...KEYS },
    headers: { ...REQUEST.headers, 'x-amz-content-sha256': sent['x-amz-content-sha256'] ?? '' },
    ...{ sessionToken: sent['x-amz-security-token'] ?? '', datetime: sent['x-amz-date'] ?? '' },
  }).sign();
  expect(sent['authorization']).toBe(again.headers.get('authorization'));
  expect(sent['x-amz-date']).toBe('19700101T001640Z');
  expect(sent['authorization']).toMatch(/SignedHeaders=[^,]*host[^,]*x-amz-content-sha256[^,]*x-amz-security-token/);
  expect(sent['x-amz-content-sha256']).toBe('2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824');
  expect([auth.perCaller, Object.keys(sent).length]).toEqual([true, 4]);
});

test('a session is each sign-in’s own, one for all calls that wait, and ends with the token that opened it', async () => {
  const at = await sts();
  const made = parts();
  const auth = openOutgoingAuth({ ...config(at), upstream: 'company' }, made);
  const [ana, bo] = [new Person('ana'), new Person('bo', 'desk', 900)];
  const ofAna = await Promise.all(Array.from({ length: 50 }, async () => sessionOf(await auth.headers(ana, REQUEST))));
  const ofBo = sessionOf(await auth.headers(bo, REQUEST));
  expect(new Set(ofAna).size).toBe(1);
  expect(ofAna).not.toContain(ofBo);
  expect(at.received).toHaveLength(2);
  made.advance(900_000);
  expect(sessionOf(await auth.headers(bo, REQUEST))).not.toBe(ofBo);
  expect(sessionOf(await auth.headers(ana, REQUEST))).toBe(ofAna[0]);
});

test('a token of this workload is read from its file, and is everybody’s', async () => {
  const at = await sts();
  const directory = temporaryDirectory();
  const auth = openOutgoingAuth({ ...config(at), webIdentityFile: 'token' }, { ...parts(), directory });
  await expect(auth.headers(NOBODY, REQUEST)).rejects.toMatchObject({ code: 'OUTGOING_FILE_UNREADABLE' });
  writeFileSync(join(directory, 'token'), 'of.the.workload\n');
  await auth.headers(NOBODY, REQUEST);
  await auth.headers(new Person('ana'), REQUEST);
  expect(at.received.map(({ body }) => new URLSearchParams(body).get('WebIdentityToken'))).toEqual(['of.the.workload']);
  expect(auth.perCaller).toBe(false);
});

test.each([
  ['a refusal, by its code alone', 'IDPRejectedClaim', /status 400 \(IDPRejectedClaim\)$/],
  ['words in the place of a code', 'id.ana.company.0 is no good', /status 400$/],
])('%s', async (_, code, said) => {
  const auth = openOutgoingAuth({ ...config(await sts(code)), upstream: 'company' }, parts());
  const failure = auth.headers(new Person('ana'), REQUEST);
  await expect(failure).rejects.toMatchObject({
    code: 'OUTGOING_TOKEN_REFUSED',
    message: expect.stringMatching(said),
  });
});
