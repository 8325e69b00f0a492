/** The way to grants with an identity that a SPIFFE Workload API gives and takes, by real handshakes. */
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { expect, onTestFinished, test, vi } from 'vitest';
import { reveal, silentLogger, type ChatelaineError } from '#kernel';
import { openWorkloadApi } from '#tls';
import { openExchangeClient, type ExchangeClientOptions } from '#token-exchange';
import { temporaryDirectory } from '../../../../test/temporary-directory.ts';
import { bundleOf, domainAuthority, identity, issued, startWorkloadServer } from '../../../../test/workload-api.ts';
import { A, startExchange } from './exchange.fixture.ts';

const SERVER = 'spiffe://td.test/ns/system/authserver';
const PATIENCE = { timeout: 20_000, interval: 20 };

test('who we are and who vouches for the listener come from a Workload API, change while it runs, and are gone when it says so', async () => {
  const ours = domainAuthority('td.test');
  const place = await startExchange({ bundle: () => ours.cert });
  const listener = issued(ours, SERVER);
  await place.replace('cert', listener.cert);
  await place.replace('key', listener.key);
  await place.tls.look();
  const alice = await place.session(A.owner);
  const token = await place.link(alice);

  const agent = await startWorkloadServer(join(temporaryDirectory(), 'agent.sock'));
  onTestFinished(() => agent.stop());
  const first = identity(ours, A.spiffeId);
  agent.give({ svids: [identity(ours, 'spiffe://td.test/ns/ns-b/mcpserver/srv-b'), first] });
  const workloadApi = await openWorkloadApi({ endpoint: agent.endpoint, clock: place.clock, log: silentLogger });
  onTestFinished(() => workloadApi.close());
  const opened = async (more: Partial<ExchangeClientOptions> = {}) => {
    const client = await openExchangeClient({
      ...{ url: place.url, owner: A.owner, workload: { workloadApi, choice: { spiffeId: A.spiffeId } } },
      ...{ serverSpiffeId: SERVER, field: 'exchange', clock: place.clock, log: silentLogger, ...more },
    });
    onTestFinished(() => client.close());
    return client;
  };
  const client = await opened();
  const exchange = (with_ = client): Promise<string> =>
    with_.upstreamToken({ subjectToken: alice.accessToken, owner: A.owner, upstream: 'linked' }).then(
      (answer) => (answer.ok ? reveal(answer.value.accessToken) : answer.error.reason),
      (error: ChatelaineError) => error.code,
    );
  const shown = async () => (await place.records())[0]?.['certificateSerial'];

  expect(await exchange()).toBe(token);
  expect([await shown(), client.state(), await client.probe()]).toEqual([first.serial, 'ok', undefined]);
  expect(await exchange(await opened({ serverSpiffeId: 'spiffe://td.test/ns/system/other' }))).toBe(
    'EXCHANGE_UNTRUSTED',
  );

  // Another certificate: the next exchange shows it, while others are under way.
  const renewed = identity(ours, A.spiffeId);
  const during = Array.from({ length: 20 }, () => exchange());
  agent.give({ svids: [renewed] });
  expect(new Set(await Promise.all(during))).toEqual(new Set([token]));
  await vi.waitFor(async () => {
    expect(await exchange()).toBe(token);
    expect(await shown()).toBe(renewed.serial);
  }, PATIENCE);

  // Another authority: that of before vouches for the listener no more, until the listener has one of the new.
  const next = domainAuthority('td.test');
  agent.give({ svids: [identity(ours, A.spiffeId, { bundle: bundleOf(next) })] });
  await vi.waitFor(async () => expect(await exchange()).toBe('EXCHANGE_UNTRUSTED'), PATIENCE);
  const moved = issued(next, SERVER);
  await place.replace('key', moved.key);
  await place.replace('cert', moved.cert);
  await place.tls.look();
  await vi.waitFor(async () => expect(await exchange()).toBe(token), PATIENCE);

  agent.refuse(status.PERMISSION_DENIED, 'no identity issued');
  await vi.waitFor(async () => expect(await exchange()).toBe('WORKLOAD_IDENTITY_LOST'), PATIENCE);
  expect(client.state()).toBe('refused');
  expect(await client.probe()).toMatchObject({ code: 'WORKLOAD_IDENTITY_LOST' });
  agent.give({ svids: [identity(ours, A.spiffeId, { bundle: bundleOf(next) })] });
  await vi.waitFor(async () => expect(await exchange()).toBe(token), PATIENCE);
  expect([client.state(), await client.probe()]).toEqual(['ok', undefined]);
}, 120_000);
