import { CountedRefusals } from '#audit';
import type { AuditEvent, AuditOrigin, AuditTrail } from '#contract';
import type { Database } from '#db';
import { ChatelaineError, equalBytes, err, ok, type Clock } from '#kernel';
import { insertLeg, takeLeg, type StoredLeg } from '../store/upstream-logins-store.ts';
import { upstreamError } from './errors.ts';
import { clearLegCookie, legCookie, readLegCookie, setLegCookie } from './leg-cookie.ts';
import { digestOf, isToken, newLegSecrets, openLeg, sealLeg } from './leg-secrets.ts';
import type { BegunLeg, EndedLeg, FinishedLeg, LegRequest, LegUser } from './leg.ts';
import type { Upstreams } from './upstreams.ts';

/** How long a person may take at the provider. */
export const LEG_MS = 10 * 60_000;

/** What the provider sent the browser back with. */
export interface LegCallback {
  /** The name in the path of the callback. */
  readonly upstream: string;
  readonly query: URLSearchParams;
  /** The `Cookie` header. */
  readonly cookies: string | undefined;
  /** Who is signed in with us in that browser. */
  readonly user: LegUser | undefined;
  readonly origin: AuditOrigin;
}

/**
 * Legs at identity providers: a browser is sent away with a state, and comes back with it once, in time, in the
 * same browser, at the callback of the same provider. RFC 6749 §4.1 with RFC 7636, RFC 9207 and RFC 9700 §4.
 */
export class Legs {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #trail: AuditTrail;
  readonly #upstreams: Upstreams;
  readonly #publicUrl: URL;
  readonly #refusals: CountedRefusals;

  constructor(parts: {
    readonly database: Database;
    readonly clock: Clock;
    readonly trail: AuditTrail;
    readonly upstreams: Upstreams;
    readonly publicUrl: URL;
  }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#trail = parts.trail;
    this.#upstreams = parts.upstreams;
    this.#publicUrl = parts.publicUrl;
    this.#refusals = new CountedRefusals(parts.trail, parts.clock);
  }

