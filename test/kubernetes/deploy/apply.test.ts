/** kubectl, with what a newcomer types, against the API server for tests. */
import { basename } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ask } from '../api-client.ts';
import { startApiServer } from '../api-server/index.ts';
import { define } from '../definitions.ts';
import { kubectl, MANIFESTS, ONE_NAMESPACE, SAMPLES } from './tools.ts';

async function cluster() {
  const api = await startApiServer();
  onTestFinished(async () => await api[Symbol.asyncDispose]());
  for (const name of ['tools', 'identity', 'payments', 'engineering', 'platform'])
    await ask(api, 'POST', '/api/v1/namespaces', { body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } } });
  return {
    api,
    apply: (...what: string[]) => kubectl('--server', api.url, 'apply', '--server-side', '--validate=false', ...what),
  };
}

test.each([
  ['deploy/manifests', MANIFESTS, 'deployment.apps/chatelaine-operator'],
  [
    'deploy/kustomize/one-namespace',
    ONE_NAMESPACE,
    'rolebinding.rbac.authorization.k8s.io/chatelaine-operator-secrets',
  ],
])('%s are applied, and applied again', async (_, folder, last) => {
  const { apply } = await cluster();
  await apply('--kustomize', folder);
  expect(await apply('--kustomize', folder)).toContain(`${last} serverside-applied`);
});

test.each(SAMPLES.map((file) => [basename(file), file]))('the sample %s is taken', async (_, file) => {
  const { api, apply } = await cluster();
  await define(api);
  expect(await apply('--filename', file)).toContain('mcpauthserver.chatelaine.dev/login serverside-applied');
});
