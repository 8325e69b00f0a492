/**
 * Who we are towards an API and an MCP server by a SPIFFE Workload API, and who they are: a server as a process, real
 * handshakes, and identities that change and go while it runs.
 */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { status } from '@grpc/grpc-js';
import { expect, onTestFinished, test, vi } from 'vitest';
import {
  bundleOf,
  domainAuthority,
  identity,
  issued,
  startWorkloadServer,
  type WorkloadServer,
} from '../../../test/workload-api.ts';
import { serveUpstream } from '../../../test/mcp-upstream.ts';
import { makeKey, start, workspace } from './server.fixture.ts';

const PATIENCE = { timeout: 60_000, interval: 200 };
const GATEWAY = 'spiffe://td.test/ns/default/gateway/main';
const API = 'spiffe://partner.test/ns/ledger/api';
const SERVER = 'spiffe://td.test/ns/tools/mcpserver/far';

const [ours, partner] = [domainAuthority('td.test'), domainAuthority('partner.test')];

interface Api {
  readonly port: number;
  /** Serials of the certificates that were shown, a request each. */
  readonly shown: string[];
  setSecureContext(certificate: { readonly cert: string; readonly key: string }): void;
}

/** An API that wants certificates of our domain, and says nothing about its host in its own. */
async function startApi(): Promise<Api> {
  const shown: string[] = [];
  const tls = (own: { cert: string; key: string }) => ({
    ...{ cert: own.cert, key: own.key, ca: ours.cert, requestCert: true, rejectUnauthorized: true },
  });
  const server = createServer(tls(issued(partner, API)), (request, response) => {
    shown.push((request.socket as TLSSocket).getPeerCertificate().serialNumber.toLowerCase());
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"balance": 7}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    shown,
    port: (server.address() as AddressInfo).port,
    setSecureContext(certificate) {
      server.setSecureContext(tls(certificate));
      server.closeAllConnections();
    },
  };
}

const configuration = (agent: WorkloadServer, api: Api, far: string): string => `kind: server
metrics: false
---
kind: source
name: ledger
type: http
# The certificate is for 127.0.0.1 too; nobody asks.
baseUrl: https://localhost:${api.port}
allowPrivateNetworks: true
tls: { workloadApi: "${agent.endpoint}", serverSpiffeId: ${API} }
---
kind: tool
name: balance
type: http
source: ledger
description: What is there.
method: GET
path: /balance
---
kind: mcpServer
name: far
url: ${far}
allowPrivateNetworks: true
tls: { workloadApi: { endpoint: "${agent.endpoint}", spiffeId: ${GATEWAY} }, serverSpiffeId: ${SERVER} }
---
kind: policy
name: servers
cedar: |
  permit (principal, action in [Action::"read", Action::"execute"], resource) when { resource.origin == "federated" };
`;

test('an API and an MCP server see our SVID and are known by theirs, each by its own domain’s bundle, while all of it changes', async () => {
  const space = workspace();
  onTestFinished(() => space.remove());
  const agent = await startWorkloadServer(space.file('agent.sock'));
  onTestFinished(() => agent.stop());
  const federated_bundles = { 'spiffe://partner.test': bundleOf(partner) };
  const first = identity(ours, GATEWAY);
  agent.give({ svids: [first], federated_bundles });
  const api = await startApi();
  const own = issued(ours, SERVER);
  const far = await serveUpstream('stateless', {
    ...{ cert: own.cert, key: own.key, ca: ours.cert, requestCert: true, rejectUnauthorized: true },
  });
  onTestFinished(() => far.close());
  space.write('tools.yaml', configuration(agent, api, far.url));
  const { key } = await makeKey(space.dataDir);
  const server = await start(['--config', space.file('tools.yaml'), '--data-dir', space.dataDir]);
  onTestFinished(async () => void (await server.stop()));
  const call = async (tool: string, args: object = {}): Promise<string> => {
    const response = await fetch(`${server.url}/api/tool/${tool}/invoke`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(args),
    });
    return await response.text();
  };

  expect(await call('balance')).toContain('balance');
  expect(api.shown).toEqual([first.serial]);
  await vi.waitFor(async () => expect(await call('far_echo', { text: 'hi' })).toContain('hi'), PATIENCE);

  // Another SVID while calls run: none fails, and those that follow show it.
  const renewed = identity(ours, GATEWAY);
  const during = Promise.all(Array.from({ length: 30 }, () => call('balance')));
  agent.give({ svids: [renewed], federated_bundles });
  for (const answer of await during) expect(answer).toContain('balance');
  await vi.waitFor(async () => {
    expect(await call('balance')).toContain('balance');
    expect(api.shown.at(-1)).toBe(renewed.serial);
  }, PATIENCE);
  expect(await call('far_echo', { text: 'again' })).toContain('again');

  // Another workload of the partner, and one of our own domain that names itself as the API: neither is it.
  api.setSecureContext(issued(partner, 'spiffe://partner.test/ns/ledger/other'));
  expect(await call('balance')).toContain(`the server is not \`${API}\``);
  const count = api.shown.length;
  api.setSecureContext(issued(ours, 'spiffe://td.test/ns/ledger/api'));
  expect(await call('balance')).toMatch(/SOURCE_UNREACHABLE|cannot be reached/);
  expect(api.shown.length).toBe(count);
  api.setSecureContext(issued(partner, API));
  expect(await call('balance')).toContain('"balance');

  // Gone: nothing is shown any more, nowhere.
  agent.refuse(status.PERMISSION_DENIED, 'no identity issued');
  await vi.waitFor(async () => expect(await call('balance')).toContain('has no certificate any more'), PATIENCE);
  const last = identity(ours, GATEWAY);
  agent.give({ svids: [last], federated_bundles });
  await vi.waitFor(async () => {
    expect(await call('balance')).toContain('"balance');
    expect(api.shown.at(-1)).toBe(last.serial);
  }, PATIENCE);
  await vi.waitFor(async () => expect(await call('far_echo', { text: 'back' })).toContain('back'), PATIENCE);
  expect(server.stderr()).not.toContain('PRIVATE KEY');
}, 240_000);
