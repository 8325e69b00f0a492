/**
 * TLS from a source to its database server: one `ssl:` block for PostgreSQL and MySQL alike, with
 * libpq's modes, since every operator knows what those promise (PostgreSQL 18 manual, 32.19.1).
 *
 * | mode | encrypted | certificate chain | host name |
 * |---|---|---|---|
 * | `disable` | no | | |
 * | `prefer` | when the server can | not checked | not checked |
 * | `require` | always | checked only when `ca` is given | not checked |
 * | `verify-ca` | always | checked | not checked |
 * | `verify-full` | always | checked | checked |
 */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { checkServerIdentity, type ConnectionOptions } from 'node:tls';
import { z } from 'zod';
import { reveal } from '#kernel';
import { secretValue } from '#contract';
import { toolboxError } from '../errors.ts';
import { certificateOf, privateKeyOf, type SourceSecrets, type SqlLogin } from '../secrets/index.ts';

export const sslModes = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof sslModes)[number];

const pemOrPath = z.string().min(1);

export const sslSchema = z
  .strictObject({
    mode: z.enum(sslModes).default('verify-full').describe('How far the server must prove itself.'),
    ca: pemOrPath.optional().describe('Certificates to trust, as a file or as PEM text; else the system’s.'),
    cert: secretValue.optional().describe('Our certificate, as a file, as PEM text or as an `mtls` secret.'),
    key: secretValue.optional().describe('The private key of `cert`, likewise.'),
    serverName: z.string().min(1).optional().describe('The name to expect in the certificate, when not `host`.'),
  })
  .refine((ssl) => (ssl.cert === undefined) === (ssl.key === undefined), {
    message: '`cert` and `key` belong together: give both or none',
  });

export type SslConfig = z.output<typeof sslSchema>;

/**
 * Node's TLS options for a mode above `disable`. Files are read at each call, so a renewed certificate
 * is used by the next connection, and so are secrets. `directory` is where relative paths start;
 * `certificate` speaks for us in the place of `cert` and `key`.
 * Throws `SOURCE_UNREACHABLE` naming the file that cannot be read, and `SECRET_UNAVAILABLE`.
 */
export async function tlsOptions(
  ssl: SslConfig,
  server: {
    readonly host: string;
    readonly directory: string;
    readonly secrets: SourceSecrets;
    readonly certificate?: SqlLogin['certificate'] | undefined;
  },
): Promise<ConnectionOptions> {
  const { directory, secrets, certificate } = server;
  const [certText, keyText] = await Promise.all([
    certificate?.cert ?? (ssl.cert && secrets.text(ssl.cert, certificateOf).then(reveal)),
    certificate?.key ?? (ssl.key && secrets.text(ssl.key, privateKeyOf)),
  ]);
  const [ca, cert, key] = await Promise.all([
    readPem('ca', ssl.ca, directory),
    readPem('cert', certText, directory),
    readPem('key', keyText && reveal(keyText), directory),
  ]);
  const name = ssl.serverName ?? server.host;
  const verifies =
    ssl.mode === 'verify-ca' || ssl.mode === 'verify-full' || (ssl.mode === 'require' && ca !== undefined);
  return {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: verifies,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert, key }),
    // The name is checked here rather than left to the driver, which knows only the address it dials.
    checkServerIdentity: (_dialled, peer) => (ssl.mode === 'verify-full' ? checkServerIdentity(name, peer) : undefined),
  };
}

async function readPem(field: string, value: string | undefined, directory: string): Promise<string | undefined> {
  if (value === undefined || value.includes('-----BEGIN ')) return value;
  const path = resolve(directory, value);
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    // What stands for the key may be a mangled key instead of a path: neither it nor the system's error,
    // which repeats it, is told.
    if (field === 'key') {
      const { code } = cause as NodeJS.ErrnoException;
      throw toolboxError('SOURCE_UNREACHABLE', `\`ssl.key\`: cannot read the file that it names (${code})`);
    }
    throw toolboxError('SOURCE_UNREACHABLE', `\`ssl.${field}\`: cannot read \`${path}\``, { cause });
  }
}
