import type { KoaContextWithOIDC } from 'oidc-provider';
import type { ClientSource } from '../clients/client-source.ts';
import { displayOf } from '../clients/display.ts';
import type { OwnerMap } from '../resources/owner-map.ts';
import type { Consents } from '../token-sessions/consents.ts';
import type { TokenSessions } from '../token-sessions/token-sessions.ts';
import { newGrant } from './new-grant.ts';
import { IDENTITY_SCOPES } from './settings.ts';

/**
 * What need not be asked again. Of a client that an administrator set up and that answers at a place of its own,
 * the same is allowed without a page; any other could be taken for one by whoever sends the person here, so it is
 * looked at each time (RFC 9700 §4.13; MCP authorization, "Confused Deputy"). What administers is always asked.
 */
export class StandingConsents {
  readonly #sessions: TokenSessions;
  readonly #consents: Consents;
  readonly #owners: OwnerMap;
  readonly #clients: ClientSource;

  constructor(parts: {
    readonly sessions: TokenSessions;
    readonly consents: Consents;
    readonly owners: OwnerMap;
    readonly clients: ClientSource;
  }) {
    this.#sessions = parts.sessions;
    this.#consents = parts.consents;
    this.#owners = parts.owners;
    this.#clients = parts.clients;
  }

  /** The grant of the decision that was just made, or one for what was allowed before. */
  async grantFor(ctx: KoaContextWithOIDC, signedInAs: string | undefined) {
    const { oidc } = ctx;
    const { grantId } = oidc.result?.consent ?? {};
    if (grantId !== undefined) return await oidc.provider.Grant.find(grantId);
    const userId = oidc.session?.accountId;
    const { client } = oidc;
    if (client === undefined || userId === undefined || signedInAs !== userId || oidc.prompts.size > 0)
      return undefined;
    const { resource } = oidc.params ?? {};
    const owned = typeof resource === 'string' ? this.#owners.resolve(resource) : undefined;
    if (owned === undefined || owned.administers === true) return undefined;
    const asked = [...oidc.requestParamScopes];
    const identityScopes = asked.filter((scope) => IDENTITY_SCOPES.includes(scope));
    const scopes = asked.filter((scope) => owned.scopes.includes(scope));
    const { clientId } = client;
    const { upstreams } = owned;
    const wanted = { userId, clientId, resource: owned.resource, scopes: [...identityScopes, ...scopes], upstreams };
    const known = await this.#clients.find(clientId);
    const display = known && displayOf(known);
    if (known === undefined || display === undefined || !display.verified || display.localhostOnly) return undefined;
    if (!known.firstParty && !(await this.#consents.covers(wanted))) return undefined;
    const allowed = { userId, clientId, clientName: display.name, identityScopes, at: { owned, scopes, upstreams } };
    return await newGrant(oidc.provider, this.#sessions, allowed);
  }
}
