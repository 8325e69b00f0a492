import { setTimeout as sleep } from 'node:timers/promises';
import { recordedChange } from '#audit';
import type { AuditTrail, GrantRefusal, UpstreamAccessToken, UpstreamTokenWish } from '#contract';
import type { Database } from '#db';
import { SYSTEM } from '#identity';
import {
  BoundedCache,
  ChatelaineError,
  err,
  ok,
  randomToken,
  reveal,
  type Clock,
  type Result,
  type Secret,
} from '#kernel';
import { subjectScope, type Vault } from '#vault';
import {
  dropRefreshing,
  findGrant,
  markReauth,
  storeRefreshed,
  takeRefreshing,
  type StoredGrant,
} from '../store/grants-store.ts';
import { upstreamError } from '../upstreams/errors.ts';
import type { TokenAnswer } from '../upstreams/provider.ts';
import type { Upstreams } from '../upstreams/upstreams.ts';
import { grantObject, isCode, sealable, tokensPlace, unsealed, type GrantKey, type GrantTokens } from './grant.ts';

/** A token that ends sooner is refreshed: whoever gets it needs time to use it. */
export const EARLY_MS = 60_000;
/** A token with that much life is handed out while somebody else refreshes it. */
const SPARE_MS = 10_000;
/**
 * How long a refresh is one process's alone: the longest exchange (8 s), storing, and what clocks of hosts
 * may differ by. A process that dies with it holds the others up for no longer.
 */
export const LEASE_MS = 30_000;
/** How long a caller waits for somebody else's refresh. */
const PATIENCE_MS = 12_000;
/** After a failure the provider is left alone for so long, or for as long as it asks for, up to the second. */
const REST_MS = 2_000;
const LONGEST_REST_MS = 30_000;
const RESTING = 10_000;
/** An API that refuses whatever it is sent has a grant refreshed no more often than this. */
const REFUSALS_APART_MS = 30_000;
const STORE_ATTEMPTS = 5;

type Answer = Result<UpstreamAccessToken, GrantRefusal>;

type Outcome =
  | { readonly kind: 'refreshed' | 'taken' | 'ended' }
  | { readonly kind: 'unavailable'; readonly retryAfterSeconds: number };

/** A grant whose token is to be refreshed, with what is sealed in it. */
interface Aged {
  readonly grant: StoredGrant;
  readonly held: GrantTokens;
  /** What is left of the token, in milliseconds; less than nothing when it is over. */
  readonly life: number;
  /** An API did not take it, however long it lives. */
  readonly isRefused: boolean;
}

/**
 * Access tokens that live. A refresh token is used once, however many callers and processes ask: in a process
 * they share one flight, among processes a row says whose turn it is.
 */
export class Refresher {
  readonly #database: Database;
  readonly #envelope: Vault['envelope'];
  readonly #clock: Clock;
  readonly #trail: AuditTrail;
  readonly #upstreams: Upstreams;
  readonly #flights = new Map<string, Promise<Answer>>();
  readonly #resting = new BoundedCache<string, number>(RESTING);
  readonly #refused = new BoundedCache<string, number>(RESTING);

  constructor(parts: {
    readonly database: Database;
    readonly envelope: Vault['envelope'];
    readonly clock: Clock;
    readonly trail: AuditTrail;
    readonly upstreams: Upstreams;
  }) {
    this.#database = parts.database;
    this.#envelope = parts.envelope;
    this.#clock = parts.clock;
    this.#trail = parts.trail;
    this.#upstreams = parts.upstreams;
  }

  /**
   * The access token of the grant; another than the one `refused`, where one can be had. Throws as the database, the
   * vault and the audit log do.
   */
  async token(key: GrantKey, wish: UpstreamTokenWish): Promise<Answer> {
    const looked = await this.#look(key, EARLY_MS, wish);
    if ('ok' in looked) return looked;
    const now = { ...wish, refused: looked.isRefused ? wish.refused : undefined };
    const name = JSON.stringify([key.userId, key.owner, key.upstream, looked.isRefused, wish.wanted ?? null]);
    let flight = this.#flights.get(name);
    if (flight === undefined) {
      flight = this.#settle(key, now).finally(() => this.#flights.delete(name));
      this.#flights.set(name, flight);
    }
    return await flight;
  }

