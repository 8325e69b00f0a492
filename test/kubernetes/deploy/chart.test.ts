import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import {
  HOME,
  OPERATOR,
  podSecurityFaults,
  SECRETS,
  WATCHED,
  WEBHOOK,
  WEBHOOK_HOME,
  WEBHOOK_SERVICE,
  webhookConfiguration,
  type KubernetesObject,
} from '#operator';
import { CHART, helm, kubectl, MANIFESTS, objectsIn, ONE_NAMESPACE, template } from './tools.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const DIGEST = `sha256:${'0'.repeat(64)}`;

const VALUES: Readonly<Record<string, readonly string[]>> = {
  'nothing said': [],
  'Secrets of two namespaces': ['--set', 'secretNamespaces={team-a,team-b}'],
  'two namespaces alone': ['--set', 'namespaces={team-a,team-b}', '--set', 'secretNamespaces={team-a,team-b}'],
  'digests required': ['--set', `image.digest=${DIGEST}`, '--set', 'requireDigests=true'],
  'no webhook': ['--set', 'webhook.enabled=false'],
  'no definitions, no NetworkPolicy': ['--set', 'crds.install=false', '--set', 'networkPolicy.enabled=false'],
};

const find = (objects: readonly KubernetesObject[], kind: string, name: string): KubernetesObject => {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`there is no ${kind} \`${name}\``);
  return found;
};

const kindsOf = (objects: readonly KubernetesObject[]): string[] => objects.map(({ kind }) => kind);

describe.each(Object.entries(VALUES))('the chart with %s', (_, values) => {
  test('lints', async () => {
    expect(await helm('lint', CHART, '--strict', ...values)).toContain('0 chart(s) failed');
  });

  test('starts an operator that passes the Pod Security level restricted, with options that the command has', async () => {
    const { spec } = find(await template(...values), 'Deployment', OPERATOR) as unknown as {
      spec: { template: Parameters<typeof podSecurityFaults>[0] };
    };
    expect(podSecurityFaults(spec.template)).toEqual([]);
    const { spec: pod } = spec.template as { spec: { containers: { args: string[] }[] } };
    const [container] = pod.containers;
    // It comes as far as looking for a service account, which is not there.
    const started = promisify(execFile)(join(ROOT, 'bin', 'chatelaine'), container?.args ?? []);
    await expect(started).rejects.toMatchObject({ stderr: expect.stringContaining('CLUSTER_ACCESS_UNUSABLE') });
  });
});

test('the chart grants what is written in the sources, and where', async () => {
  const objects = await template('--set', 'secretNamespaces={team-a}');
  expect(find(objects, 'ClusterRole', OPERATOR)['rules']).toEqual(WATCHED);
  expect(find(objects, 'ClusterRole', `${OPERATOR}-secrets`)['rules']).toEqual(SECRETS);
  expect(find(objects, 'ClusterRole', `${OPERATOR}-webhook`)['rules']).toEqual(WEBHOOK);
  expect(find(objects, 'Role', OPERATOR)['rules']).toEqual([...HOME, ...WEBHOOK_HOME]);
  const bound = objects
    .filter(({ kind }) => kind.endsWith('Binding'))
    .map(({ metadata, ...rest }) => `${(rest['roleRef'] as { name: string }).name} in ${metadata.namespace ?? 'all'}`);
  expect(bound.toSorted()).toEqual([
    `${OPERATOR} in all`,
    `${OPERATOR} in chatelaine-system`,
    `${OPERATOR}-secrets in team-a`,
    `${OPERATOR}-webhook in all`,
  ]);
});

test('for namespaces that are named nothing of the cluster is granted but the registration of the webhook', async () => {
  const objects = await template('--set', 'namespaces={team-a,team-b}');
  const cluster = objects.filter(({ kind }) => kind === 'ClusterRoleBinding');
  expect(cluster.map((object) => (object['roleRef'] as { name: string }).name)).toEqual([`${OPERATOR}-webhook`]);
});

test('no role of the chart lists or watches Secrets', () => {
  const verbs = [...WATCHED, ...SECRETS, ...HOME, ...WEBHOOK_HOME, ...WEBHOOK]
    .filter(({ apiGroups, resources }) => apiGroups.includes('') && resources.includes('secrets'))
    .flatMap((rule) => rule.verbs);
  expect(new Set(verbs)).toEqual(new Set(['get', 'create', 'update']));
});

test('the webhook is registered as the operator serves it', async () => {
  const place = { name: OPERATOR, namespace: 'chatelaine-system', service: WEBHOOK_SERVICE };
  const { webhooks } = find(await template(), 'ValidatingWebhookConfiguration', OPERATOR) as unknown as {
    webhooks: unknown;
  };
  expect(webhooks).toEqual(webhookConfiguration(place, '')['webhooks']);
  const some = await template('--set', 'namespaces={team-a}');
  expect(find(some, 'ValidatingWebhookConfiguration', OPERATOR)['webhooks']).toEqual(
    webhookConfiguration({ ...place, namespaces: ['team-a'] }, '')['webhooks'],
  );
});

test('definitions stay when the release goes: with them every object would go', async () => {
  const definitions = (await template()).filter(({ kind }) => kind === 'CustomResourceDefinition');
  expect(definitions).toHaveLength(5);
  for (const { metadata } of definitions)
    expect(metadata.annotations).toMatchObject({ 'helm.sh/resource-policy': 'keep' });
});

test.each(['image.digest=latest', 'namespaces={Team A}', 'replicas=-1', 'unknown=1'])(
  'values such as `%s` are refused',
  async (value) => {
    await expect(helm('template', 'x', CHART, '--set', value)).rejects.toThrow(/schema/);
  },
);

test('the plain manifests are the chart without values', async () => {
  const node = join(ROOT, 'node_modules', 'node', 'bin', 'node');
  const check = promisify(execFile)(node, [join(ROOT, 'scripts', 'render-manifests.ts'), '--check'], { cwd: ROOT });
  await expect(check).resolves.toMatchObject({ stdout: '' });
});

test('kubectl puts manifests and definitions together', async () => {
  const objects = objectsIn(await kubectl('kustomize', MANIFESTS));
  expect(kindsOf(objects).filter((kind) => kind === 'CustomResourceDefinition')).toHaveLength(5);
  expect(find(objects, 'Namespace', 'chatelaine-system').metadata.labels).toMatchObject({
    'pod-security.kubernetes.io/enforce': 'restricted',
  });
});

test('the operator of one namespace has no right of the cluster and no webhook', async () => {
  const objects = objectsIn(await kubectl('kustomize', ONE_NAMESPACE));
  expect(kindsOf(objects)).not.toContain('ClusterRoleBinding');
  expect(kindsOf(objects)).not.toContain('ValidatingWebhookConfiguration');
  const { spec } = find(objects, 'Deployment', OPERATOR) as unknown as {
    spec: { template: { spec: { containers: { args: string[] }[] } } };
  };
  expect(spec.template.spec.containers[0]?.args).toEqual(expect.arrayContaining(['--namespace=tools', '--no-webhook']));
});
