import { LONGEST_UPSTREAM_NAME, type AuditOrigin } from '#contract';
import {
  clearCookie,
  cookieJar,
  html,
  noticeOf,
  readCookie,
  setCookie,
  signInVouched,
  withNext,
  type ChangeFrame,
  type CookieJar,
  type LiveSession,
  type SignInServices,
  type UserDirectory,
} from '#identity';
import { ChatelaineError, type Logger } from '#kernel';
import type { Grants } from '../grants/index.ts';
import { CONNECTIONS } from '../pages/connections-page.ts';
import { originOf, type Interactions, type Reply, type Visiting } from '../provider/interactions.ts';
import { upstreamError } from '../upstreams/errors.ts';
import type { FinishedLeg, Legs, Upstreams } from '../upstreams/index.ts';
import type { Accounts } from './accounts.ts';

/** Where upstreams send browsers back to; behind it the name. */
export const CALLBACK = '/oauth/callback/';

/** The name in the path of a callback; undefined for a path that names none. */
export function upstreamOfCallback(path: string): string | undefined {
  const name = path.startsWith(CALLBACK) ? path.slice(CALLBACK.length) : '';
  return /^[A-Za-z0-9_.~-]+$/.test(name) && name.length <= LONGEST_UPSTREAM_NAME ? name : undefined;
}

const ANONYMOUS = { kind: 'anonymous', iss: 'chatelaine', sub: '', name: '' } as const;

/** `GET /oauth/callback/{upstream}`: a browser comes back from a provider, to be signed in or with an account. */
export class Callback {
  readonly #legs: Pick<Legs, 'finish'>;
  readonly #upstreams: Pick<Upstreams, 'primary'>;
  readonly #grants: Pick<Grants, 'save'>;
  readonly #accounts: Pick<Accounts, 'require'>;
  readonly #interactions: Interactions;
  readonly #frame: ChangeFrame;
  readonly #users: UserDirectory;
  readonly #services: SignInServices;
  readonly #jar: CookieJar;
  readonly #log: Logger;

  constructor(parts: {
    readonly legs: Pick<Legs, 'finish'>;
    readonly upstreams: Pick<Upstreams, 'primary'>;
    readonly grants: Pick<Grants, 'save'>;
    readonly accounts: Pick<Accounts, 'require'>;
    readonly interactions: Interactions;
    readonly frame: ChangeFrame;
    readonly users: UserDirectory;
    readonly services: SignInServices;
    readonly log: Logger;
  }) {
    this.#legs = parts.legs;
    this.#upstreams = parts.upstreams;
    this.#grants = parts.grants;
    this.#accounts = parts.accounts;
    this.#interactions = parts.interactions;
    this.#frame = parts.frame;
    this.#users = parts.users;
    this.#services = parts.services;
    this.#jar = cookieJar(parts.services.publicUrl);
    this.#log = parts.log;
  }

