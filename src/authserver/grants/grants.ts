import type { AuditOrigin, GrantRefusal, UpstreamAccessToken, UpstreamTokenWish } from '#contract';
import type { ChangeFrame, UpstreamIdentity } from '#identity';
import { newId, type Result } from '#kernel';
import { subjectScope, type Vault } from '#vault';
import {
  deleteGrant,
  deleteGrantsOf,
  findGrant,
  insertGrant,
  listGrants,
  listUnneeded,
  replaceTokens,
  type StoredGrant,
} from '../store/grants-store.ts';
import { deleteLegsOf } from '../store/upstream-logins-store.ts';
import type { UpstreamTokens } from '../upstreams/provider.ts';
import type { Upstreams } from '../upstreams/upstreams.ts';
import { grantObject, sealable, tokensPlace, unsealed, type Grant, type GrantKey, type GrantTokens } from './grant.ts';
import { Refresher } from './refresher.ts';

/** Which grants of a person are meant: all, those for an owner, those at an upstream. */
export type GrantFilter = Pick<GrantKey, 'userId'> & Partial<GrantKey>;

/** A grant with who the person is at the provider. */
export interface KnownGrant extends Grant {
  /** Who gave the tokens. */
  readonly issuer: string;
  readonly account: string;
}

/** How long a sign-out waits for a provider that is to forget a token. */
const REVOCATION_MS = 5_000;

/**
 * The tokens of people at identity providers, kept for the owners they were given for. Every change is on
 * record before it happens and after; what is revoked is in the ledger before it is gone.
 */
export class Grants {
  readonly #frame: ChangeFrame;
  readonly #envelope: Vault['envelope'];
  readonly #upstreams: Upstreams;
  readonly #refresher: Refresher;

  constructor(parts: {
    readonly frame: ChangeFrame;
    readonly envelope: Vault['envelope'];
    readonly upstreams: Upstreams;
  }) {
    this.#frame = parts.frame;
    this.#envelope = parts.envelope;
    this.#upstreams = parts.upstreams;
    const { database, clock, trail } = parts.frame;
    this.#refresher = new Refresher({ database, clock, trail, envelope: parts.envelope, upstreams: parts.upstreams });
  }

