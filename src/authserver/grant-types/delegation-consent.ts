import type { ClientSource } from '../clients/client-source.ts';
import type { Consents } from '../token-sessions/consents.ts';
import type { TokenSessions } from '../token-sessions/token-sessions.ts';

/** Who would act for whom, with whose token, where. */
export interface WouldAct {
  readonly userId: string;
  /** The client that the token was issued to. */
  readonly from: string;
  /** The client that would act. */
  readonly actor: string;
  /** What the token is for, and what the new one would be for. */
  readonly resources: readonly string[];
}

/**
 * Whether a client may act for somebody with a token that another client got. Either whoever runs this server
 * let the other client pass its tokens on, or the person has let this very client act for them, there and as
 * far as that goes. Nothing in a request says so: a token that was stolen says everything that a request can.
 */
export class DelegationConsent {
  readonly #clients: Pick<ClientSource, 'find'>;
  readonly #sessions: Pick<TokenSessions, 'list'>;
  readonly #consents: Pick<Consents, 'given'>;

  constructor(parts: {
    readonly clients: Pick<ClientSource, 'find'>;
    readonly sessions: Pick<TokenSessions, 'list'>;
    readonly consents: Pick<Consents, 'given'>;
  }) {
    this.#clients = parts.clients;
    this.#sessions = parts.sessions;
    this.#consents = parts.consents;
  }

  /** The scopes that it may have; `all` for those of the token, and undefined for no consent. */
  async scopesOf({ userId, from, actor, resources }: WouldAct): Promise<ReadonlySet<string> | 'all' | undefined> {
    const issuedTo = await this.#clients.find(from);
    if (issuedTo?.mayDelegateTo?.includes(actor) === true) return 'all';
    const sessions = (await this.#sessions.list(userId)).filter(
      ({ clientId, resource }) => clientId === actor && resources.includes(resource),
    );
    const allowed = sessions.map(({ scopes }) => scopes);
    for (const resource of new Set(resources)) {
      const given = await this.#consents.given({ userId, clientId: actor, resource });
      if (given !== undefined) allowed.push(given.scopes);
    }
    return allowed.length === 0 ? undefined : new Set(allowed.flat());
  }
}