  /** Never a word that the provider, or whoever wrote the address, put there. */
  async answer(visiting: Visiting, upstream: string): Promise<Reply> {
    const { request } = visiting;
    const live = await this.#interactions.signedIn(request);
    const { outcome, clearCookie: clearLeg } = await this.#legs.finish({
      upstream,
      query: new URLSearchParams((request.url ?? '').split('?').slice(1).join('?')),
      cookies: request.headers.cookie,
      user: live?.stage === 'active' ? live.person : undefined,
      origin: originOfVisit(visiting, live),
    });
    const cookies = clearLeg === undefined ? [] : [clearLeg];
    if (!outcome.ok) return { ...this.#refusal(outcome.error.error, outcome.error.returnTo), cookies };
    const leg = outcome.value;
    try {
      const reply = await (leg.purpose === 'link' ? this.#link(visiting, leg, live) : this.#enter(visiting, leg, live));
      return { ...reply, cookies: [...cookies, ...(reply.cookies ?? [])] };
    } catch (error) {
      if (!(error instanceof ChatelaineError)) throw error;
      return { ...this.#refusal(error, leg.returnTo), cookies };
    }
  }

  /** Signs the person in, in a session that nobody knew before, and keeps the tokens where they are for somebody. */
  async #enter(visiting: Visiting, leg: FinishedLeg, before: LiveSession | undefined): Promise<Reply> {
    // A reload may have taken people's sign-ins away from it meanwhile.
    if (leg.upstream !== this.#upstreams.primary())
      throw upstreamError('LEG_UNKNOWN', 'people do not sign in at this provider any more');
    const { headers } = visiting.request;
    const { requestId, address = '' } = visiting;
    const visitor = { requestId, address, userAgent: headers['user-agent'] ?? '' };
    const parts = { frame: this.#frame, users: this.#users, services: this.#services };
    const { session, token, person } = await signInVouched(parts, visitor, leg, before);
    if (leg.owner !== undefined) await this.#keep(person.id, leg.owner, leg, originOf(visiting, { person, session }));
    const cookies = [setCookie(this.#jar, this.#jar.session, token)];
    if (readCookie(headers.cookie, this.#jar.visit) !== undefined)
      cookies.push(clearCookie(this.#jar, this.#jar.visit));
    const { returnTo } = leg;
    if (session.stage === 'enrolment') return { to: withNext('/console/enrol', returnTo), cookies };
    if (session.stage === 'second-factor') return { to: withNext('/console/sign-in/second-factor', returnTo), cookies };
    return { to: returnTo, cookies };
  }

  /** A sign-in is good without them: what could not be kept is linked when it is needed. */
  async #keep(userId: string, owner: string, leg: FinishedLeg, origin: AuditOrigin): Promise<void> {
    try {
      await this.#grants.save({ userId, owner, upstream: leg.upstream }, leg, origin);
    } catch (error) {
      const { upstream } = leg;
      this.#log.error({ event: 'grants.save', upstream, owner, err: error }, 'tokens of a sign-in could not be kept');
    }
  }

  /** Keeps the tokens of an account, if what it was to be linked for is still allowed. */
  async #link(visiting: Visiting, leg: FinishedLeg, live: LiveSession | undefined): Promise<Reply> {
    const { upstream, owner, userId } = leg;
    // `finish` has made sure of both: whoever began is who came back.
    if (live === undefined || userId !== live.person.id || owner === undefined)
      throw new Error('a link came back without the person it is for');
    await this.#accounts.require(userId, { owner, upstream });
    await this.#grants.save({ userId, owner, upstream }, leg, originOf(visiting, live));
    return { to: `${CONNECTIONS}?after=connect` };
  }

  #refusal(error: ChatelaineError, returnTo: string | undefined) {
    const { status, code } = error;
    if (status >= 500) this.#log.warn({ event: 'upstream.refused', err: error }, 'a sign-in at an upstream failed');
    const said = status < 500 ? `${sentenceOf(error.message)} ${error.remedy}` : `${ELSEWHERE} (${code})`;
    const body = html`${noticeOf(said, 'bad')}
      <p class="hint"><a href="${returnTo ?? '/console/sign-in'}">Back to where you began</a></p>`;
    return { status, page: this.#interactions.page('That did not work', body) };
  }
}

/** What is wrong there is for the operator: it names addresses. */
const ELSEWHERE =
  'The identity provider did not answer as it must, so nothing was done. Try again in a moment; if it lasts, tell an administrator.';

/** Names stand between backticks for whoever reads a log. */
const sentenceOf = (message: string): string =>
  `${message.charAt(0).toUpperCase()}${message.slice(1)}.`.replaceAll('`', '');

function originOfVisit(visiting: Visiting, live: LiveSession | undefined): AuditOrigin {
  if (live !== undefined) return originOf(visiting, live);
  const { requestId, address, request } = visiting;
  const { 'user-agent': userAgent } = request.headers;
  return {
    ...{ door: 'oauth', requestId, actor: ANONYMOUS },
    ...(address !== undefined && { address }),
    ...(userAgent !== undefined && { userAgent: userAgent.slice(0, 256) }),
  };
}
