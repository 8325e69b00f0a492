import type { Configuration } from 'openid-client';
import { z } from 'zod';
import { COMMAND_LINE_CLIENT_ID } from '#contract';
import { cliError } from '../errors.ts';
import { checkServer } from '../api/http-transport.ts';

/** As much of the metadata of a resource (RFC 9728 §2) as leads on. */
const resourceMetadata = z.object({
  resource: z.string(),
  authorization_servers: z.array(z.string()).min(1),
});

/** For so long an answer is waited for. */
export const ANSWER_SECONDS = 30;

/** The administrative API of a server, and whose tokens open it. */
export interface AdministrationResource {
  readonly resource: string;
  readonly issuer: string;
}

/**
 * What the server says of its API (RFC 9728 §3). Undefined where it has no authorization server, and where it is
 * reached under another address than tokens would be for, as through a forwarded port: what it says is then not
 * about what was asked for (§3.3).
 */
export async function findResource(origin: string): Promise<AdministrationResource | undefined> {
  const wanted = `${origin}/api/v1`;
  let found: unknown;
  try {
    const answer = await fetch(`${origin}/.well-known/oauth-protected-resource/api/v1`, {
      headers: { accept: 'application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_SECONDS * 1000),
    });
    if (answer.status !== 200) return undefined;
    found = await answer.json();
  } catch (cause) {
    const { code, message } = ((cause as Error).cause ?? cause) as NodeJS.ErrnoException;
    throw cliError('SERVER_UNREACHABLE', `\`${origin}\` does not answer as it should (${code ?? message})`, { cause });
  }
  const read = resourceMetadata.safeParse(found);
  const issuer = read.data?.authorization_servers[0];
  return issuer !== undefined && read.data?.resource === wanted ? { resource: wanted, issuer } : undefined;
}

/**
 * The authorization server at that issuer, as this client uses it. Its metadata must name the issuer that they were
 * asked for (RFC 8414 §3.3). Throws `LOGIN_REFUSED`, `SERVER_ADDRESS_REFUSED`.
 */
export async function discover(issuer: string): Promise<Configuration> {
  const url = new URL(checkServer(issuer));
  const { allowInsecureRequests, discovery, None } = await import('openid-client');
  try {
    return await discovery(url, COMMAND_LINE_CLIENT_ID, undefined, None(), {
      algorithm: 'oauth2',
      timeout: ANSWER_SECONDS,
      // `checkServer` lets plain http through to this machine alone.
      execute: url.protocol === 'http:' ? [allowInsecureRequests] : [],
    });
  } catch (cause) {
    throw cliError('LOGIN_REFUSED', `\`${issuer}\` is no authorization server that this command line can use`, {
      cause,
    });
  }
}
