import { protectedServerOf, type McpServerDeclaration, type OwnServerTokens } from '#contract';
import type { EgressClient } from '#egress';
import type { Clock } from '#kernel';
import { openOutgoingAuth, openServerOAuth, serverOAuthError, type OutgoingAuth } from '#outgoing-auth';
import type { SourceSecrets } from '#toolbox';

export interface AuthorizationParts {
  /** The way to token endpoints. */
  readonly egress: EgressClient;
  readonly secrets: SourceSecrets;
  /** As `ConnectorParts.tokens`. */
  readonly tokens: (() => Promise<OwnServerTokens | undefined>) | undefined;
  readonly clock: Clock;
}

/** What authorizes requests to the server, as `auth:` of its document says; undefined where it says nothing. */
export function openAuthorization(
  declaration: McpServerDeclaration,
  { tokens, ...parts }: AuthorizationParts,
): OutgoingAuth | undefined {
  const { auth, directory } = declaration;
  const server = protectedServerOf(declaration);
  if (server !== undefined) return openServerOAuth(server, { clock: parts.clock, tokens: lateTokens(tokens) });
  if (auth === undefined || auth.type === 'oauth') return undefined;
  return openOutgoingAuth(auth, { ...parts, directory });
}

/** Asked for when the first is needed: servers are opened before it is known whether an authorization server runs here. */
const lateTokens = (tokens: AuthorizationParts['tokens']): OwnServerTokens => ({
  async ownToken(upstream, refused) {
    const keeper = await tokens?.();
    if (keeper !== undefined) return await keeper.ownToken(upstream, refused);
    const message = `no authorization server runs here that could have a token of ours for \`${upstream}\``;
    throw serverOAuthError('OWN_TOKEN_UNAVAILABLE', message);
  },
});
