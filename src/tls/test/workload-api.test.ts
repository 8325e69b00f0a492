/**
 * Certificates and bundles from a Workload API: over a real stream, by connections of TLS that go on meanwhile
 * (SPIFFE_Workload_Endpoint, SPIFFE_Workload_API).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, createServer, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLogger, type Clock, type Logger } from '#kernel';
import {
  openClientTls,
  openServerTls,
  openWorkloadApi,
  type ClientTls,
  type SvidChoice,
  type WorkloadApi,
} from '../index.ts';
import {
  bundleOf,
  domainAuthority,
  identity,
  issued,
  startWorkloadServer,
  type WorkloadServer,
} from '../../../test/workload-api.ts';

const [first, second, foreign] = [
  domainAuthority('td.test'),
  domainAuthority('td.test'),
  domainAuthority('other.test'),
];
const GATEWAY = 'spiffe://td.test/ns/default/gateway/main';
const CLIENT = 'spiffe://td.test/ns/default/proxy/p';
/** What a client sees of a handshake that the other end gave up. */
const REFUSED = /alert|ECONNRESET|EPIPE|hang up|disconnected/;
const PATIENCE = { timeout: 20_000, interval: 20 };

let folder: string;
let agent: WorkloadServer;
let now: number | undefined;
let endings: (() => unknown)[];
let logged: string[];
const clock: Clock = { now: () => now ?? Date.now() };
const log: Logger = {
  ...silentLogger,
  warn: (_: object, text: string) => void logged.push(text),
  error: (_: object, text: string) => void logged.push(text),
} as Logger;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'chatelaine-workload-'));
  now = undefined;
  logged = [];
  agent = await startWorkloadServer(join(folder, 'agent.sock'));
  endings = [() => agent.stop()];
});
afterEach(() => {
  for (const end of endings.toReversed()) void end();
  rmSync(folder, { recursive: true });
});

async function openApi(firstWithinMs = 20_000): Promise<WorkloadApi> {
  const api = await openWorkloadApi({ endpoint: agent.endpoint, clock, log, firstWithinMs });
  endings.push(() => api.close());
  return api;
}

interface Door {
  readonly tls: ClientTls;
  readonly port: number;
  readonly outcomes: readonly string[];
}

