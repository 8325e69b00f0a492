import { setTimeout as sleep } from 'node:timers/promises';
import type { Configuration, TokenEndpointResponse } from 'openid-client';
import { ADMINISTRATION_SCOPES } from '#contract';
import { Secret } from '#kernel';
import { cliError } from '../errors.ts';
import type { KeptTokens } from './credentials.ts';
import { discover, type AdministrationResource } from './authorization-server.ts';
import { LONGEST_PAUSE_MS, REASONS, type Show } from './sign-in.ts';

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';
/** RFC 8628 §3.2: where the server does not say. */
const USUAL_INTERVAL_SECONDS = 5;

/**
 * Signs in at an authorization server by a code that its person confirms in a browser (RFC 8628), for the API of
 * one server (RFC 8707). Throws `LOGIN_REFUSED`, `SERVER_UNREACHABLE`.
 */
export async function signInByCode(
  { issuer, resource }: AdministrationResource,
  show: Show,
  now: () => number,
): Promise<KeptTokens> {
  const [{ initiateDeviceAuthorization }, server] = await Promise.all([import('openid-client'), discover(issuer)]);
  const wanted = { scope: ADMINISTRATION_SCOPES.join(' '), resource };
  const started = await initiateDeviceAuthorization(server, wanted).catch((cause: unknown) => {
    throw cliError('LOGIN_REFUSED', `\`${issuer}\` lets no program sign in`, { cause });
  });
  show(started.user_code, started.verification_uri, started.verification_uri_complete ?? started.verification_uri);
  let pause = (started.interval ?? USUAL_INTERVAL_SECONDS) * 1000;
  const longest = started.expires_in * 1000;
  for (let waited = 0; waited < longest; waited += pause) {
    await sleep(pause);
    const state = await poll(server, started.device_code, resource).catch((error: unknown) => {
      // §3.5: who gets no answer asks less often. The person may confirm while a proxy restarts.
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      if (waited + pause >= longest) throw error;
      return 'authorization_pending';
    });
    if (typeof state === 'object') return tokensOf(state, issuer, now());
    // §3.5: five seconds more at each time that it was too soon.
    if (state === 'slow_down') pause += 5000;
    else if (state !== 'authorization_pending') throw cliError('LOGIN_REFUSED', REASONS[state] ?? 'the server refused');
  }
  throw cliError('LOGIN_REFUSED', 'nobody confirmed the code in time');
}

/** The tokens, or the error code of RFC 8628 §3.5 and RFC 6749 §5.2. */
async function poll(server: Configuration, code: string, resource: string): Promise<TokenEndpointResponse | string> {
  const { genericGrantRequest, ResponseBodyError } = await import('openid-client');
  try {
    return await genericGrantRequest(server, DEVICE_CODE, { device_code: code, resource });
  } catch (error) {
    if (error instanceof ResponseBodyError && error.error !== 'temporarily_unavailable') return error.error;
    throw cliError('SERVER_UNREACHABLE', `\`${server.serverMetadata().issuer}\` does not answer as it should`, {
      cause: error,
    });
  }
}

/** As they are kept. */
export const tokensOf = (answer: TokenEndpointResponse, issuer: string, now: number): KeptTokens => ({
  issuer,
  accessToken: new Secret(answer.access_token),
  ...(answer.refresh_token !== undefined && { refreshToken: new Secret(answer.refresh_token) }),
  expiresAt: new Date(now + (answer.expires_in ?? 0) * 1000).toISOString(),
});
