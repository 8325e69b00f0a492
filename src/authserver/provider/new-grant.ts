import type { Provider } from 'oidc-provider';
import type { ResourceOwner } from '../resources/owner-map.ts';
import type { TokenSessions } from '../token-sessions/token-sessions.ts';

/** What a person allows a client. */
export interface Allowed {
  readonly userId: string;
  readonly clientId: string;
  readonly clientName: string;
  /** The scopes of OpenID Connect. */
  readonly identityScopes: readonly string[];
  /** Where its tokens open something; none for a client that only wants to know who it is. */
  readonly at?:
    | {
        readonly owned: ResourceOwner;
        readonly scopes: readonly string[];
        /** Whose tokens of the person the owner may have; none where it is not said. */
        readonly upstreams?: readonly string[];
      }
    | undefined;
  /** How long it lasts where nothing refreshes it. */
  readonly lastsSeconds?: number;
}

/**
 * The provider's grant and the token session that stands on it, under one id: everything that is issued under
 * the one ends with the other. Written with the rest of the request where there is one.
 */
export async function newGrant(provider: Provider, sessions: TokenSessions, allowed: Allowed) {
  const { userId, clientId, clientName, identityScopes, at, lastsSeconds } = allowed;
  const id = sessions.newId();
  const grant = new provider.Grant({
    ...{ accountId: userId, clientId },
    ...(lastsSeconds !== undefined && { expiresIn: lastsSeconds }),
  });
  grant.jti = id;
  if (identityScopes.length > 0) grant.addOIDCScope(identityScopes.join(' '));
  if (at !== undefined && at.scopes.length > 0) grant.addResourceScope(at.owned.resource, at.scopes.join(' '));
  await grant.save();
  if (at !== undefined) {
    const { owner, resource } = at.owned;
    const scopes = [...identityScopes, ...at.scopes];
    const { upstreams = [] } = at;
    const begun = { id, userId, clientId, clientName, owner, resource, scopes, upstreams };
    await sessions.begin(begun, lastsSeconds);
  }
  return grant;
}