/** A listener whose certificate and trust come from the agent; it answers with the SPIFFE ID of who calls. */
async function openDoor({
  trustDomain = 'td.test',
  choice,
}: { trustDomain?: string; choice?: SvidChoice } = {}): Promise<Door> {
  const workloadApi = await openApi();
  const outcomes: string[] = [];
  const surroundings = { field: 'door', clock, log, reloaded: (outcome: string) => void outcomes.push(outcome) };
  const own = await openServerTls({ workloadApi, ...(choice && { choice }), ...surroundings });
  const tls = await openClientTls({ workloadApi, own, trustDomain, ...surroundings });
  const server: Server = createServer(tls.options(), (incoming, response) => {
    const peer = tls.clients.identify(incoming.socket as TLSSocket);
    response.writeHead(peer.ok ? 200 : 401).end(peer.ok ? peer.value.uri : peer.error.reason);
  });
  server.on('secureConnection', (socket) => tls.accepted(socket, tls.trusted()));
  tls.onChange(() => server.setSecureContext(tls.options()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endings.push(() => {
    server.close();
    server.closeAllConnections();
    tls.close();
  });
  return { tls, port: (server.address() as AddressInfo).port, outcomes };
}

interface Caller {
  readonly ca: string;
  readonly certificate: { readonly cert: string; readonly key: string };
  readonly agent?: Agent;
}

const visit = (
  { port }: Door,
  { ca, certificate, agent: keeping }: Caller,
): Promise<{ body: string; serial: string }> =>
  new Promise((resolve, reject) => {
    const { cert, key } = certificate;
    request(
      { host: '127.0.0.1', port, servername: 'localhost', ca, cert, key, agent: keeping ?? false },
      (response) => {
        const { serialNumber } = (response.socket as TLSSocket).getPeerCertificate();
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () => resolve({ body, serial: serialNumber.toLowerCase() }));
      },
    )
      .on('error', reject)
      .end();
  });

const caller = (authority = first, spiffeId = CLIENT): Caller => ({
  ca: first.cert,
  certificate: issued(authority, spiffeId),
});

const keeping = (one: Caller): Caller => {
  const { cert, key } = one.certificate;
  const open = new Agent({ keepAlive: true, maxSockets: 1, ca: one.ca, cert, key, servername: 'localhost' });
  endings.push(() => open.destroy());
  return { ...one, agent: open };
};

describe('the first message', () => {
  it('gives a listener its certificate and whom it trusts', async () => {
    const main = identity(first, GATEWAY);
    agent.give({ svids: [main] });
    const door = await openDoor();
    expect(await visit(door, caller())).toEqual({ body: CLIENT, serial: main.serial });
    expect([door.tls.names(), door.tls.workloadApi?.()]).toEqual([['localhost', '127.0.0.1'], 'ok']);
    expect(agent.visits).toEqual(['answered']);
    await expect(visit(door, caller(second)), 'of an authority that is not in the bundle').rejects.toThrow(REFUSED);
  });

  it('is waited for: an agent that starts later, or learns of us later, is found', async () => {
    agent.stop();
    const opening = openApi();
    await agent.start();
    agent.refuse(status.PERMISSION_DENIED, 'no identity issued');
    await vi.waitFor(() => expect(agent.visits.length).toBeGreaterThan(1), PATIENCE);
    agent.give({ svids: [identity(first, GATEWAY)] });
    await expect(opening).resolves.toBeDefined();
    expect(
      logged.filter((line) => line.includes('no identity issued')),
      'told once, not at each attempt',
    ).toHaveLength(1);
  });

  it.each<[what: string, prepare: () => void, sentence: RegExp]>([
    ['nobody is there', () => agent.stop(), /it does not answer: UNAVAILABLE/],
    [
      'there is no identity for us',
      () => agent.refuse(status.PERMISSION_DENIED, 'no identity issued'),
      /it has no identity for this process \(no identity issued\)/,
    ],
    ['nothing of it can be used', () => agent.giveBytes(Buffer.from('garbage')), /its bytes are no `X509SVIDResponse`/],
  ])('is given up in time, with the reason, when %s', async (_, prepare, sentence) => {
    prepare();
    await expect(openApi(700)).rejects.toThrow(sentence);
  });

  it.each([status.INVALID_ARGUMENT, status.UNIMPLEMENTED])(
    'is not asked for again after status %i, which would be the answer for ever (Workload Endpoint, appendix A)',
    async (code) => {
      agent.refuse(code);
      await expect(openApi()).rejects.toThrow(/does not answer such requests/);
      expect(agent.visits).toHaveLength(1);
    },
  );

  it.each([
    ['http://127.0.0.1:1', /write `unix:/],
    ['unix:relative.sock', /write `unix:/],
    ['unix://host/agent.sock', /write `unix:/],
    ['unix:///agent.sock?x', /write `unix:/],
    ['tcp://localhost:8081', /write `unix:/],
    ['tcp://127.0.0.1:8081/x', /write `unix:/],
    ['tcp://127.0.0.1:0', /is no port/],
    ['tcp://10.0.0.1:8081', /in the clear/],
  ])('is not asked for at %s', async (endpoint, sentence) => {
    await expect(openWorkloadApi({ endpoint, clock, log })).rejects.toThrow(sentence);
  });
});

it('an agent refuses whoever comes without the metadata, as the standard has it (Workload Endpoint §3)', async () => {
  agent.give({ svids: [identity(first, GATEWAY)] });
  const client = new Client(agent.endpoint, credentials.createInsecure());
  endings.push(() => client.close());
  const asIs = (bytes: Buffer): Buffer => bytes;
  const ask = (value?: string): Promise<status> =>
    new Promise((resolve) => {
      const metadata = new Metadata();
      if (value !== undefined) metadata.set('workload.spiffe.io', value);
      const path = '/SpiffeWorkloadAPI/FetchX509SVID';
      const stream = client.makeServerStreamRequest(path, asIs, asIs, Buffer.alloc(0), metadata);
      stream.on('error', () => undefined);
      stream.on('data', () => stream.cancel());
      stream.on('status', ({ code }: { code: status }) => resolve(code));
    });
  expect([await ask(), await ask('True'), await ask('true')]).toEqual([
    status.INVALID_ARGUMENT,
    status.INVALID_ARGUMENT,
    status.CANCELLED,
  ]);
});

describe('one of several identities', () => {
  const [main, internal, again] = [
    identity(first, GATEWAY),
    identity(first, 'spiffe://td.test/internal', { hint: 'internal' }),
    identity(first, 'spiffe://td.test/again', { hint: 'internal' }),
  ];
  it.each<[what: string, choice: SvidChoice, serial: string]>([
    ['the first without a word', {}, main.serial],
    ['by its SPIFFE ID', { spiffeId: 'spiffe://td.test/again' }, again.serial],
    ['by its hint, the first of two (Workload API §5.2.1)', { hint: 'internal' }, internal.serial],
  ])('is taken: %s', async (_, choice, serial) => {
    agent.give({ svids: [main, internal, again] });
    const door = await openDoor({ choice });
    expect((await visit(door, caller())).serial).toBe(serial);
  });

  it('is asked for in vain, and the message says what there is', async () => {
    agent.give({ svids: [main, internal] });
    const api = await openApi();
    expect(() => api.certificate('door', { hint: 'external' })).toThrow(
      /no identity with the hint `external` for `door`; it has `spiffe:\/\/td.test\/ns\/default\/gateway\/main`, `spiffe:\/\/td.test\/internal \(internal\)`/,
    );
    expect(() => api.bundle('door', 'other.test')).toThrow(/no bundle of `other.test` for `door`; it has `td.test`/);
  });

  it('is lost when the next message has it no more, and nothing is taken in its place', async () => {
    agent.give({ svids: [main, internal] });
    const door = await openDoor({ choice: { hint: 'internal' } });
    agent.give({ svids: [main] });
    await vi.waitFor(() => expect(door.tls.workloadApi?.()).toBe('lost'), PATIENCE);
    await expect(visit(door, caller())).rejects.toThrow(REFUSED);
    agent.give({ svids: [main, again] });
    await vi.waitFor(async () => expect((await visit(door, caller())).serial).toBe(again.serial), PATIENCE);
    expect(door.outcomes).toContain('refused');
  });
});

describe('the next message', () => {
  it('renews the certificate for new connections, and those that are open go on', async () => {
    agent.give({ svids: [identity(first, GATEWAY)] });
    const door = await openDoor();
    const open = keeping(caller());
    const before = await visit(door, open);
    const renewed = identity(first, GATEWAY);
    agent.give({ svids: [renewed] });
    await vi.waitFor(async () => expect((await visit(door, caller())).serial).toBe(renewed.serial), PATIENCE);
    expect(await visit(door, open)).toEqual(before);
  });

  it('adds, switches and removes an authority, and who has the old one is out on an open connection too', async () => {
    const of = (authority: typeof first, ...trusted: (typeof first)[]) => ({
      svids: [identity(authority, GATEWAY, { bundle: bundleOf(...trusted) })],
    });
    agent.give(of(first, first));
    const door = await openDoor();
    const [old, young] = [caller(first), caller(second)];
    const open = keeping(old);
    expect((await visit(door, open)).body).toBe(CLIENT);
    agent.give(of(first, first, second));
    await vi.waitFor(async () => expect((await visit(door, young)).body).toBe(CLIENT), PATIENCE);
    expect((await visit(door, open)).body).toBe(CLIENT);
    agent.give(of(second, first, second));
    const knowing = { ...young, ca: second.cert };
    await vi.waitFor(async () => expect((await visit(door, knowing)).body).toBe(CLIENT), PATIENCE);
    expect((await visit(door, open)).body).toBe(CLIENT);
    agent.give(of(second, second));
    await vi.waitFor(async () => expect((await visit(door, open)).body).toBe('untrusted'), PATIENCE);
    await expect(visit(door, { ...old, ca: second.cert })).rejects.toThrow(REFUSED);
    expect((await visit(door, knowing)).body).toBe(CLIENT);
  });

  it('changes nothing when it cannot be used: garbage, and a federated bundle that names our own domain', async () => {
    const main = identity(first, GATEWAY);
    agent.give({ svids: [main] });
    const door = await openDoor();
    for (const bad of [
      () => agent.giveBytes(Buffer.from('garbage')),
      () => agent.giveBytes(Buffer.alloc(0)),
      () => agent.give({ svids: [main], federated_bundles: { 'spiffe://td.test': bundleOf(second) } }),
      () => agent.give({ svids: [{ ...main, x509_svid_key: Buffer.alloc(0) }] }),
    ]) {
      const before = logged.length;
      bad();
      await vi.waitFor(() => expect(logged.length).toBeGreaterThan(before), PATIENCE);
      expect(logged.at(-1)).toMatch(/a message of it is refused: .*; what it gave before goes on$/);
      expect([door.tls.workloadApi?.(), door.tls.state()]).toEqual(['refused', 'refused']);
      expect(await visit(door, caller())).toEqual({ body: CLIENT, serial: main.serial });
      await expect(visit(door, caller(second))).rejects.toThrow(REFUSED);
    }
    expect(agent.streams(), 'on the stream that was open from the first').toBe(1);
    expect(agent.visits).toEqual(['answered']);
    agent.give({ svids: [main] });
    await vi.waitFor(() => expect([door.tls.workloadApi?.(), door.tls.state()]).toEqual(['ok', 'ok']), PATIENCE);
    expect(logged.join('\n')).not.toContain(main.x509_svid_key.toString('base64').slice(0, 20));
  });
});

describe('a federated bundle', () => {
  it('is for its own trust domain alone: neither does it open another, nor is it opened by another (§4.6)', async () => {
    const bundles = { 'spiffe://other.test': bundleOf(foreign) };
    agent.give({ svids: [identity(first, GATEWAY)], federated_bundles: bundles });
    const [ours, theirs] = [await openDoor(), await openDoor({ trustDomain: 'other.test' })];
    const stranger = caller(foreign, 'spiffe://other.test/a');
    expect((await visit(theirs, stranger)).body).toBe('spiffe://other.test/a');
    await expect(visit(ours, stranger)).rejects.toThrow(REFUSED);
    await expect(visit(theirs, caller())).rejects.toThrow(REFUSED);
    agent.give({ svids: [identity(first, GATEWAY)] });
    await vi.waitFor(() => expect(theirs.tls.workloadApi?.()).toBe('lost'), PATIENCE);
    await expect(visit(theirs, stranger), 'left out is taken back (§4.4)').rejects.toThrow(REFUSED);
    expect((await visit(ours, caller())).body).toBe(CLIENT);
  });
});

describe('without news', () => {
  it('what there is goes on while the agent is away, and its return is found', async () => {
    const main = identity(first, GATEWAY);
    agent.give({ svids: [main] });
    const door = await openDoor();
    agent.stop();
    await vi.waitFor(() => expect(door.tls.workloadApi?.()).toBe('away'), PATIENCE);
    expect(await visit(door, caller())).toEqual({ body: CLIENT, serial: main.serial });
    const renewed = identity(first, GATEWAY);
    agent.give({ svids: [renewed] });
    await agent.start();
    await vi.waitFor(async () => expect((await visit(door, caller())).serial).toBe(renewed.serial), PATIENCE);
    expect(door.tls.workloadApi?.()).toBe('ok');
  });

  it('nothing is left when the last identity has expired: no handshake, nobody on an open connection', async () => {
    agent.give({ svids: [identity(first, GATEWAY, { lifetimeMs: 3_600_000 })] });
    const door = await openDoor();
    const open = keeping(caller());
    expect((await visit(door, open)).body).toBe(CLIENT);
    agent.stop();
    await vi.waitFor(() => expect(door.tls.workloadApi?.()).toBe('away'), PATIENCE);
    now = Date.now() + 3_600_001;
    await door.tls.look();
    expect(door.tls.workloadApi?.()).toBe('lost');
    expect(logged.join('\n')).toMatch(/all that it gave has expired, and it does not answer/);
    expect((await visit(door, open)).body).toBe('untrusted');
    await expect(visit(door, caller())).rejects.toThrow(REFUSED);
  });

  it('nothing is left when the agent says that there is no identity for us any more (§5.2.1)', async () => {
    agent.give({ svids: [identity(first, GATEWAY)] });
    const door = await openDoor();
    const open = keeping(caller());
    expect((await visit(door, open)).body).toBe(CLIENT);
    agent.refuse(status.PERMISSION_DENIED, 'no identity issued');
    await vi.waitFor(() => expect(door.tls.workloadApi?.()).toBe('lost'), PATIENCE);
    expect((await visit(door, open)).body).toBe('untrusted');
    await expect(visit(door, caller())).rejects.toThrow(REFUSED);
    expect(logged.join('\n')).toMatch(/no identity for this process .*; what it gave before is no longer used/);
    agent.give({ svids: [identity(first, GATEWAY)] });
    await vi.waitFor(async () => expect((await visit(door, caller())).body).toBe(CLIENT), PATIENCE);
  });

  it('a listener that trusts nobody does not fall back to the authorities of the system', async () => {
    agent.give({ svids: [identity(first, GATEWAY)] });
    const api = await openApi();
    const bundle = api.bundle('door', 'td.test');
    agent.refuse(status.PERMISSION_DENIED);
    await vi.waitFor(() => expect(bundle.current().pem).toEqual([]), PATIENCE);
    const own = await openServerTls({ ...issuedFiles(), field: 'door', clock, log });
    const tls = await openClientTls({ workloadApi: api, own, trustDomain: 'td.test', field: 'door', clock, log });
    expect(tls.options().ca).toEqual([]);
  });
});

/** PEM text in the place of paths. */
function issuedFiles(): { certificate: string; key: string } {
  const { cert, key } = issued(first, GATEWAY);
  return { certificate: cert, key };
}