  /** Where an upstream sends browsers back to: what is registered there. */
  callbackUrl(upstream: string): URL {
    return new URL(`/oauth/callback/${encodeURIComponent(upstream)}`, this.#publicUrl);
  }

  /** Sends a browser away. Throws `UPSTREAM_…`. */
  async begin({ upstream, purpose, returnTo, owner, ...wish }: LegRequest): Promise<BegunLeg> {
    const provider = this.#upstreams.provider(upstream);
    const secrets = newLegSecrets();
    const { loginHint, anew = false, scopes } = wish;
    const redirectUri = this.callbackUrl(upstream).href;
    const { location, note } = await provider.authorization(secrets, { redirectUri, loginHint, anew, scopes });
    const now = this.#clock.now();
    const stateDigest = digestOf(secrets.state);
    const leg: StoredLeg = {
      stateDigest,
      upstream,
      purpose: purpose.kind,
      browserDigest: digestOf(secrets.browser),
      userId: purpose.kind === 'link' ? purpose.user.id : null,
      owner: owner ?? null,
      returnTo,
      sealed: sealLeg(secrets, provider.upstream, note),
      expiresAt: now + LEG_MS,
    };
    await insertLeg(this.#database.db, leg, now);
    const cookie = legCookie(stateDigest, this.#publicUrl);
    return { location, setCookie: setLegCookie(cookie, secrets.browser, LEG_MS / 1000) };
  }

  /**
   * Ends the leg that a browser came back from. How it ended is on record when it returns; what strangers
   * are refused is counted beyond a number in a minute. Throws as the database and the audit log do.
   */
  async finish(callback: LegCallback): Promise<EndedLeg> {
    const states = callback.query.getAll('state');
    const [state] = states;
    const stateDigest = states.length === 1 && isToken(state) ? digestOf(state) : undefined;
    const cookie = stateDigest === undefined ? undefined : legCookie(stateDigest, this.#publicUrl);
    const clearCookie = cookie && clearLegCookie(cookie);
    // Whatever is wrong with the rest, this state is used up: nobody gets to try twice.
    const leg = stateDigest === undefined ? undefined : await takeLeg(this.#database.db, stateDigest);
    let returnTo: string | undefined;
    try {
      if (leg === undefined || cookie === undefined || !isToken(state) || leg.expiresAt <= this.#clock.now()) {
        throw upstreamError('LEG_UNKNOWN', 'no sign-in at an identity provider waits for this answer');
      }
      const browser = checkBrowser(leg, readLegCookie(cookie, callback.cookies));
      ({ returnTo } = leg);
      const finished = await this.#finish(leg, { state, browser }, callback);
      await this.#trail.append({ ...this.#eventOf(leg, callback), outcome: 'success' });
      return { outcome: ok(finished), clearCookie };
    } catch (error) {
      if (!(error instanceof ChatelaineError) || !isRefusal(error)) throw error;
      await this.#recordRefusal(leg, callback, error);
      return { outcome: err({ error, returnTo }), clearCookie };
    }
  }

  /** Writes what was only counted so far. */
  async close(): Promise<void> {
    await this.#refusals.flush();
  }

  async #finish(
    leg: StoredLeg,
    held: { readonly state: string; readonly browser: string },
    { upstream, query, user }: LegCallback,
  ): Promise<FinishedLeg> {
    // RFC 9700 §4.4.2: one callback for each provider, and an answer counts at that of the one that was asked.
    if (upstream !== leg.upstream) {
      throw upstreamError('LEG_OTHER_UPSTREAM', `the upstream \`${leg.upstream}\` was asked, and another one answered`);
    }
    if (leg.purpose === 'link' && (user === undefined || user.id !== leg.userId)) throw otherUser();
    const provider = this.#upstreams.provider(leg.upstream);
    const opened = openLeg(leg.sealed, held, provider.upstream);
    if (opened === undefined) throw upstreamError('LEG_UNKNOWN', 'the provider that was asked is not the one of now');
    const address = this.callbackUrl(leg.upstream);
    address.search = query.toString();
    const { note, ...proof } = opened;
    const answer = await provider.redeem(address, { state: held.state, ...proof }, note);
    const account = await provider.account(answer);
    const { issuer, subject } = account.identity;
    // Who signs in at this provider is known there by one subject: tokens of another person are not theirs.
    if (leg.purpose === 'link' && user?.issuer === issuer && user.subject !== subject) throw otherUser();
    return {
      ...account,
      upstream: leg.upstream,
      purpose: leg.purpose,
      userId: leg.userId ?? undefined,
      owner: leg.owner ?? undefined,
      returnTo: leg.returnTo,
      tokens: answer.tokens,
    };
  }

  #eventOf(leg: StoredLeg | undefined, { upstream, origin }: LegCallback): Omit<AuditEvent, 'outcome'> {
    const action = leg?.purpose ?? 'sign-in';
    return {
      ...origin,
      class: 'authentication',
      type: `upstream.${action}`,
      action,
      object: { kind: 'upstream', namespace: '*', name: (leg?.upstream ?? upstream).slice(0, 128) },
      ...(leg?.owner !== null && leg?.owner !== undefined && { details: { owner: leg.owner } }),
    };
  }

  async #recordRefusal(leg: StoredLeg | undefined, callback: LegCallback, error: ChatelaineError): Promise<void> {
    const event = this.#eventOf(leg, callback);
    const said = callback.query.get('error_description');
    const details = {
      ...event.details,
      ...(typeof error.details?.['reason'] === 'string' && { reason: error.details['reason'] }),
      // For the operator alone: whoever wrote it may have been anybody.
      ...(said !== null && { said: said.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 200) }),
    };
    const { class: kind, type, action, door } = event;
    const actor = { kind: 'anonymous', iss: 'chatelaine', sub: '', name: '' } as const;
    await this.#refusals.record(
      { ...event, outcome: error.status < 500 ? 'denied' : 'failure', error: error.code, details },
      callback.origin.address ?? '',
      { of: type, event: { class: kind, type, action, door, actor } },
    );
  }
}

/** The browser's own value, if it is the one that began (login CSRF, RFC 9700 §4.7). */
function checkBrowser(leg: StoredLeg, presented: string | undefined): string {
  if (isToken(presented) && equalBytes(Buffer.from(digestOf(presented)), Buffer.from(leg.browserDigest))) {
    return presented;
  }
  throw upstreamError('LEG_OTHER_BROWSER', 'this browser did not begin the sign-in that it brings the answer of');
}

const otherUser = (): ChatelaineError =>
  upstreamError('LEG_OTHER_USER', 'whoever brings the answer is not the person the account is to be linked for');

/** What is the person's or the provider's doing. Where we could not write or read, nothing is known of the leg. */
const isRefusal = ({ code }: ChatelaineError): boolean => /^(LEG|UPSTREAM|SECRET|SEALED)_/.test(code);
