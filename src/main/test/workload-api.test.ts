/** An agent listener whose certificate and trust come from a SPIFFE Workload API: a server as a process. */
import { get } from 'node:https';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { TLSSocket } from 'node:tls';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  bundleOf,
  domainAuthority,
  identity,
  issued,
  startWorkloadServer,
  type WorkloadServer,
} from '../../../test/workload-api.ts';
import { CITIES, makeKey, run, start, workspace, type RunningServer, type Workspace } from './server.fixture.ts';

const ours = domainAuthority('td.test');
const GATEWAY = 'spiffe://td.test/ns/default/gateway/main';
const BOOKING = 'spiffe://td.test/agent/booking';
/** What a client sees of a handshake that the other end gave up. */
const REFUSED = /alert|ECONNRESET|EPIPE|hang up|disconnected/;
const PATIENCE = { timeout: 30_000, interval: 100 };

let space: Workspace;
let agent: WorkloadServer;
let running: RunningServer | undefined;
beforeEach(async () => {
  space = workspace();
  running = undefined;
  agent = await startWorkloadServer(space.file('agent.sock'));
});
afterEach(async () => {
  await running?.stop();
  agent.stop();
  space.remove();
});

const configured = (listener: string): string[] => {
  space.write('tools.yaml', `${CITIES}---\nkind: server\nmetrics: false\nagentListener: {port: 0, ${listener}}\n`);
  return ['--config', 'tools.yaml', '--data-dir', space.dataDir];
};

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly serial: string;
}

const visit = (url: string, { cert, key }: { cert: string; key: string }, ca = ours.cert): Promise<Answer> =>
  new Promise((resolve, reject) => {
    get(url, { ca, cert, key, agent: false }, (response) => {
      const { serialNumber } = (response.socket as TLSSocket).getPeerCertificate();
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () =>
        resolve({ status: response.statusCode as number, body, serial: serialNumber.toLowerCase() }),
      );
    }).on('error', reject);
  });

const agentsOf = ({ stdout }: RunningServer): string => /Agents\s+(https:\S+)\/mcp/.exec(stdout())?.[1] as string;
const readiness = async ({ url }: RunningServer) => {
  const response = await fetch(`${url}/readyz`);
  return { code: response.status, ...((await response.json()) as { status: string; tls: Record<string, unknown> }) };
};

describe('an agent listener by the Workload API', () => {
  it('lets an agent in by its SPIFFE ID, renews and changes its authority, and is shut when the identity is gone', async () => {
    const main = identity(ours, GATEWAY);
    agent.give({ svids: [main] });
    const args = configured(`workloadApi: '${agent.endpoint}', trustDomain: td.test`);
    running = await start(args, { cwd: space.folder });
    const agents = agentsOf(running);
    await makeKey(space.dataDir);
    const state = new DatabaseSync(join(space.dataDir, 'chatelaine.db'));
    state.exec(`UPDATE agents SET spiffe_id = '${BOOKING}' WHERE name = 'tester'`);
    state.close();
    const booking = issued(ours, BOOKING);
    await vi.waitFor(async () => {
      const answer = await visit(`${agents}/api/toolset`, booking);
      expect([answer.status, answer.serial]).toEqual([200, main.serial]);
    }, PATIENCE);
    expect((await visit(`${agents}/api/toolset`, issued(ours, 'spiffe://td.test/agent/other'))).status).toBe(401);
    expect(await readiness(running)).toMatchObject({
      ...{ code: 200, status: 'ready', tls: { agentListener: { workloadApi: 'ok' } } },
    });

    const next = domainAuthority('td.test');
    const renewed = identity(next, GATEWAY, { bundle: bundleOf(next) });
    agent.give({ svids: [renewed] });
    await vi.waitFor(async () => {
      const answer = await visit(`${agents}/api/toolset`, issued(next, BOOKING), next.cert);
      expect([answer.status, answer.serial]).toEqual([200, renewed.serial]);
    }, PATIENCE);
    await expect(visit(`${agents}/api/toolset`, booking, next.cert)).rejects.toThrow(REFUSED);

    agent.refuse(status.PERMISSION_DENIED, 'no identity issued');
    await vi.waitFor(async () => expect((await readiness(running as RunningServer)).code).toBe(503), PATIENCE);
    expect(await readiness(running)).toMatchObject({
      ...{ status: 'without identity', tls: { agentListener: { workloadApi: 'lost' } } },
    });
    await expect(visit(`${agents}/readyz`, issued(next, BOOKING), next.cert)).rejects.toThrow(REFUSED);
    const key = renewed.x509_svid_key.toString('base64');
    expect(running.stderr() + running.stdout()).not.toContain(key.slice(40, 80));
  });

  it('finds it by SPIFFE_ENDPOINT_SOCKET, takes the identity with the hint, and trusts the files that are named', async () => {
    const internal = identity(ours, 'spiffe://td.test/internal', { hint: 'internal' });
    agent.give({ svids: [identity(ours, GATEWAY), internal] });
    const clients = domainAuthority('clients.test');
    const clientCa = space.write('clients.pem', clients.cert);
    const args = configured(`workloadApi: {hint: internal}, clientCa: ${clientCa}, trustDomain: clients.test`);
    running = await start(args, { cwd: space.folder, env: { SPIFFE_ENDPOINT_SOCKET: agent.endpoint } });
    const answer = await visit(`${agentsOf(running)}/readyz`, issued(clients, 'spiffe://clients.test/a'));
    expect([answer.status, answer.serial]).toEqual([200, internal.serial]);
  });
});

