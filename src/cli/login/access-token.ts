import { reveal, type Secret } from '#kernel';
import { cliError } from '../errors.ts';
import { discover } from './authorization-server.ts';
import {
  credentialsPath,
  forgetCredential,
  keepCredential,
  readCredential,
  type Credential,
  type Env,
  type KeptTokens,
} from './credentials.ts';

/** A token that ends while it is on its way is of no use. */
const MARGIN_MS = 30_000;
/** As long as a refresh may take that another command is waiting for. */
const LOCK_WAIT_MS = 60_000;

/**
 * What opens the API of a server: the session that is kept for it, or an access token, refreshed where it ends.
 * Undefined where there is nothing, or nothing that counts any more.
 *
 * A refresh token is used once, and one that is used twice ends all that came of it (RFC 9700 §4.14.2). So commands
 * that run at once refresh one after the other, and whoever comes second finds what the first one got.
 */
export async function usableCredential(env: Env, origin: string, now: () => number): Promise<Secret | undefined> {
  const kept = readCredential(env, origin);
  if (kept === undefined || counts(kept, now())) return kept && secretOf(kept);
  if (!('issuer' in kept) || kept.refreshToken === undefined) return undefined;
  return await alone(env, async () => {
    const current = readCredential(env, origin);
    if (current === undefined || counts(current, now())) return current && secretOf(current);
    if (!('issuer' in current) || current.refreshToken === undefined) return undefined;
    const refreshed = await refresh(current, current.refreshToken, `${origin}/api/v1`, now);
    if (refreshed === undefined) forgetCredential(env, origin);
    else keepCredential(env, origin, refreshed);
    return refreshed?.accessToken;
  });
}

/** Runs `work` while no other command changes what is kept: each writes the whole file. */
export async function alone<Value>(env: Env, work: () => Promise<Value>): Promise<Value> {
  const { withFileLock } = await import('#db');
  return await withFileLock(`${credentialsPath(env)}.lock`, work, LOCK_WAIT_MS);
}

const counts = (kept: Credential, now: number): boolean =>
  Date.parse(kept.expiresAt) > now + ('issuer' in kept ? MARGIN_MS : 0);

const secretOf = (kept: Credential): Secret => ('issuer' in kept ? kept.accessToken : kept.credential);

/** New tokens; undefined when the old ones have ended at the server. Throws `SERVER_UNREACHABLE`. */
async function refresh(
  { issuer }: KeptTokens,
  refreshToken: Secret,
  resource: string,
  now: () => number,
): Promise<KeptTokens | undefined> {
  const [{ refreshTokenGrant, ResponseBodyError }, { tokensOf }, server] = await Promise.all([
    import('openid-client'),
    import('./device-flow.ts'),
    discover(issuer),
  ]);
  try {
    return tokensOf(await refreshTokenGrant(server, reveal(refreshToken), { resource }), issuer, now());
  } catch (error) {
    if (error instanceof ResponseBodyError && error.error === 'invalid_grant') return undefined;
    throw cliError('SERVER_UNREACHABLE', `\`${issuer}\` does not renew the token now`, { cause: error });
  }
}

/** Ends at the server what was signed in (RFC 7009); false when the server could not be asked. */
export async function revoke(kept: Credential): Promise<boolean> {
  if (!('issuer' in kept)) return false;
  try {
    const [{ tokenRevocation }, server] = await Promise.all([import('openid-client'), discover(kept.issuer)]);
    await tokenRevocation(server, reveal(kept.refreshToken ?? kept.accessToken));
    return true;
  } catch {
    return false;
  }
}
