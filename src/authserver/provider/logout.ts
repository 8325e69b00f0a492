import { ChatelaineError } from '#kernel';
import {
  clearCookie,
  cookieJar,
  formOf,
  html,
  readCookie,
  readForm,
  type CookieJar,
  type SignInServices,
} from '#identity';
import type { Artifacts } from '../artifacts/artifacts.ts';
import type { OAuthClient } from '../clients/client.ts';
import type { ClientSource } from '../clients/client-source.ts';
import { displayOf } from '../clients/display.ts';
import { authServerError } from '../errors.ts';
import type { SigningKeys } from '../keys/index.ts';
import { leadsTo } from '../pages/interaction-pages.ts';
import { logoutBody, signedOutBody } from '../pages/logout-page.ts';
import { readIdTokenHint } from './id-token-hint.ts';
import type { Interactions, Reply, Visiting } from './interactions.ts';
import { ROUTES } from './settings.ts';

/** The parameters of OpenID Connect RP-Initiated Logout §2 that are heeded. */
const PARAMETERS = ['id_token_hint', 'client_id', 'post_logout_redirect_uri', 'state'] as const;
const LONGEST_STATE = 2048;

/** A request that is in order: who asks, for whom, and where the browser goes afterwards. */
interface LogoutRequest {
  readonly client: OAuthClient | undefined;
  /** Who the client says is signed in, by an ID token of ours. */
  readonly userId: string | undefined;
  readonly redirectUri: string | undefined;
  readonly state: string | undefined;
}

/**
 * `GET` and `POST /oauth/logout` (OpenID Connect RP-Initiated Logout 1.0). The person is always asked: a link or an
 * image of another site would otherwise sign people out. What ends is the session of the browser, here and at
 * the provider; token sessions are ended where the person sees them all (ADR 29).
 *
 * Our own and not the provider's: the session is identity's, and a hint may be signed with a key that signs no more,
 * of which the provider knows nothing.
 */
export class Logout {
  readonly #interactions: Interactions;
  readonly #signIn: SignInServices;
  readonly #clients: ClientSource;
  readonly #artifacts: Artifacts;
  readonly #keys: Pick<SigningKeys, 'current'>;
  readonly #issuer: string;
  readonly #sessionCookie: string;
  readonly #jar: CookieJar;

  constructor(parts: {
    readonly interactions: Interactions;
    readonly signIn: SignInServices;
    readonly clients: ClientSource;
    readonly artifacts: Artifacts;
    readonly keys: Pick<SigningKeys, 'current'>;
    readonly issuer: string;
    /** The name of the provider's. */
    readonly sessionCookie: string;
  }) {
    this.#interactions = parts.interactions;
    this.#signIn = parts.signIn;
    this.#clients = parts.clients;
    this.#artifacts = parts.artifacts;
    this.#keys = parts.keys;
    this.#issuer = parts.issuer;
    this.#sessionCookie = parts.sessionCookie;
    this.#jar = cookieJar(parts.signIn.publicUrl);
  }

