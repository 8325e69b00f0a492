/**
 * server-oauth: `auth: { type: oauth }`, tokens of the authorization server that an MCP server names.
 *
 * Owns what is sent to the server and what becomes of its refusals: a token of each person (`server-oauth.ts`) or our
 * own (`own-tokens.ts`), sent to the server alone (`destination.ts`), another after a 401, and the person's consent to
 * more after a 403, a bounded number of times (`step-ups.ts`).
 * Does not own: discovery, our clients there, tokens (authserver, behind `CallerFace` and `OwnServerTokens`), pages.
 */
import type { OwnServerTokens, ProtectedServer } from '#contract';
import type { Clock } from '#kernel';
import type { OutgoingAuth } from '../outgoing-auth.ts';
export { serverOAuthError } from './errors.ts';
import { OwnTokens } from './own-tokens.ts';
import { ServerOAuthTokens } from './server-oauth.ts';

/** What authorizes requests to that server. Touches nothing yet. */
export function openServerOAuth(
  server: ProtectedServer,
  parts: { readonly clock: Clock; readonly tokens: OwnServerTokens },
): OutgoingAuth {
  return server.auth.grant === 'client_credentials'
    ? new OwnTokens(server, parts)
    : new ServerOAuthTokens(server, parts);
}
