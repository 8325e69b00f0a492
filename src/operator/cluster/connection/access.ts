/** How the API server is reached, and as whom: the port of a kubeconfig, a service account and a plain address. */
import type { Agent } from 'node:http';
import type { ConnectionOptions } from 'node:tls';
import { reveal, type Secret } from '#kernel';
import { clusterError } from '../errors.ts';

/** What a request is made with. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>;
  /** Of a proxy on the way. */
  readonly agent?: Agent | undefined;
}

export interface ApiAccess {
  readonly server: URL;
  /** The namespace that the operator itself is in, where that is known. */
  readonly namespace: string | undefined;
  /** Asked for every request: tokens and certificates change while we run. */
  credentials(): Promise<Credentials>;
}

/** An address with what is needed to be let in. Plain HTTP is for loopback: a token on another wire is anybody's. */
export function directAccess(given: {
  readonly url: string | URL;
  /** PEM. */
  readonly ca?: string | undefined;
  readonly token?: Secret | undefined;
  readonly namespace?: string | undefined;
}): ApiAccess {
  const server = new URL(given.url);
  if (server.protocol !== 'https:' && !isLoopback(server.hostname))
    throw clusterError(
      'CLUSTER_ACCESS_UNUSABLE',
      `the API server at \`${server.origin}\` has to be reached over https`,
    );
  const { ca, token, namespace } = given;
  const credentials: Credentials = {
    headers: token === undefined ? {} : { authorization: `Bearer ${reveal(token)}` },
    tls: ca === undefined ? {} : { ca },
  };
  return { server, namespace, credentials: async () => credentials };
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
