import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { reveal, Secret } from '#kernel';
import { cliError } from '../errors.ts';

/** What `chatelaine login` has got, by the origin of the server that gave it. */
const credentialFile = z.strictObject({
  servers: z.record(
    z.string(),
    z.strictObject({ credential: z.string().transform((text) => new Secret(text)), expiresAt: z.iso.datetime() }),
  ),
});
type Credentials = z.output<typeof credentialFile>['servers'];

type Env = Readonly<Record<string, string | undefined>>;

/** `chatelaine/credentials.json` under `XDG_CONFIG_HOME`, by default `~/.config`. */
export const credentialsPath = (env: Env): string =>
  join(env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config'), 'chatelaine', 'credentials.json');

/** The credential for a server while it counts. Throws `CREDENTIALS_UNREADABLE`. */
export function readCredential(env: Env, origin: string, now: number): Secret | undefined {
  const found = readAll(env)[origin];
  return found !== undefined && Date.parse(found.expiresAt) > now ? found.credential : undefined;
}

/** Keeps a credential, in a file that only its owner may read: whole or not at all. */
export function keepCredential(env: Env, origin: string, credential: Secret, expiresAt: string): string {
  return write(env, { ...readAll(env), [origin]: { credential, expiresAt } });
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
  const servers = Object.fromEntries(
    Object.entries(credentials).map(([origin, { credential, expiresAt }]) => [
      origin,
      { credential: reveal(credential), expiresAt },
    ]),
  );
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify({ servers }, null, 2)}\n`, { mode: 0o600 });
  // The mode of a draft that a killed process left behind would stay.
  chmodSync(draft, 0o600);
  renameSync(draft, file);
  return file;
}
