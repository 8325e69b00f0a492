import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { reveal, Secret } from '#kernel';
import { cliError } from '../errors.ts';

const secret = z.string().transform((text) => new Secret(text));

/** A session of the server itself. */
const session = z.strictObject({ credential: secret, expiresAt: z.iso.datetime() });

/** Tokens of its authorization server, with what refreshes and revokes them. */
const tokens = z.strictObject({
  issuer: z.url(),
  accessToken: secret,
  refreshToken: secret.optional(),
  /** When the access token ends. */
  expiresAt: z.iso.datetime(),
});

/** What `chatelaine login` has got, by the origin of the server that gave it. */
const credentialFile = z.strictObject({ servers: z.record(z.string(), z.union([session, tokens])) });

export type KeptTokens = Readonly<z.output<typeof tokens>>;
export type Credential = Readonly<z.output<typeof session>> | KeptTokens;
type Credentials = z.output<typeof credentialFile>['servers'];

export type Env = Readonly<Record<string, string | undefined>>;

/** `chatelaine/credentials.json` under `XDG_CONFIG_HOME`, by default `~/.config`. */
export const credentialsPath = (env: Env): string =>
  join(env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config'), 'chatelaine', 'credentials.json');

/** What is kept for a server, whether it still counts or not. Throws `CREDENTIALS_UNREADABLE`. */
export const readCredential = (env: Env, origin: string): Credential | undefined => readAll(env)[origin];

/** Keeps a credential, in a file that only its owner may read: whole or not at all. */
export function keepCredential(env: Env, origin: string, credential: Credential): string {
  return write(env, { ...readAll(env), [origin]: credential });
}

/** Forgets the credential for a server; false when there was none. */
export function forgetCredential(env: Env, origin: string): boolean {
  const { [origin]: found, ...others } = readAll(env);
  if (found !== undefined) write(env, others);
  return found !== undefined;
}

function readAll(env: Env): Credentials {
  const file = credentialsPath(env);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return {};
    throw cliError('CREDENTIALS_UNREADABLE', `\`${file}\` cannot be read (${code ?? 'unknown reason'})`, { cause });
  }
  try {
    return credentialFile.parse(JSON.parse(text)).servers;
  } catch {
    // Not the cause: it may quote what it holds.
    throw cliError('CREDENTIALS_UNREADABLE', `\`${file}\` is not what \`chatelaine login\` writes`);
  }
}

function write(env: Env, credentials: Credentials): string {
  const file = credentialsPath(env);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const shown = (value: unknown): unknown => (value instanceof Secret ? reveal(value) : value);
  const servers = Object.fromEntries(
    Object.entries(credentials).map(([origin, credential]) => [
      origin,
      Object.fromEntries(Object.entries(credential).map(([name, value]) => [name, shown(value)])),
    ]),
  );
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify({ servers }, null, 2)}\n`, { mode: 0o600 });
  // The mode of a draft that a killed process left behind would stay.
  chmodSync(draft, 0o600);
  renameSync(draft, file);
  return file;
}