  /** An answer, or a grant whose token can be refreshed and has less than `enough` to live or was refused. */
  async #look(key: GrantKey, enough: number, { refused, wanted }: UpstreamTokenWish): Promise<Answer | Aged> {
    const issuer = this.#upstreams.issuerOf(key.upstream);
    if (issuer === undefined) return err({ reason: 'upstream' });
    const grant = await findGrant(this.#database.db, key);
    if (grant === undefined || grant.status !== 'active') return err({ reason: 'link' });
    const held = await this.open(grant);
    // Tokens of one provider are not for another that was given its name.
    if (held === undefined || held.issuer !== issuer) return err({ reason: 'link' });
    if (wanted === 'id_token' && held.idToken === undefined) return err({ reason: 'link' });
    const endsAt = wanted === 'id_token' ? idTokenEnd(held) : (grant.expiresAt ?? Number.POSITIVE_INFINITY);
    const life = endsAt - this.#clock.now();
    const isRefused = this.#isRefused(grant, held, refused);
    if ((life >= enough && !isRefused) || (life > 0 && held.refreshToken === undefined))
      return ok(handedOut(held, grant, life, wanted));
    if (held.refreshToken !== undefined) return { grant, held, life, isRefused };
    // An ID token that ended says nothing of the rest of the grant.
    if (wanted !== 'id_token') await markReauth(this.#database.db, { ...grant, holder: undefined }, this.#clock.now());
    return err({ reason: 'link' });
  }

  /** Whether the token is one that an API refused, of a grant that was not refreshed for that just now. */
  #isRefused({ id }: StoredGrant, { accessToken }: GrantTokens, refused: Secret | undefined): boolean {
    if (refused === undefined || reveal(accessToken) !== reveal(refused)) return false;
    const since = this.#clock.now() - (this.#refused.get(id) ?? -Infinity);
    return since < 0 || since >= REFUSALS_APART_MS;
  }

