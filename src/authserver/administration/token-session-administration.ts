import { EVERYWHERE, type ActionTarget, type Principal } from '#contract';
import type { DatabaseOrTransaction } from '#db';
import { LOCAL_ISSUER, type Author, type ChangeFrame } from '#identity';
import { deleteOfGrant } from '../store/artifacts-store.ts';
import { pageOfTokenSessions, type PageOf, type TokenSessionFilter } from '../store/administration-store.ts';
import { endTokenSessions, findTokenSession, type Ending, type TokenSession } from '../store/token-sessions-store.ts';
import { unknownTokenSession } from './errors.ts';

/** Whose token sessions are ended together: at least one of them is said. */
export interface SessionsMeant {
  readonly userId?: string | undefined;
  readonly clientId?: string | undefined;
  readonly owner?: string | undefined;
}

/**
 * Token sessions as administrators see them, and people their own. What ends is over here when the change is
 * committed, with all that was issued under it, and in other processes within a second.
 */
export class TokenSessionAdministration {
  readonly #frame: ChangeFrame;

  constructor({ frame }: { readonly frame: ChangeFrame }) {
    this.#frame = frame;
  }

  /** Those that are looked for, the newest first. */
  page(filter: TokenSessionFilter, page: PageOf): Promise<readonly TokenSession[]> {
    return pageOfTokenSessions(this.#frame.database.db, filter, page, this.#frame.clock.now());
  }

  /** The session, ended or not. Throws `TOKEN_SESSION_UNKNOWN`, for who may not see it as for what is not there. */
  async show(by: Author, id: string): Promise<TokenSession> {
    const found = await this.#found(this.#frame.database.db, by.principal, id);
    this.#frame.check(by, 'token-session.read', found.target);
    return found.session();
  }

  /** Where the session is, and whether it is the caller's; undefined where there is none. */
  async placeOf(principal: Principal, id: string): Promise<ActionTarget | undefined> {
    const session = await findTokenSession(this.#frame.database.db, id);
    return session && { namespace: EVERYWHERE, own: isOf(principal, session) };
  }

  /** Ends one; one that has ended stays as it ended. Throws `TOKEN_SESSION_UNKNOWN`. */
  async end(by: Author, id: string): Promise<void> {
    const change = changeOf('token-session.end', id.slice(0, 26));
    await this.#frame.inTransaction(by, change, async (trx) => {
      const found = await this.#found(trx, by.principal, id);
      this.#frame.check(by, 'token-session.end', found.target);
      const { userId: user, clientId, owner } = found.session();
      const ended = await this.#end(trx, { id }, by, user);
      return { value: undefined, objectId: id, details: { user, client: clientId.slice(0, 256), owner, ended } };
    });
  }

  /**
   * Ends all that are meant, and gives how many. Those of one user are theirs to end; more than that is for
   * who may end anybody's, at once.
   */
  async endAll(by: Author, meant: SessionsMeant, of?: ActionTarget): Promise<number> {
    const details = {
      ...(meant.userId !== undefined && { user: meant.userId }),
      ...(meant.clientId !== undefined && { client: meant.clientId.slice(0, 256) }),
      ...(meant.owner !== undefined && { owner: meant.owner }),
    };
    const change = { ...changeOf('token-session.end-all', '*'), details };
    return await this.#frame.inTransaction(by, change, async (trx) => {
      if (of === undefined) this.#frame.check(by, 'token-session.end-all', { namespace: EVERYWHERE });
      else this.#frame.check(by, 'token-session.end', of);
      const ended = await this.#end(trx, withoutUndefined(meant), by, meant.userId);
      return { value: ended, details: { ended } };
    });
  }

  async #end(trx: DatabaseOrTransaction, which: Ending, { principal }: Author, user: string | undefined) {
    const isOwn = user !== undefined && isOf(principal, { userId: user });
    const because = isOwn ? 'by the user' : 'by an administrator';
    const ended = await endTokenSessions(trx, which, { now: this.#frame.clock.now(), because });
    for (const { id } of ended) await deleteOfGrant(trx, id);
    return ended.length;
  }

  async #found(db: DatabaseOrTransaction, principal: Principal, id: string) {
    const session = await findTokenSession(db, id);
    const missing = () => unknownTokenSession(id);
    const own = session !== undefined && isOf(principal, session);
    return {
      target: { namespace: EVERYWHERE, own, missing },
      session: (): TokenSession => {
        if (session === undefined) throw missing();
        return session;
      },
    };
  }
}

const isOf = ({ kind, iss, sub }: Principal, { userId }: Pick<TokenSession, 'userId'>): boolean =>
  kind === 'user' && iss === LOCAL_ISSUER && sub === userId;

/** Absent members must be absent: `endTokenSessions` looks at which there are. */
const withoutUndefined = (meant: SessionsMeant): Ending =>
  Object.fromEntries(Object.entries(meant).filter(([, value]) => value !== undefined)) as unknown as Ending;

const changeOf = (type: string, name: string) => ({
  class: 'credential' as const,
  type,
  action: 'end',
  object: { kind: 'token-session', namespace: EVERYWHERE, name },
});