describe('a start is refused', () => {
  it.each<[what: string, listener: string, sentence: RegExp]>([
    [
      'without an address',
      'workloadApi: {}, trustDomain: td.test',
      /error WORKLOAD_API_NOWHERE: `agentListener.workloadApi`/,
    ],
    [
      'with an address on another machine',
      'workloadApi: "tcp://10.0.0.1:1", trustDomain: td.test',
      /agentListener\.workloadApi.*private keys would cross the network in the clear/,
    ],
    ['with neither a bundle nor a Workload API', 'trustDomain: td.test', /nobody is trusted: give `clientCa`, or/],
    [
      'with nothing left for it to give',
      'workloadApi: "unix:///a", certificate: /c, key: /k, clientCa: /b, trustDomain: td.test',
      /nothing is left for `workloadApi` to give/,
    ],
    [
      'with lists for no bundle',
      'workloadApi: "unix:///a", crl: /c, trustDomain: td.test',
      /`crl` goes with `clientCa`/,
    ],
    [
      'with two choices',
      'workloadApi: {hint: a, spiffeId: "spiffe://td.test/a"}, trustDomain: td.test',
      /`spiffeId` and `hint` choose one identity each/,
    ],
  ])('%s', async (_, listener, sentence) => {
    const env = { SPIFFE_ENDPOINT_SOCKET: '' };
    const { code, stderr } = await run(['serve', '--port', '0', ...configured(listener)], { cwd: space.folder, env });
    expect([code, stderr]).toEqual([2, expect.stringMatching(sentence)]);
  });

  it('for a trust domain of which there is no bundle, saying of which there is', async () => {
    agent.give({ svids: [identity(ours, GATEWAY)] });
    const args = configured(`workloadApi: '${agent.endpoint}', trustDomain: other.test`);
    const { code, stderr } = await run(['serve', '--port', '0', ...args], { cwd: space.folder });
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/WORKLOAD_API_LACKS: .* no bundle of `other.test` for `agentListener`; it has `td.test`/),
    ]);
  });

  it('for a public listener with files and a Workload API', async () => {
    space.write(
      'tools.yaml',
      `${CITIES}---\nkind: server\nmetrics: false\ntls: {certificate: /c, key: /k, workloadApi: "unix:///a"}\n`,
    );
    const { code, stderr } = await run(['serve', '--config', 'tools.yaml', '--port', '0'], { cwd: space.folder });
    expect([code, stderr]).toEqual([2, expect.stringMatching(/the certificate comes from one place/)]);
  });
});
