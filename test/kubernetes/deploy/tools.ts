/** helm and kubectl, as somebody at a terminal calls them. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from '#operator';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const bin = (name: string): string => join(ROOT, 'test', 'kubernetes', 'tools', 'bin', name);

export const CHART = join(ROOT, 'deploy', 'helm', 'chatelaine-operator');
export const MANIFESTS = join(ROOT, 'deploy', 'manifests');
export const ONE_NAMESPACE = join(ROOT, 'deploy', 'kustomize', 'one-namespace');
export const SAMPLES = ['development', 'enterprise-ca', 'github-and-entra', 'three-replicas'].map((name) =>
  join(CHART, 'samples', `${name}.yaml`),
);

// No kubeconfig, cache or plugin of whoever runs the tests.
const home = mkdtempSync(join(tmpdir(), 'chatelaine-deploy-'));
process.once('exit', () => rmSync(home, { recursive: true, force: true }));
const env = { PATH: '/usr/bin:/bin', HOME: home, KUBECONFIG: '/dev/null' };

async function run(tool: 'helm' | 'kubectl', args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(bin(tool), args, { env, maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

export const helm = (...args: readonly string[]): Promise<string> => run('helm', args);
export const kubectl = (...args: readonly string[]): Promise<string> => run('kubectl', args);

export const objectsIn = (text: string): readonly KubernetesObject[] =>
  parseAllDocuments(text).flatMap((document) => {
    const object = document.toJS() as KubernetesObject | null;
    return object === null ? [] : [object];
  });

export const template = async (...args: readonly string[]): Promise<readonly KubernetesObject[]> =>
  objectsIn(await helm('template', 'chatelaine', CHART, '--namespace', 'chatelaine-system', ...args));
