import { z } from 'zod';
import { absoluteUrl, isLoopbackHost } from './common.ts';
import { tlsClientSchema } from './tls.ts';

/** `replica:` of `kind: server`: how the processes of one installation reach each other. */
export const replicaSchema = z.strictObject({
  address: absoluteUrl('https', 'http')
    .refine((text) => URL.parse(text)?.origin === text, {
      error:
        'this is not an origin: a scheme, a host and a port, such as `https://10.0.0.7:7420`, and nothing after it',
    })
    .optional()
    .describe(
      'Where the others reach this very process, such as `https://10.0.0.7:7420`: its listener, and no balancer. `host` and `port` say it otherwise, where the certificate is for `host`.',
    ),
  tls: tlsClientSchema.prefault({}).describe('How the others prove themselves, where their addresses are https.'),
});

export type ReplicaSettings = z.output<typeof replicaSchema>;

/**
 * Why no request may be forwarded to an address; undefined when it may. As with listeners: in the clear within
 * one machine, or where somebody else was named who speaks TLS in between.
 */
export function unsafeReplicaAddress(
  address: string,
  { tlsTerminatedBy }: { readonly tlsTerminatedBy?: string | undefined },
): string | undefined {
  const url = URL.parse(address);
  if (url === null || url.origin !== address) return `\`${address}\` is no origin`;
  if (url.protocol === 'https:') return undefined;
  if (url.protocol === 'http:' && (isLoopbackHost(url.hostname) || tlsTerminatedBy !== undefined)) return undefined;
  return `at \`${address}\` keys and tokens would cross the network in the clear; use https, or name who speaks TLS between replicas in \`tlsTerminatedBy\``;
}

/**
 * The address of a process as the others are told it; undefined where nobody said and it cannot be known. A
 * loopback address could be said by every host, and means another one on each.
 */
export function replicaAddress(
  server: { readonly host: string; readonly port: number; readonly tls?: unknown; readonly replica: ReplicaSettings },
  certifiedNames: readonly string[],
): string | undefined {
  const { host, port, tls, replica } = server;
  if (replica.address !== undefined) return replica.address;
  const isOne = host !== '0.0.0.0' && host !== '::' && !isLoopbackHost(host) && port !== 0;
  const name = replica.tls.serverName ?? host;
  if (!isOne || tls === undefined || !certifiedNames.includes(name.toLowerCase())) return undefined;
  return new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`).origin;
}
