import type { AuditOrigin } from '#contract';
import type { LiveSession } from '#identity';
import type { Grants } from '../grants/index.ts';
import { CONNECTIONS } from '../pages/connections-page.ts';
import type { OwnerMap } from '../resources/owner-map.ts';
import type { TokenSessions } from '../token-sessions/token-sessions.ts';
import { authServerError } from '../errors.ts';
import type { BegunLeg, DeclaredUpstream, Legs, Upstreams } from '../upstreams/index.ts';
import { usableUpstreams } from './usable-upstreams.ts';

/** An account of a person: at an upstream, for an owner. */
export interface AccountPlace {
  /** `namespace/name`. */
  readonly owner: string;
  readonly upstream: string;
}

/** How that stands. */
export interface Account extends AccountPlace {
  /** Of the upstream, for people. */
  readonly displayName: string;
  /** `none`: never linked; `ended`: the provider takes the tokens back, and the person has to link anew. */
  readonly state: 'linked' | 'ended' | 'none';
  /** What the person is called there; undefined where nothing is linked, empty where it is not said. */
  readonly name: string | undefined;
  readonly since: number | undefined;
}

/** The accounts that programs of a person may use: those that they allowed, with what is kept for them. */
export class Accounts {
  readonly #sessions: Pick<TokenSessions, 'list'>;
  readonly #owners: OwnerMap;
  readonly #upstreams: Pick<Upstreams, 'list'>;
  readonly #legs: Pick<Legs, 'begin'>;
  readonly #grants: Pick<Grants, 'accounts' | 'revoke'>;

  constructor(parts: {
    readonly sessions: Pick<TokenSessions, 'list'>;
    readonly owners: OwnerMap;
    readonly upstreams: Pick<Upstreams, 'list'>;
    readonly legs: Pick<Legs, 'begin'>;
    readonly grants: Pick<Grants, 'accounts' | 'revoke'>;
  }) {
    this.#sessions = parts.sessions;
    this.#owners = parts.owners;
    this.#upstreams = parts.upstreams;
    this.#legs = parts.legs;
    this.#grants = parts.grants;
  }

  /** Every account that a program of the person may use now, by owner and name. */
  async list(userId: string): Promise<readonly Account[]> {
    const known = new Map(this.#upstreams.list().map((upstream) => [upstream.name, upstream]));
    const places = new Map<string, AccountPlace & { readonly known: DeclaredUpstream }>();
    for (const session of await this.#sessions.list(userId)) {
      for (const upstream of usableUpstreams(session, this.#owners)) {
        const found = known.get(upstream);
        const { owner } = session;
        if (found !== undefined) places.set(JSON.stringify([owner, upstream]), { owner, upstream, known: found });
      }
    }
    if (places.size === 0) return [];
    const kept = new Map(
      (await this.#grants.accounts({ userId })).map((grant) => [JSON.stringify([grant.owner, grant.upstream]), grant]),
    );
    const accounts = [...places].map(
      ([
        key,
        {
          owner,
          upstream,
          known: { displayName, issuer },
        },
      ]): Account => {
        const grant = kept.get(key);
        const state =
          grant === undefined ? 'none' : grant.status === 'active' && grant.issuer === issuer ? 'linked' : 'ended';
        return { owner, upstream, displayName, state, name: grant?.account, since: grant?.createdAt };
      },
    );
    return accounts.toSorted((one, other) => (one.owner + one.displayName < other.owner + other.displayName ? -1 : 1));
  }

  /** The account, where a program of the person may use it. Throws `ACCOUNT_NOT_ALLOWED` for any other. */
  async require(userId: string, { owner, upstream }: AccountPlace): Promise<Account> {
    const found = (await this.list(userId)).find((one) => one.owner === owner && one.upstream === upstream);
    if (found !== undefined) return found;
    throw authServerError('ACCOUNT_NOT_ALLOWED', 'no program that acts for you may use an account there');
  }

  /**
   * Sends the browser of the person to the provider, for `scopes` where more than the usual is to be asked for. Throws
   * `ACCOUNT_NOT_ALLOWED`, and as `Legs.begin` does.
   */
  async connect(
    { person }: LiveSession,
    place: AccountPlace,
    scopes?: readonly string[],
  ): Promise<BegunLeg & Pick<Account, 'displayName'>> {
    const { owner, upstream, displayName } = await this.require(person.id, place);
    const { id, issuer, subject } = person;
    const purpose = { kind: 'link', user: { id, issuer, subject } } as const;
    return { ...(await this.#legs.begin({ upstream, purpose, owner, scopes, returnTo: CONNECTIONS })), displayName };
  }

  /** Ends what is kept for the person there, here at once and at the provider as far as it answers. */
  async disconnect(userId: string, { owner, upstream }: AccountPlace, origin: AuditOrigin): Promise<void> {
    await this.#grants.revoke({ userId, owner, upstream }, origin);
  }
}
