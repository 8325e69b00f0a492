import { readFileSync } from 'node:fs';
import { checkServerIdentity, type ConnectionOptions } from 'node:tls';
import { isPem, isThisMachine, type PostgresSettings } from '#contract';
import { reveal } from '#kernel';
import { databaseError } from '../errors.ts';

/**
 * How a connection to the server is encrypted, or false where it need not be: on this machine, unless
 * something about TLS was said. There is no mode between: encryption towards somebody unknown
 * protects from nobody who could be on the way.
 *
 * Throws `DATABASE_UNAVAILABLE` for a file that cannot be read. A file that is renewed is used by the
 * next connection; one that has become unreadable meanwhile is used as it last was.
 */
export function tlsOptions({ host, tls }: PostgresSettings): ConnectionOptions | false {
  const wanted =
    tls.mode ?? (isThisMachine(host) && tls.ca === undefined && tls.cert === undefined ? 'disable' : 'verify-full');
  // A Unix socket has no wire, and the server offers no TLS on it.
  if (wanted === 'disable' || host.startsWith('/')) return false;
  const name = tls.serverName ?? host;
  const options: ConnectionOptions = {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    // Here and not left to the driver, which knows the name that it dials alone.
    checkServerIdentity: (_dialled, peer) => checkServerIdentity(name, peer),
  };
  if (tls.ca !== undefined) addPem(options, 'ca', tls.ca);
  if (tls.cert !== undefined) addPem(options, 'cert', tls.cert);
  if (tls.key !== undefined) addPem(options, 'key', reveal(tls.key));
  return options;
}

/** The driver reads the fields at each new connection. */
function addPem(options: ConnectionOptions, field: 'ca' | 'cert' | 'key', value: string): void {
  if (isPem(value)) {
    options[field] = value;
    return;
  }
  let last = readPem(field, value);
  Object.defineProperty(options, field, {
    enumerable: true,
    configurable: true,
    get() {
      try {
        last = readPem(field, value);
      } catch {
        // In the midst of being replaced, perhaps: what it held a moment ago is the best that is known.
      }
      return last;
    },
  });
}

function readPem(field: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    // A key given as text that is no PEM must not be repeated.
    const shown = path.startsWith('/') && !path.includes('\n') ? `\`${path}\`` : 'the file';
    throw databaseError('DATABASE_UNAVAILABLE', `\`database.tls.${field}\`: cannot read ${shown}`, { cause });
  }
}