  /**
   * Keeps what a leg gave, in the place of what there was. A refresh token that is not given again stays, as
   * long as it is of the same account. Throws `SUBJECT_ERASED`, and as the vault and the record do.
   */
  async save(
    key: GrantKey,
    given: { readonly tokens: UpstreamTokens; readonly identity: UpstreamIdentity; readonly isNameless?: true },
    origin: AuditOrigin,
  ): Promise<Grant> {
    const now = this.#frame.clock.now();
    const id = newId(now);
    const { tokens } = given;
    const { issuer, subject } = given.identity;
    const account = given.isNameless === true ? '' : accountOf(given.identity);
    const change = { ...changeOf({ ...key, id }, 'save'), object: grantObject({ owner: key.owner, id }) };
    return await this.#frame.recorded({ origin }, change, async () => {
      const value = await this.#envelope.writing(subjectScope(key.userId), async (trx, sealing) => {
        const before = await findGrant(trx, key);
        const grant = { ...key, id: before?.id ?? id };
        let { refreshToken } = tokens;
        if (refreshToken === undefined && before !== undefined) {
          const held = unsealed(await sealing.open(tokensPlace(before), before.sealed));
          if (held.issuer === issuer && held.subject === subject) ({ refreshToken } = held);
        }
        const sealed = await sealing.seal(
          tokensPlace(grant),
          sealable({ ...tokens, refreshToken, issuer, subject, account }),
        );
        const { scopes, expiresAt = null } = tokens;
        if (before === undefined) await insertGrant(trx, grant, { ...sealed, scopes, expiresAt }, now);
        else await replaceTokens(trx, before, { ...sealed, scopes, expiresAt }, now);
        return withoutTokens((await findGrant(trx, key)) as StoredGrant);
      });
      return { value, objectId: value.id };
    });
  }

  /** The grant, whatever its status; undefined where there is none. */
  async find(key: GrantKey): Promise<Grant | undefined> {
    const found = await findGrant(this.#frame.database.db, key);
    return found && withoutTokens(found);
  }

  async list(filter: GrantFilter): Promise<readonly Grant[]> {
    return (await listGrants(this.#frame.database.db, filter)).map(withoutTokens);
  }

  /** The same, with who the person is at the provider; without those that nobody can read any more. */
  async accounts(filter: GrantFilter): Promise<readonly KnownGrant[]> {
    const known: KnownGrant[] = [];
    for (const stored of await listGrants(this.#frame.database.db, filter)) {
      const held = await this.#refresher.open(stored);
      if (held === undefined) continue;
      const { issuer, subject, account = subject } = held;
      known.push({ ...withoutTokens(stored), issuer, account });
    }
    return known;
  }

  /**
   * People and owners whose grants nobody needs: no token session of theirs goes on, and one has ended since the
   * grant was last written, or none came within `pendingMs`.
   */
  async unneeded(asked: Parameters<typeof listUnneeded>[1]): Promise<readonly Pick<GrantKey, 'userId' | 'owner'>[]> {
    return await listUnneeded(this.#frame.database.db, asked);
  }

  /**
   * The access token, and how long it lives yet; refreshed when that is less than a minute, once for all who
   * ask. One that an API `refused` is refreshed though it lives. Whoever calls has made sure that user and owner are
   * those of one live session.
   */
  async upstreamToken(key: GrantKey, wish: UpstreamTokenWish = {}): Promise<Result<UpstreamAccessToken, GrantRefusal>> {
    return await this.#refresher.token(key, wish);
  }

  /**
   * Ends grants, here at once, and at the provider as far as it answers; gives how many. There it is only
   * asked with the person's last grant: many providers end everything that we hold for somebody with one token.
   */
  async revoke(filter: GrantFilter, origin: AuditOrigin): Promise<number> {
    const grants = await listGrants(this.#frame.database.db, filter);
    let revoked = 0;
    for (const grant of grants) if (await this.#revokeOne(grant, origin)) revoked++;
    return revoked;
  }

  /** Deletes everything of a person who was erased: without their key it can neither be read nor revoked. */
  async forget(userId: string): Promise<void> {
    await this.#frame.database.transaction(async (trx) => {
      await deleteGrantsOf(trx, userId);
      await deleteLegsOf(trx, userId);
    });
  }

  async #revokeOne(grant: StoredGrant, origin: AuditOrigin): Promise<boolean> {
    const { database, ledger } = this.#frame;
    return await this.#frame.recorded({ origin }, changeOf(grant, 'revoke'), async () => {
      const last = await database.transaction(async (trx) => {
        if (!(await deleteGrant(trx, grant.id))) return undefined;
        await ledger.append({ what: 'grant.revoked', id: grant.id });
        return (await listGrants(trx, { userId: grant.userId, upstream: grant.upstream })).length === 0;
      });
      const atUpstream = last === true ? await this.#revokeThere(grant) : 'kept';
      return { value: last !== undefined, details: { changed: last !== undefined, atUpstream } };
    });
  }

  /** RFC 7009, as well as it goes: the grant is over here, whatever the provider says. */
  async #revokeThere(grant: StoredGrant): Promise<'revoked' | 'not-offered' | 'failed'> {
    let held: GrantTokens | undefined;
    try {
      held = await this.#refresher.open(grant);
      if (held === undefined || held.issuer !== this.#upstreams.issuerOf(grant.upstream)) return 'failed';
      const { refreshToken, accessToken, givenBy } = held;
      const hint = refreshToken === undefined ? 'access_token' : 'refresh_token';
      const revoking = this.#upstreams.provider(grant.upstream).revoke(refreshToken ?? accessToken, hint, givenBy);
      return (await within(REVOCATION_MS, revoking)) ? 'revoked' : 'not-offered';
    } catch {
      return 'failed';
    }
  }
}

/** The value, or a rejection when it takes longer. */
async function within<Value>(ms: number, work: Promise<Value>): Promise<Value> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error('too late')), ms);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** A name that people tell their accounts apart by, in a line. */
function accountOf({ preferredName, email, subject }: UpstreamIdentity): string {
  const clean = (text = ''): string => text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '').slice(0, 200);
  return [preferredName, email].map(clean).find((name) => name !== '') ?? clean(subject);
}

function withoutTokens(stored: StoredGrant): Grant {
  const { sealed: _, ...grant } = stored;
  return grant;
}

const changeOf = (grant: GrantKey & { readonly id: string }, action: 'save' | 'revoke') => ({
  class: 'credential' as const,
  type: `grant.${action}`,
  action,
  object: grantObject(grant),
  details: { upstream: grant.upstream, user: grant.userId },
});
