import type { Clock } from '#kernel';
import { EVERYWHERE, type Access, type Principal } from '#contract';
import type { Database } from '#db';
import { Remembered } from '../remembered.ts';
import { listShutNamespaces } from '../store/namespaces-store.ts';
import { findUser, findUserBySubject } from '../store/users-store.ts';
import { LOCAL_ISSUER, type User } from '../users/user.ts';
import type { DeclaredBindings } from './declared-bindings.ts';
import { standingOfUser, type Standing } from './standing.ts';

/** A user and what they are, as of now. */
export interface StandingUser extends Standing {
  readonly user: User;
}

/** What is known of somebody whom an identity provider means: who they are here, that they are cut off, or nothing. */
export type SubjectStanding = StandingUser | 'disabled' | 'unknown';

const ALL: ReadonlySet<Access> = new Set(['read', 'execute', 'admin']);

/**
 * What users may be and do, for every request that comes with a session or a token of theirs: from memory
 * while nothing has changed, here or in another process.
 */
export class Standings {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #declared: DeclaredBindings;
  readonly #known: Remembered<StandingUser>;
  readonly #subjects: Remembered<SubjectStanding>;

  constructor(parts: { readonly database: Database; readonly clock: Clock; readonly declared: DeclaredBindings }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#declared = parts.declared;
    this.#known = new Remembered(parts.database.changes);
    this.#subjects = new Remembered(parts.database.changes);
  }

  /** The user of that id with their standing; undefined for none and for one who is disabled. Throws as the database does. */
  async ofUser(id: string): Promise<StandingUser | undefined> {
    const known = this.#known.recall(id, this.#clock.now());
    if (known !== undefined) return known;
    const keep = this.#known.reading();
    const stored = await findUser(this.#database.db, id);
    if (stored === undefined || stored.user.disabledAt !== null) return undefined;
    const { user } = stored;
    const standing = Object.freeze({ user, ...(await standingOfUser(this.#database.db, this.#declared, user)) });
    keep(id, standing);
    return standing;
  }

  /**
   * Whom that issuer means by that subject, for a token that is good in `namespace`. Where the namespace is
   * disabled it is good for nobody. A user whom nobody has erased is found by both together and by nothing
   * else. Throws as the database does.
   */
  async ofSubject(issuer: string, subject: string, namespace: string): Promise<SubjectStanding> {
    const key = JSON.stringify([issuer, subject, namespace]);
    const known = this.#subjects.recall(key, this.#clock.now());
    if (known !== undefined) return known;
    const keep = this.#subjects.reading();
    const standing = await this.#readSubject(issuer, subject, namespace);
    keep(key, standing);
    return standing;
  }

  async #readSubject(issuer: string, subject: string, namespace: string): Promise<SubjectStanding> {
    const { db } = this.#database;
    if ((await listShutNamespaces(db)).some((shut) => shut.namespace === namespace)) return 'disabled';
    // Our own users are vouched for by us alone.
    const stored = issuer === LOCAL_ISSUER ? undefined : await findUserBySubject(db, issuer, subject);
    if (stored === undefined) return 'unknown';
    const { user } = stored;
    if (user.disabledAt !== null) return 'disabled';
    return Object.freeze({ user, ...(await standingOfUser(db, this.#declared, user)) });
  }

  forget(): void {
    this.#known.forget();
    this.#subjects.forget();
  }
}

/** The user as doors and decisions see them; how they came in is for the door to say. */
export function userPrincipal(
  { user, grants, groups }: Standing & { readonly user: Pick<User, 'id' | 'name'> },
  door: Pick<Principal, 'namespace' | 'via'> & Partial<Pick<Principal, 'access' | 'scopes' | 'amr' | 'authTime'>>,
): Principal {
  const here = grants.filter(({ namespace }) => namespace === door.namespace || namespace === EVERYWHERE);
  return Object.freeze({
    kind: 'user',
    iss: LOCAL_ISSUER,
    sub: user.id,
    name: user.name,
    roles: Object.freeze([...new Set(here.map(({ role }) => role))]),
    grants: Object.freeze(grants),
    access: ALL,
    scopes: new Set<string>(),
    groups: Object.freeze(groups),
    ...door,
  });
}
