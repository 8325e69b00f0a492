/** `chatelaine operator` as a process, at the API server for tests. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { JsonObject } from '#kernel';
import { ask } from '../../../test/kubernetes/api-client.ts';
import { startApiServer, type ApiServer } from '../../../test/kubernetes/api-server/index.ts';
import { define } from '../../../test/kubernetes/definitions.ts';
import { freePort } from '../../../test/loopback.ts';
import { COMMAND, run, workspace } from './server.fixture.ts';

const GROUP: JsonObject = {
  ...{ apiVersion: 'chatelaine.dev/v1alpha1', kind: 'MCPGroup', metadata: { name: 'everybody', namespace: 'tools' } },
  spec: {},
};
const LEASE = '/apis/coordination.k8s.io/v1/namespaces/home/leases/chatelaine-operator';

async function cluster(): Promise<{ api: ApiServer; kubeconfig: string }> {
  const api = await startApiServer();
  onTestFinished(async () => await api[Symbol.asyncDispose]());
  await define(api);
  for (const name of ['home', 'tools'])
    await ask(api, 'POST', '/api/v1/namespaces', { body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } } });
  const place = workspace();
  onTestFinished(() => place.remove());
  const kubeconfig = join(place.folder, 'kubeconfig');
  const config = {
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'test' },
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    clusters: [{ name: 'test', cluster: { server: api.url, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'test', user: {} }],
  };
  // JSON is YAML.
  writeFileSync(kubeconfig, JSON.stringify(config));
  return { api, kubeconfig };
}

interface Operating {
  readonly health: string;
  readonly metrics: string;
  readonly ended: Promise<number | null>;
  stop(): Promise<number | null>;
}

async function operate(kubeconfig: string): Promise<Operating> {
  const [health, metrics] = [await freePort(), await freePort()];
  const ports = ['--health-port', String(health), '--metrics-port', String(metrics)];
  const child = spawn(COMMAND, ['operator', '--kubeconfig', kubeconfig, '--own-namespace', 'home', ...ports], {
    stdio: 'ignore',
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  onTestFinished(() => void child.kill('SIGKILL'));
  return {
    ...{ health: `http://127.0.0.1:${health}`, metrics: `http://127.0.0.1:${metrics}/metrics`, ended },
    async stop() {
      child.kill('SIGTERM');
      return await ended;
    },
  };
}

const leading = (operating: Operating): Promise<unknown> =>
  vi.waitFor(
    async () =>
      expect(await (await fetch(`${operating.health}/readyz`)).json()).toEqual({ status: 'ready', leader: true }),
    {
      ...{ timeout: 30_000, interval: 100 },
    },
  );

test(
  'the operator works from a kubeconfig, says how it is, and gives its Lease up when it is stopped',
  { timeout: 60_000 },
  async () => {
    const { api, kubeconfig } = await cluster();
    const operating = await operate(kubeconfig);
    await leading(operating);
    const path = '/apis/chatelaine.dev/v1alpha1/namespaces/tools/mcpgroups';
    await ask(api, 'POST', path, { body: GROUP });
    await vi.waitFor(
      async () =>
        expect((await ask(api, 'GET', `${path}/everybody`)).body).toMatchObject({
          status: { phase: 'Ready', serverCount: 0 },
        }),
      { timeout: 20_000, interval: 100 },
    );
    const text = await (await fetch(operating.metrics)).text();
    expect(text).toMatch(/^chatelaine_operator_leader 1$/m);
    expect(text).toMatch(/^chatelaine_operator_reconciles_total\{kind="MCPGroup",outcome="ok"\} [1-9]/m);
    expect(await operating.stop()).toBe(0);
    expect((await ask(api, 'GET', LEASE)).body).toMatchObject({ spec: { holderIdentity: '' } });
  },
);

test('an operator whose Lease is taken ends with 1, to be started again', { timeout: 60_000 }, async () => {
  const { api, kubeconfig } = await cluster();
  const operating = await operate(kubeconfig);
  await leading(operating);
  const now = new Date().toISOString().replace('Z', '000Z');
  const spec = { holderIdentity: 'another', leaseDurationSeconds: 60, acquireTime: now, renewTime: now };
  await ask(api, 'PATCH', LEASE, { body: { spec }, type: 'merge-patch+json' });
  expect(await operating.ended).toBe(1);
});

test('a kubeconfig that is none, and a namespace that nobody named, are said before anything is asked', async () => {
  const { kubeconfig } = await cluster();
  expect(await run(['operator', '--kubeconfig', '/nonexistent'])).toMatchObject({
    ...{ code: 2, stderr: expect.stringContaining('CLUSTER_ACCESS_UNUSABLE') },
  });
  expect(await run(['operator', '--kubeconfig', kubeconfig])).toMatchObject({
    ...{ code: 2, stderr: expect.stringContaining('`--own-namespace`') },
  });
});
