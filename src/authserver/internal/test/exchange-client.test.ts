/** The way to grants over mutual TLS, by real handshakes with a running authorization server. */
import { createServer as createTlsServer } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import type { GrantSource } from '#contract';
import { reveal, silentLogger, type ChatelaineError, type Secret } from '#kernel';
import { openExchangeClient, type ExchangeClient, type ExchangeClientOptions } from '#token-exchange';
import { svid, testAuthority } from '../../../../test/certificates.ts';
import { freePort } from '../../../../test/loopback.ts';
import { grantSourceContract } from '../../grants/test/grant-source.contract.ts';
import { A, ownerOf, startExchange, type ExchangePlace, type Linked } from './exchange.fixture.ts';

const SERVER = 'spiffe://td.test/ns/system/authserver';

async function clientOf(
  place: ExchangePlace,
  owner: { readonly owner: string; readonly spiffeId: string },
  more: Partial<ExchangeClientOptions> = {},
): Promise<ExchangeClient> {
  const { cert, key } = place.certificate(owner.spiffeId);
  const [certificate, keyFile] = [
    place.file(`${owner.owner}.crt`.replace('/', '-')),
    place.file(`${owner.owner}.key`.replace('/', '-')),
  ];
  writeFileSync(certificate, cert);
  writeFileSync(keyFile, key, { mode: 0o600 });
  const client = await openExchangeClient({
    ...{ url: place.url, owner: owner.owner, certificate, key: keyFile, ca: place.file('server-ca') },
    ...{ serverSpiffeId: SERVER, field: 'tokenExchange', clock: place.clock, log: silentLogger, ...more },
  });
  onTestFinished(() => client.close());
  return client;
}

const owners = ['engineering/github-mcp', 'everyone/slack-mcp'].map((owner) => ({
  owner,
  spiffeId: `spiffe://td.test/ns/${owner.replace('/', '/mcpserver/')}`,
}));

grantSourceContract('over mutual TLS', async () => {
  const documents = owners.flatMap((one) =>
    [['linked'], ['linked', 'other']].map((upstreams) => ownerOf(one, upstreams)),
  );
  const place = await startExchange({ owners: documents });
  const clients = new Map<string, ExchangeClient>();
  for (const owner of owners) clients.set(owner.owner, await clientOf(place, owner));
  const people = new Map<string, Linked>();
  const source: GrantSource = {
    // Each in a process of its own: whose certificate it shows is who it is.
    upstreamToken: (request) => (clients.get(request.owner) as ExchangeClient).upstreamToken(request),
  };
  return {
    source,
    async session(owner, upstreams) {
      const made = await place.session(owner, upstreams);
      people.set(reveal(made.accessToken), made);
      return made.accessToken;
    },
    link: (subjectToken: Secret) => place.link(people.get(reveal(subjectToken)) as Linked),
    expire: place.expire,
    provider: place.provider,
    end: place.end,
  };
});

const codeOf = async (asking: Promise<unknown>): Promise<string> =>
  await asking.then(
    (answer) => (typeof answer === 'string' ? answer : JSON.stringify(answer)),
    (error: ChatelaineError) => error.code,
  );

test('nothing is asked in the name of another owner', async () => {
  const place = await startExchange();
  const alice = await place.session(A.owner);
  const client = await clientOf(place, A);
  const asked = { subjectToken: alice.accessToken, owner: 'ns-b/srv-b', upstream: 'linked' };
  expect(await client.upstreamToken(asked)).toEqual({ ok: false, error: { reason: 'session' } });
  expect(place.outcomes).toEqual([]);
});

