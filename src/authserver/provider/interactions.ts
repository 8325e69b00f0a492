import type { IncomingMessage, ServerResponse } from 'node:http';
import { recordedChange } from '#audit';
import type { AuditOrigin, AuditTrail, ThemeSettings } from '#contract';
import {
  cookieJar,
  documentOf,
  formOf,
  html,
  isCsrfToken,
  isOwnPage,
  isRecentProof,
  readAssets,
  readCookie,
  readForm,
  withNext,
  type Assets,
  type CookieJar,
  type Html,
  type LiveSession,
  type SignInServices,
} from '#identity';
import type { Database } from '#db';
import type { Clock } from '#kernel';
import type { Interaction, Provider } from 'oidc-provider';
import { inOneUnit } from '../artifacts/unit-of-work.ts';
import type { ClientSource } from '../clients/client-source.ts';
import { displayOf, type ClientDisplay } from '../clients/display.ts';
import { authServerError } from '../errors.ts';
import { consentBody, leadsTo } from '../pages/interaction-pages.ts';
import type { OwnerMap } from '../resources/owner-map.ts';
import type { Consents } from '../token-sessions/consents.ts';
import type { TokenSessions } from '../token-sessions/token-sessions.ts';
import type { Upstreams } from '../upstreams/index.ts';
import { newGrant } from './new-grant.ts';
import { INTERACTION } from './settings.ts';

/** A page to send, or a place to go on to, with the cookies that are set on the way. */
export type Reply = { readonly cookies?: readonly string[] } & (
  | {
      readonly status: number;
      readonly page: Html;
      readonly leadsTo?: readonly string[];
      readonly headers?: Readonly<Record<string, string>>;
      /** Where the page goes on by itself. */
      readonly refresh?: string;
    }
  | { readonly to: string }
);

/** What the listener knows of a visit. */
export interface Visiting {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  readonly address: string | undefined;
}

/**
 * Sign-in and consent of one authorization request. Both are decided here and handed to the provider, which goes
 * on with the request it has kept: whatever stands in the address or a form of these pages changes nothing of it.
 */
export class Interactions {
  readonly #provider: () => Promise<Provider>;
  readonly #database: Database;
  readonly #trail: AuditTrail;
  readonly #signIn: SignInServices;
  readonly #clock: Clock;
  readonly #sessions: TokenSessions;
  readonly #consents: Consents;
  readonly #owners: OwnerMap;
  readonly #clients: ClientSource;
  readonly #upstreams: Pick<Upstreams, 'list'>;
  readonly #declined: (userId: string, owner: string) => void;
  readonly #assets: Assets;
  readonly #jar: CookieJar;

  constructor(parts: {
    readonly provider: () => Promise<Provider>;
    readonly database: Database;
    readonly trail: AuditTrail;
    readonly signIn: SignInServices;
    readonly clock: Clock;
    readonly sessions: TokenSessions;
    readonly consents: Consents;
    readonly owners: OwnerMap;
    readonly clients: ClientSource;
    readonly theme?: ThemeSettings | undefined;
    readonly upstreams: Pick<Upstreams, 'list'>;
    /** Told that the person did not allow what an owner asked for. */
    readonly declined: (userId: string, owner: string) => void;
  }) {
    this.#assets = readAssets(parts.theme);
    this.#provider = parts.provider;
    this.#database = parts.database;
    this.#trail = parts.trail;
    this.#signIn = parts.signIn;
    this.#clock = parts.clock;
    this.#sessions = parts.sessions;
    this.#consents = parts.consents;
    this.#owners = parts.owners;
    this.#clients = parts.clients;
    this.#upstreams = parts.upstreams;
    this.#declined = parts.declined;
    this.#jar = cookieJar(parts.signIn.publicUrl);
  }

