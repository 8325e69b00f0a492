import { readFileSync } from 'node:fs';
import type { SecureContextOptions } from 'node:tls';
import { isPem, type TlsClientSettings } from '#contract';
import { reveal } from '#kernel';

/**
 * How a connection to a service is encrypted. Files are read for each new connection, so that a
 * renewed certificate is used without a restart. Checking the service cannot be turned off.
 * Throws the system's error for a file that cannot be read.
 */
export function tlsClient(settings: TlsClientSettings): SecureContextOptions & {
  readonly rejectUnauthorized: true;
  readonly servername?: string;
} {
  const { ca, cert, key, serverName } = settings;
  return {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    ...(ca !== undefined && { ca: pemOf(ca) }),
    ...(cert !== undefined && { cert: pemOf(cert) }),
    ...(key !== undefined && { key: pemOf(reveal(key)) }),
    ...(serverName !== undefined && { servername: serverName }),
  };
}

const pemOf = (value: string): string => (isPem(value) ? value : readFileSync(value, 'utf8'));