test('a certificate, its key and the authorities of the server are followed while it runs', async () => {
  const place = await startExchange();
  const alice = await place.session(A.owner);
  const token = await place.link(alice);
  const client = await clientOf(place, A);
  const asked = { subjectToken: alice.accessToken, owner: A.owner, upstream: 'linked' };
  const exchange = () =>
    codeOf(client.upstreamToken(asked).then((answer) => (answer.ok ? reveal(answer.value.accessToken) : answer)));
  expect(await exchange()).toBe(token);
  const renewed = place.certificate(A.spiffeId);
  writeFileSync(place.file('ns-a-srv-a.crt'), renewed.cert);
  writeFileSync(place.file('ns-a-srv-a.key'), renewed.key);
  await client.look();
  expect(await exchange()).toBe(token);
  expect((await place.records())[0]).toMatchObject({ certificateSerial: renewed.serial });
  writeFileSync(place.file('server-ca'), testAuthority('Somebody').cert);
  await client.look();
  expect(await exchange()).toBe('EXCHANGE_UNTRUSTED');
  writeFileSync(place.file('server-ca'), 'damaged');
  await client.look();
  await client.look();
  expect(client.state()).toBe('refused');
});

test('who is at fault is said, and there is no token and no other way', async () => {
  const place = await startExchange();
  const alice = await place.session(A.owner);
  await place.link(alice);
  const asked = { subjectToken: alice.accessToken, owner: A.owner, upstream: 'linked' };
  const stranger = testAuthority('Stranger').issue([], svid(A.spiffeId));
  const unregistered = place.certificate('spiffe://td.test/ns/ns-a/mcpserver/nobody');
  const mute = createServer((socket) => void socket.on('error', () => {}));
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void mute.close());
  const babbling = createTlsServer(
    { cert: place.serverCertificate.cert, key: place.serverCertificate.key },
    (_, response) => void response.end('<html>'),
  );
  await new Promise<void>((resolve) => babbling.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void babbling.close());
  const at = (port: number): URL => new URL(`https://localhost:${port}`);
  const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port;
  for (const [what, more, code] of [
    ['nobody listens', { url: at(await freePort()) }, 'EXCHANGE_UNREACHABLE'],
    ['it is another authority', { ca: testAuthority('Other').cert }, 'EXCHANGE_UNTRUSTED'],
    ['it is another workload', { serverSpiffeId: 'spiffe://td.test/ns/system/other' }, 'EXCHANGE_UNTRUSTED'],
    ['nobody vouches for us', { certificate: stranger.cert, key: stranger.key }, 'EXCHANGE_CUT_OFF'],
    ['we are no owner', { certificate: unregistered.cert, key: unregistered.key }, 'EXCHANGE_NOT_ADMITTED'],
    ['it says nothing', { url: at(portOf(mute)), timeoutMs: 300 }, 'EXCHANGE_TIMEOUT'],
    ['it is something else', { url: at(portOf(babbling)) }, 'EXCHANGE_UNREADABLE'],
  ] as const) {
    const client = await clientOf(place, A, more);
    expect([what, await codeOf(client.upstreamToken(asked))]).toEqual([what, code]);
  }
  await place.process.audit.close();
  const client = await clientOf(place, A);
  expect(await codeOf(client.upstreamToken(asked))).toBe('EXCHANGE_UNAVAILABLE');
});

test('without a SPIFFE ID the server is known by the name of its host (RFC 9525)', async () => {
  const place = await startExchange();
  const alice = await place.session(A.owner);
  await place.link(alice);
  const asked = { subjectToken: alice.accessToken, owner: A.owner, upstream: 'linked' };
  const client = await clientOf(place, A, { serverSpiffeId: undefined });
  expect((await client.upstreamToken(asked)).ok).toBe(true);
  const renamed = place.serverCa.issue(['elsewhere.test'], svid(SERVER));
  await place.replace('key', renamed.key);
  await place.replace('cert', renamed.cert);
  await place.tls.look();
  const other = await clientOf(place, A, { serverSpiffeId: undefined });
  expect(await codeOf(other.upstreamToken(asked))).toBe('EXCHANGE_UNTRUSTED');
  expect((await (await clientOf(place, A)).upstreamToken(asked)).ok).toBe(true);
});