  /** Refreshes, or waits until somebody else has: one at a time in this process for a grant. */
  async #settle(key: GrantKey, wish: UpstreamTokenWish): Promise<Answer> {
    const { wanted } = wish;
    const since = performance.now();
    let refreshed = false;
    for (;;) {
      // A provider may give tokens that live for less than a minute: the one just fetched is as good as any.
      const looked = await this.#look(key, refreshed ? 1 : EARLY_MS, refreshed ? { wanted } : wish);
      if ('ok' in looked) return looked;
      // Nor is one asked again that gives tokens which are over when they arrive. An ID token some give at a sign-in
      // alone (OpenID Connect Core §12.2).
      if (refreshed && wanted === 'id_token') return err({ reason: 'link' });
      if (refreshed) return err({ reason: 'unavailable', retryAfterSeconds: REST_MS / 1000 });
      const { grant, held, life, isRefused } = looked;
      const outcome = await this.#tryRefresh(grant, held);
      switch (outcome.kind) {
        case 'refreshed':
          refreshed = true;
          if (isRefused) this.#refused.set(grant.id, this.#clock.now());
          break;
        case 'ended':
          return err({ reason: 'link' });
        case 'unavailable':
          return life > 0 ? ok(handedOut(held, grant, life, wanted)) : err(refusalOf(outcome));
        case 'taken':
          if (life > SPARE_MS && !isRefused) return ok(handedOut(held, grant, life, wanted));
          if (performance.now() - since > PATIENCE_MS) return err({ reason: 'unavailable', retryAfterSeconds: 1 });
          await sleep(50 + 100 * Math.random());
      }
    }
  }

  /** What is sealed; undefined when the person was erased, and nobody can read it any more. */
  async open(grant: StoredGrant): Promise<GrantTokens | undefined> {
    try {
      return unsealed(await this.#envelope.open(tokensPlace(grant), grant.sealed));
    } catch (error) {
      if (isCode(error, 'SUBJECT_ERASED')) return undefined;
      throw error;
    }
  }

  /** Unless the provider is to be left alone. */
  async #tryRefresh(grant: StoredGrant, held: GrantTokens): Promise<Outcome> {
    const name = `${grant.id} ${grant.version}`;
    const rest = (this.#resting.get(name) ?? 0) - this.#clock.now();
    if (rest > 0 && rest <= LONGEST_REST_MS) return unavailableFor(rest);
    const outcome = await this.#refresh(grant, held);
    if (outcome.kind === 'unavailable') {
      this.#resting.set(name, this.#clock.now() + Math.min(outcome.retryAfterSeconds * 1000, LONGEST_REST_MS));
    }
    return outcome;
  }

  async #refresh(grant: StoredGrant, held: GrantTokens): Promise<Outcome> {
    const { db } = this.#database;
    const holder = randomToken(16);
    const now = this.#clock.now();
    const { id, version } = grant;
    if (!(await takeRefreshing(db, { id, version, holder, now, until: now + LEASE_MS }))) return { kind: 'taken' };
    try {
      return await recordedChange(this.#trail, { door: 'system', actor: SYSTEM }, changeOf(grant), async () => {
        const answer = await this.#ask(grant, held);
        const stored = await this.#store(grant, held, holder, answer);
        if (!stored) await this.#discard(grant, answer);
        return { value: { kind: stored ? 'refreshed' : 'taken' }, details: { stored } };
      });
    } catch (error) {
      if (!(error instanceof ChatelaineError)) throw error;
      // Somebody who was faster left another version, which may be a good one.
      if (error.code === 'UPSTREAM_GRANT_ENDED')
        return (await markReauth(db, { id, version, holder }, now)) ? { kind: 'ended' } : { kind: 'taken' };
      if (!/^(UPSTREAM|SECRET)_/.test(error.code)) throw error;
      const { retryAfterSeconds } = error.details ?? {};
      return unavailableFor(typeof retryAfterSeconds === 'number' ? retryAfterSeconds * 1000 : REST_MS);
    } finally {
      await dropRefreshing(db, id, holder);
    }
  }

  async #ask(grant: StoredGrant, held: GrantTokens): Promise<TokenAnswer> {
    const provider = this.#upstreams.provider(grant.upstream);
    const { refreshToken, idToken, subject, givenBy } = held;
    if (refreshToken === undefined) throw upstreamError('UPSTREAM_GRANT_ENDED', 'there is no refresh token');
    const answer = await provider.refresh(refreshToken, { scopes: grant.scopes, idToken, givenBy });
    const sub = answer.claims?.['sub'];
    // OpenID Connect Core §12.2: a refreshed ID token is of the same person.
    if (sub === undefined || subject === sub || (typeof sub === 'string' && subject.endsWith(`/${sub}`))) return answer;
    throw upstreamError(
      'UPSTREAM_UNTRUSTED',
      `the upstream \`${grant.upstream}\` refreshed a token into somebody else's`,
    );
  }

  /**
   * Stores what the provider gave; false where the grant is gone or was replaced. The old refresh token may be
   * worth nothing by now, so a database that stumbles is asked again for as long as the turn is ours.
   */
  async #store(grant: StoredGrant, held: GrantTokens, holder: string, { tokens }: TokenAnswer): Promise<boolean> {
    const { scopes, expiresAt = null } = tokens;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#envelope.writing(subjectScope(grant.userId), async (trx, sealing) => {
          const sealed = await sealing.seal(tokensPlace(grant), sealable({ ...held, ...tokens }));
          const { id, version } = grant;
          return await storeRefreshed(
            trx,
            { id, version, holder },
            { ...sealed, scopes, expiresAt },
            this.#clock.now(),
          );
        });
      } catch (error) {
        if (isCode(error, 'SUBJECT_ERASED')) return false;
        if (attempt === STORE_ATTEMPTS) throw error;
        await sleep(100 * 2 ** attempt);
      }
    }
  }

  /** Tokens of a grant that was revoked while they were fetched: they must not live on at the provider. */
  async #discard(grant: StoredGrant, { tokens }: TokenAnswer): Promise<void> {
    if ((await findGrant(this.#database.db, grant)) !== undefined) return;
    const { refreshToken, accessToken, givenBy } = tokens;
    const provider = this.#upstreams.provider(grant.upstream);
    const hint = refreshToken === undefined ? 'access_token' : 'refresh_token';
    await provider.revoke(refreshToken ?? accessToken, hint, givenBy).catch(() => false);
  }
}

function handedOut(
  { accessToken, idToken }: GrantTokens,
  { scopes }: StoredGrant,
  life: number,
  wanted: UpstreamTokenWish['wanted'],
): UpstreamAccessToken {
  const expiresInSeconds = Number.isFinite(life) ? Math.floor(life / 1000) : undefined;
  if (wanted === undefined || idToken === undefined) return { accessToken, scopes, expiresInSeconds };
  return { accessToken: idToken, scopes, expiresInSeconds, issued: wanted };
}

/** When the ID token ends: it was verified when it came (OpenID Connect Core §3.1.3.7), and nobody wrote it since. */
function idTokenEnd({ idToken }: GrantTokens): number {
  const payload = idToken === undefined ? '' : (reveal(idToken).split('.')[1] ?? '');
  try {
    const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { readonly exp?: unknown };
    return typeof exp === 'number' ? exp * 1000 : 0;
  } catch {
    return 0;
  }
}

const unavailableFor = (ms: number): Outcome & { readonly kind: 'unavailable' } => ({
  kind: 'unavailable',
  retryAfterSeconds: Math.max(1, Math.ceil(ms / 1000)),
});

const refusalOf = ({ retryAfterSeconds }: Outcome & { readonly kind: 'unavailable' }): GrantRefusal => ({
  reason: 'unavailable',
  retryAfterSeconds,
});

const changeOf = (grant: StoredGrant) => ({
  class: 'credential' as const,
  type: 'grant.refresh',
  action: 'refresh',
  object: grantObject(grant),
  details: { upstream: grant.upstream, user: grant.userId },
});