  /** Who is signed in by the cookie of the request, as far as signing in has come. */
  async signedIn(request: IncomingMessage): Promise<LiveSession | undefined> {
    const token = readCookie(request.headers.cookie, this.#jar.session);
    if (token === undefined) return undefined;
    const found = await this.#signIn.verifier.read(token);
    return found.ok ? found.value : undefined;
  }

  /** `GET /oauth/interaction/{uid}`: the next step, which is to sign in or to decide. */
  async show(visiting: Visiting): Promise<Reply> {
    const interaction = await this.#interaction(visiting);
    const live = await this.signedIn(visiting.request);
    const here = `${INTERACTION}/${interaction.uid}`;
    if (live === undefined) return { to: withNext('/console/sign-in', here) };
    if (live.stage === 'second-factor') return { to: withNext('/console/sign-in/second-factor', here) };
    if (live.stage === 'enrolment') return { to: withNext('/console/enrol', here) };
    if (interaction.prompt.name === 'login') return this.#login(visiting, interaction, live);
    return this.#ask(interaction, live, this.sessionToken(visiting.request));
  }

  /** `POST`: what the person decided. */
  async decide(visiting: Visiting): Promise<Reply> {
    const interaction = await this.#interaction(visiting);
    const live = await this.signedIn(visiting.request);
    if (live?.stage !== 'active' || interaction.prompt.name !== 'consent') throw gone();
    const form = await readForm(visiting.request);
    this.mustBeOurForm(visiting.request, form);
    if (interaction.session?.accountId !== live.person.id) throw gone();
    if (form.get('decision') !== 'approve') {
      await this.#record(visiting, live, interaction, 'denied');
      const owned = this.#resourceOf(interaction);
      if (owned !== undefined) this.#declined(live.person.id, owned.owner);
      return this.#finish(visiting, { error: 'access_denied', error_description: 'the person did not allow it' });
    }
    const administers = this.#resourceOf(interaction)?.administers === true;
    if (administers && !isRecentProof(live.session.authTime, this.#clock.now(), { proofMs: ADMINISTRATION_PROOF_MS }))
      return { to: withNext('/console/step-up', `${INTERACTION}/${interaction.uid}`) };
    const grantId = await this.#allow(visiting, interaction, live, (form.get('upstreams') ?? '').split(' '));
    // With the proof that was just given: the provider may remember an older one.
    return this.#finish(visiting, { consent: { grantId }, ...(administers && { login: loginOf(live) }) });
  }

  /** The provider hears who it is, unless a newer proof than there is was asked for (`prompt=login`, `max_age`). */
  async #login(visiting: Visiting, interaction: Interaction, live: LiveSession): Promise<Reply> {
    const { session } = live;
    const asksAnew = interaction.prompt.reasons.some((reason) => reason === 'login_prompt' || reason === 'max_age');
    if (asksAnew && session.authTime < interaction.iat * 1000)
      return { to: withNext('/console/step-up', `${INTERACTION}/${interaction.uid}`) };
    const reply = await this.#finish(visiting, { login: loginOf(live) });
    // A page and no redirect: the way here may have begun with a form, and browsers hold what follows a form to
    // its `form-action`, which does not know where the client is (CSP 3 §6.5.1).
    if (!('to' in reply)) return reply;
    const body = html`<p><a href="${reply.to}">Go on</a></p>`;
    return { status: 200, page: this.page('You are signed in', body), refresh: reply.to };
  }

  async #ask(interaction: Interaction, live: LiveSession, cookie: string): Promise<Reply> {
    const { uid, params } = interaction;
    // A device has no redirect: it asks until it is told (RFC 8628 §3.4).
    const redirectUri = params['redirect_uri'] as string | undefined;
    const owned = this.#resourceOf(interaction);
    const question = {
      uid,
      person: live.person.displayName === '' ? live.person.name : live.person.displayName,
      client: await this.#display(params['client_id'] as string, redirectUri),
      redirectUri,
      resource: owned?.resource,
      scopes: scopesOf(interaction),
      upstreams: this.#upstreams.list().filter(({ name }) => owned?.upstreams.includes(name) === true),
    };
    const body = consentBody(question, (content) => formOf(`${INTERACTION}/${uid}`, cookie, content));
    return {
      status: 200,
      page: this.page('Allow this program?', body),
      leadsTo: redirectUri === undefined ? [] : leadsTo(redirectUri),
    };
  }

  /** The grant with what was asked for, its token session, and the consent: together, and on record before. */
  async #allow(
    visiting: Visiting,
    interaction: Interaction,
    live: LiveSession,
    shown: readonly string[],
  ): Promise<string> {
    const provider = await this.#provider();
    const { params } = interaction;
    const clientId = params['client_id'] as string;
    const owned = this.#resourceOf(interaction);
    const scopes = scopesOf(interaction);
    // What the owner may use now, as far as the person saw it: a reload in between adds nothing.
    const upstreams = owned?.upstreams.filter((upstream) => shown.includes(upstream)) ?? [];
    const display = await this.#display(clientId);
    const { missingOIDCScope = [], missingResourceScopes = {} } = interaction.prompt.details as Missing;
    const change = {
      type: 'oauth.consent',
      action: 'consent',
      object: { kind: 'client', namespace: '*', name: display.name.slice(0, 256), id: clientId.slice(0, 256) },
      details: {
        scopes: scopes.join(' ').slice(0, 1000),
        resource: owned?.resource ?? '',
        upstreams: upstreams.join(' '),
      },
    };
    return recordedChange(this.#trail, originOf(visiting, live), change, async () => {
      const grant = await inOneUnit(
        this.#database,
        async () => {
          const at = owned && { owned, upstreams, scopes: Object.values(missingResourceScopes).flat() };
          const allowed = { userId: live.person.id, clientId, clientName: display.name, at };
          const made = await newGrant(provider, this.#sessions, { ...allowed, identityScopes: missingOIDCScope });
          if (owned !== undefined)
            await this.#consents.give({
              ...{ userId: live.person.id, clientId, resource: owned.resource },
              ...{ scopes, upstreams },
            });
          return made;
        },
        () => true,
      );
      return { value: grant.jti, details: { tsid: grant.jti } };
    });
  }

  async #display(clientId: string, redirectUri?: string): Promise<ClientDisplay> {
    const client = await this.#clients.find(clientId);
    if (client === undefined) throw gone();
    return displayOf(client, redirectUri);
  }

  #resourceOf({ params }: Interaction) {
    const { resource } = params;
    return typeof resource === 'string' ? this.#owners.resolve(resource) : undefined;
  }

  async #interaction({ request, response }: Visiting): Promise<Interaction> {
    const provider = await this.#provider();
    const found = await provider.interactionDetails(request, response).catch(() => undefined);
    const uid = request.url?.split('?')[0]?.split('/')[3];
    // The cookie says which one, and the address must agree: a link to somebody else's leads nowhere.
    if (found === undefined || found.uid !== uid) throw gone();
    return found;
  }

  /** The token that forms of a person are bound to. */
  sessionToken(request: IncomingMessage): string {
    return readCookie(request.headers.cookie, this.#jar.session) ?? '';
  }

  /** Throws `OAUTH_REQUEST_GONE` for a form that another page sends. */
  mustBeOurForm(request: IncomingMessage, form: URLSearchParams): void {
    const { origin, 'sec-fetch-site': site } = request.headers;
    const source = { origin, secFetchSite: typeof site === 'string' ? site : undefined };
    const isOurs = isOwnPage(source, this.#signIn.publicUrl);
    if (!isOurs || !isCsrfToken(form.get('form') ?? '', this.sessionToken(request))) throw gone();
  }

  async #finish({ request, response }: Visiting, result: Parameters<Provider['interactionResult']>[2]): Promise<Reply> {
    const provider = await this.#provider();
    const to = await provider.interactionResult(request, response, result, {
      mergeWithLastSubmission: 'consent' in result,
    });
    return { to: new URL(to).pathname };
  }

  async #record(visiting: Visiting, live: LiveSession, { params }: Interaction, outcome: 'denied'): Promise<void> {
    await this.#trail.append({
      class: 'authorization',
      ...originOf(visiting, live),
      type: 'oauth.consent',
      action: 'consent',
      object: { kind: 'client', namespace: '*', name: String(params['client_id']).slice(0, 256) },
      outcome,
    });
  }

  page(title: string, body: Html, wide = false): Html {
    return documentOf({ title, body, assets: this.#assets, wide });
  }
}

/**
 * How old the proof may be with which a program is let in to administer: what is dangerous would be refused to it
 * soon, and nobody gives it away in a browser that was left open.
 */
const ADMINISTRATION_PROOF_MS = 60_000;

const loginOf = ({ session, person }: LiveSession) => ({
  accountId: person.id,
  ts: Math.floor(session.authTime / 1000),
  amr: [...session.amr],
});

interface Missing {
  readonly missingOIDCScope?: readonly string[];
  readonly missingResourceScopes?: Readonly<Record<string, readonly string[]>>;
}

function scopesOf(interaction: Interaction): readonly string[] {
  const { missingOIDCScope = [], missingResourceScopes = {} } = interaction.prompt.details as Missing;
  return [...missingOIDCScope, ...Object.values(missingResourceScopes).flat()];
}

/** Who does it, from where. */
export function originOf(
  { requestId, address, request }: Visiting,
  { person, session }: Pick<LiveSession, 'person' | 'session'>,
): AuditOrigin {
  const { 'user-agent': userAgent } = request.headers;
  return {
    door: 'oauth',
    requestId,
    actor: { kind: 'user', iss: 'chatelaine', sub: person.id, name: person.name, sessionId: session.id },
    ...(address !== undefined && { address }),
    ...(userAgent !== undefined && { userAgent: userAgent.slice(0, 256) }),
  };
}

const gone = (): Error => authServerError('OAUTH_REQUEST_GONE', 'this sign-in cannot go on');