  /** Asks; signs nobody out. */
  async show(visiting: Visiting): Promise<Reply> {
    const asked = new URLSearchParams((visiting.request.url ?? '').split('?')[1]);
    const request = await this.#read(asked);
    const next = destination(request);
    const live = await this.#interactions.signedIn(visiting.request);
    if (live === undefined)
      return { status: 200, page: this.#interactions.page('You are signed out', signedOutBody(next)) };
    if (request.userId !== undefined && request.userId !== live.person.id)
      throw refused('the program asks for the sign-out of somebody else than is signed in here');
    const cookie = this.#interactions.sessionToken(visiting.request);
    const question = {
      person: live.person.displayName === '' ? live.person.name : live.person.displayName,
      client: request.client && displayOf(request.client),
      next,
    };
    const kept = {
      client_id: request.client?.clientId,
      post_logout_redirect_uri: request.redirectUri,
      state: request.state,
    };
    const fields = Object.entries(kept).map(
      ([name, value]) => value !== undefined && html`<input type="hidden" name="${name}" value="${value}" />`,
    );
    const body = logoutBody(question, (content) => formOf(ROUTES.end_session, cookie, html`${fields}${content}`));
    return {
      status: 200,
      page: this.#interactions.page('Sign out?', body),
      leadsTo: request.redirectUri === undefined ? [] : leadsTo(request.redirectUri),
    };
  }

  /** Our own form signs out; that of a client, which may ask by `POST` as well, is asked about like a link. */
  async send(visiting: Visiting): Promise<Reply> {
    const form = await readForm(visiting.request);
    if (!form.has('form')) {
      const asked = new URLSearchParams();
      for (const name of PARAMETERS) if (form.has(name)) asked.set(name, form.get(name) as string);
      // To a page that is asked for by `GET`: only then does the browser show us who is signed in (SameSite).
      return { to: `${ROUTES.end_session}${asked.size === 0 ? '' : `?${asked}`}` };
    }
    this.#interactions.mustBeOurForm(visiting.request, form);
    const request = await this.#read(form);
    const cookies = await this.#end(visiting);
    return { to: destination(request) ?? '/console/sign-in?after=sign-out', cookies };
  }

  /** Ends both sessions; gives the cookies that the browser forgets. */
  async #end({ request, address, requestId }: Visiting): Promise<readonly string[]> {
    const live = await this.#interactions.signedIn(request);
    const visitor = { address: address ?? '', userAgent: request.headers['user-agent'] ?? '', requestId };
    if (live !== undefined) await this.#signIn.signIn.signOut(visitor, live).catch(unlessItHasEnded);
    const id = readCookie(request.headers.cookie, this.#sessionCookie);
    if (id !== undefined) await this.#artifacts.delete('Session', id);
    const names = [this.#jar.session, this.#sessionCookie, `${this.#sessionCookie}.sig`];
    return names.map((name) => clearCookie(this.#jar, name));
  }

  /**
   * What is asked for, once all of it holds: an ID token of ours, of the client that is named, and a place that
   * this client has registered. Otherwise nobody is sent anywhere (§2: the OP "MUST NOT" redirect).
   */
  async #read(asked: URLSearchParams): Promise<LogoutRequest> {
    for (const name of PARAMETERS) if (asked.getAll(name).length > 1) throw refused(`\`${name}\` is there twice`);
    const [hint, named, redirectUri, state] = PARAMETERS.map((name) => asked.get(name) ?? undefined);
    const read = hint === undefined ? undefined : await this.#hint(hint);
    if (read !== undefined && named !== undefined && named !== read.clientId)
      throw refused('`client_id` is not the client that `id_token_hint` was issued to');
    const clientId = read?.clientId ?? named;
    const client = clientId === undefined ? undefined : await this.#clients.find(clientId);
    if (clientId !== undefined && client === undefined) throw refused('there is no such client');
    if (redirectUri !== undefined && !(client?.postLogoutRedirectUris ?? []).includes(redirectUri))
      throw refused(
        client === undefined
          ? '`post_logout_redirect_uri` takes `id_token_hint` or `client_id`'
          : '`post_logout_redirect_uri` is none that the client has registered',
      );
    if ((state ?? '').length > LONGEST_STATE) throw refused(`\`state\` has more than ${LONGEST_STATE} characters`);
    return { client, userId: read?.userId, redirectUri, state };
  }

  async #hint(hint: string): Promise<{ readonly clientId: string; readonly userId: string }> {
    const read = await readIdTokenHint(hint, { issuer: this.#issuer, keys: await this.#keys.current() });
    if (!read.ok) throw refused(`\`id_token_hint\`: ${read.error}`);
    return read.value;
  }
}

/** The registered address, with `state` where the client gave one (§3). */
function destination({ redirectUri, state }: LogoutRequest): string | undefined {
  if (redirectUri === undefined || state === undefined) return redirectUri;
  return `${redirectUri}${redirectUri.includes('?') ? '&' : '?'}${new URLSearchParams({ state })}`;
}

/** In another tab, or by an administrator, a moment ago: then it is as it should be. */
function unlessItHasEnded(error: unknown): void {
  if (!(error instanceof ChatelaineError) || error.code !== 'SESSION_UNKNOWN') throw error;
}

const refused = (why: string): ChatelaineError => authServerError('OAUTH_SIGN_OUT_REFUSED', why);
