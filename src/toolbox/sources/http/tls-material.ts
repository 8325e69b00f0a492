/** `tls:` of a source that makes outgoing requests: whom to trust and who we are. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { EgressTlsConfig, WorkloadIdentities } from '#contract';
import { reveal, type Secret } from '#kernel';
import { toolboxError } from '../../errors.ts';
import type { EgressTls } from '#egress';

/** The fields with what the vault has in the place of references. */
export interface TlsConfig extends Pick<EgressTlsConfig, 'ca' | 'pin' | 'serverName'> {
  readonly clientCert?: Secret | undefined;
  readonly clientKey?: Secret | undefined;
}

/**
 * The material behind the configuration. Relative paths start at `directory`. Throws
 * `SOURCE_UNREACHABLE` when a file cannot be read: at the first use, so that a file which arrives
 * late (a mounted secret) stops nothing else.
 */
export async function readTls(config: TlsConfig, directory: string): Promise<EgressTls> {
  const [ca, cert, key] = await Promise.all([
    pem('ca', config.ca, directory),
    pem('clientCert', config.clientCert && reveal(config.clientCert), directory),
    pem('clientKey', config.clientKey && reveal(config.clientKey), directory),
  ]);
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(config.pin !== undefined && { pins: config.pin }),
    ...(config.serverName !== undefined && { servername: config.serverName }),
  };
}

/**
 * Who `tls.workloadApi` says that we are now, and whom it has us believe; undefined where the fields name none. Rejects
 * as `WorkloadIdentities.now` does, and with `SOURCE_UNREACHABLE` where nobody can be asked.
 */
export async function workloadIdentity(
  tls: Pick<EgressTlsConfig, 'workloadApi' | 'serverSpiffeId'> | undefined,
  name: string,
  workloads: WorkloadIdentities | undefined,
): Promise<{ readonly stamp: string; readonly tls: Pick<EgressTls, 'cert' | 'key' | 'peer'> } | undefined> {
  if (tls?.workloadApi === undefined) return undefined;
  if (workloads === undefined)
    throw toolboxError('SOURCE_UNREACHABLE', `no Workload API can be asked here, as \`${name}.tls\` wants it`);
  const { workloadApi, serverSpiffeId } = tls;
  const { stamp, cert, key, server } = await workloads.now(`${name}.tls`, { workloadApi, serverSpiffeId });
  return { stamp, tls: { cert, key: reveal(key), ...(server !== undefined && { peer: server }) } };
}

async function pem(field: string, written: string | undefined, directory: string): Promise<string | undefined> {
  if (written === undefined || written.includes('-----BEGIN')) return written;
  try {
    return await readFile(resolve(directory, written), 'utf8');
  } catch (cause) {
    // The path is named for the certificates alone: `clientKey` may hold a mangled key instead of a path.
    const isKey = field === 'clientKey';
    throw toolboxError(
      'SOURCE_UNREACHABLE',
      `the file${isKey ? '' : ` \`${written}\``} of \`tls.${field}\` cannot be read (${(cause as NodeJS.ErrnoException).code})`,
      isKey ? {} : { cause },
    );
  }
}
