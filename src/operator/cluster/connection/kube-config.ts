/**
 * Access by a kubeconfig, or by the service account of the pod: who we are, the plugins that are run for it and the
 * files that are read again are the business of @kubernetes/client-node. It comes with hundreds of modules and only
 * when it is used.
 */
import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { clusterError } from '../errors.ts';
import type { ApiAccess, Credentials } from './access.ts';

/** Throws `CLUSTER_ACCESS_UNUSABLE`. */
export async function kubeConfigAccess(path: string, context?: string): Promise<ApiAccess> {
  const config = await emptyConfig();
  attempt(`the kubeconfig \`${path}\` cannot be read`, () => config.loadFromFile(path));
  if (context !== undefined) {
    const known = config.getContexts().map(({ name }) => name);
    if (!known.includes(context)) {
      const there = known.map((name) => `\`${name}\``).join(', ');
      throw clusterError(
        'CLUSTER_ACCESS_UNUSABLE',
        `the kubeconfig \`${path}\` has no context \`${context}\`, only ${there === '' ? 'none' : there}`,
      );
    }
    config.setCurrentContext(context);
  }
  return accessBy(config, `the kubeconfig \`${path}\``);
}

/** By what Kubernetes puts into every pod. Throws `CLUSTER_ACCESS_UNUSABLE` elsewhere. */
export async function serviceAccountAccess(): Promise<ApiAccess> {
  const config = await emptyConfig();
  attempt('the service account of the pod cannot be read', () => config.loadFromCluster());
  return accessBy(config, 'the service account of the pod');
}

async function emptyConfig(): Promise<KubeConfig> {
  const client = await import('@kubernetes/client-node');
  return new client.KubeConfig();
}

function accessBy(config: KubeConfig, title: string): ApiAccess {
  const cluster = config.getCurrentCluster();
  if (cluster === null || !URL.canParse(cluster.server))
    throw clusterError('CLUSTER_ACCESS_UNUSABLE', `${title} names no cluster with an address`);
  const current = config.getContextObject(config.getCurrentContext());
  const { proxyUrl } = cluster;
  const credentials = async (): Promise<Credentials> => {
    const options: RequestOptions = {};
    try {
      await config.applyToHTTPSOptions(options);
    } catch (cause) {
      // What a plugin writes may hold what it was to give: only in the cause.
      throw clusterError('CLUSTER_ACCESS_UNUSABLE', `${title} does not lead to credentials`, { cause });
    }
    return credentialsOf(options, proxyUrl !== undefined);
  };
  return { server: new URL(cluster.server), namespace: current?.namespace ?? undefined, credentials };
}

function credentialsOf(options: RequestOptions, proxied: boolean): Credentials {
  const { ca, cert, key, servername, rejectUnauthorized, headers, auth, agent } = options;
  const basic: Record<string, string> = auth ? { authorization: `Basic ${Buffer.from(auth).toString('base64')}` } : {};
  return {
    headers: { ...(headers as Record<string, string> | undefined), ...basic },
    tls: defined({ ca, cert, key, servername, rejectUnauthorized }),
    ...(proxied && typeof agent === 'object' ? { agent } : {}),
  };
}

const defined = (all: Credentials['tls']): Credentials['tls'] =>
  Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));

function attempt(what: string, work: () => void): void {
  try {
    work();
  } catch (cause) {
    throw clusterError('CLUSTER_ACCESS_UNUSABLE', what, { cause });
  }
}
