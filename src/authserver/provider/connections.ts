import { recordedChange } from '#audit';
import type { AuditTrail } from '#contract';
import { formOf, html, noticeOf, readForm, withNext, type Html, type LiveSession } from '#identity';
import { authServerError } from '../errors.ts';
import { readLink, type Accounts } from '../federation/index.ts';
import { accountForm, readAccountAction, type AccountAction } from '../pages/accounts-section.ts';
import { CONNECTIONS, connectionsBody, readDisconnect, type Disconnect } from '../pages/connections-page.ts';
import type { TokenSessions } from '../token-sessions/token-sessions.ts';
import { originOf, type Interactions, type Reply, type Visiting } from './interactions.ts';

/** `GET` and `POST /console/connections`: which programs act for a person, with which accounts, and the end of that. */
export class Connections {
  readonly #sessions: TokenSessions;
  readonly #trail: AuditTrail;
  readonly #interactions: Interactions;
  readonly #accounts: Accounts;

  constructor(parts: {
    readonly sessions: TokenSessions;
    readonly trail: AuditTrail;
    readonly interactions: Interactions;
    readonly accounts: Accounts;
  }) {
    this.#sessions = parts.sessions;
    this.#trail = parts.trail;
    this.#interactions = parts.interactions;
    this.#accounts = parts.accounts;
  }

  async show(visiting: Visiting): Promise<Reply> {
    const live = await this.#interactions.signedIn(visiting.request);
    if (live?.stage !== 'active') return { to: withNext('/console/sign-in', CONNECTIONS) };
    const after = queryOf(visiting).get('after') ?? '';
    const body = connectionsBody(
      await this.#sessions.list(live.person.id),
      this.#form(visiting),
      noticeOf(Object.hasOwn(NOTICES, after) ? NOTICES[after] : undefined),
      await this.#accounts.list(live.person.id),
    );
    return { status: 200, page: this.#interactions.page('Connections', body, true) };
  }

  /**
   * `GET /console/connections/link`: where a program sends the person whose account it needs. Whoever else follows
   * the address would link their account for that one. Throws `ACCOUNT_OF_ANOTHER`, `ACCOUNT_NOT_ALLOWED`.
   */
  async showLink(visiting: Visiting): Promise<Reply> {
    const link = readLink(queryOf(visiting));
    if (link === undefined) return { to: CONNECTIONS };
    const live = await this.#interactions.signedIn(visiting.request);
    if (live?.stage !== 'active') return { to: withNext('/console/sign-in', visiting.request.url ?? CONNECTIONS) };
    if (live.person.id !== link.sub)
      throw authServerError('ACCOUNT_OF_ANOTHER', 'this address is for somebody else than you');
    const account = await this.#accounts.require(live.person.id, link);
    const { displayName, owner, state, name = '' } = account;
    const { scopes } = link;
    const body = html`<p>
        A program that acts for you at <strong>${owner}</strong> needs your account at <strong>${displayName}</strong>.
      </p>
      ${state === 'linked' && !scopes && noticeOf(`It is connected already${name === '' ? '' : `, as ${name}`}.`)}
      ${scopes && html`<p>It asks for: <strong>${scopes.join(', ')}</strong>.</p>`}
      <p class="soft">
        You go on to ${displayName}, and come back here. Only go on if you use such a program just now.
      </p>
      <div class="actions">
        ${accountForm(account, 'connect', this.#form(visiting), { kind: '', scopes })}
        <a class="button quiet" href="${CONNECTIONS}">Not now</a>
      </div>`;
    return { status: 200, page: this.#interactions.page(`Connect ${displayName}?`, body) };
  }

  /** Does what the form asks for, among the person's own: the id of somebody else's session ends nothing. */
  async change(visiting: Visiting): Promise<Reply> {
    const live = await this.#interactions.signedIn(visiting.request);
    if (live?.stage !== 'active') return { to: withNext('/console/sign-in', CONNECTIONS) };
    const form = await readForm(visiting.request);
    this.#interactions.mustBeOurForm(visiting.request, form);
    const account = readAccountAction(form);
    if (account !== undefined) return await this.#changeAccount(visiting, live, account);
    const which = readDisconnect(form);
    return which === undefined ? { to: CONNECTIONS } : await this.#end(visiting, live, which);
  }

  async #end(visiting: Visiting, live: LiveSession, which: Disconnect): Promise<Reply> {
    const change = {
      type: 'oauth.disconnect',
      action: 'disconnect',
      object: { kind: 'token-session', namespace: '*', name: nameOf(which).slice(0, 256) },
    };
    await recordedChange(this.#trail, originOf(visiting, live), change, async () => {
      await this.#sessions.end({ ...which, userId: live.person.id }, 'by the user');
      return { value: undefined };
    });
    return { to: `${CONNECTIONS}?after=end` };
  }

  async #changeAccount(
    visiting: Visiting,
    live: LiveSession,
    { action, scopes, ...place }: AccountAction,
  ): Promise<Reply> {
    if (action === 'disconnect') {
      await this.#accounts.disconnect(live.person.id, place, originOf(visiting, live));
      return { to: `${CONNECTIONS}?after=disconnect` };
    }
    const { location, setCookie, displayName } = await this.#accounts.connect(live, place, scopes);
    // A page and no redirect, as everywhere that a form leads to another site (CSP 3 §6.5.1).
    const body = html`<p><a href="${location.href}">Go on to ${displayName}</a></p>`;
    return {
      status: 200,
      page: this.#interactions.page(`On to ${displayName}`, body),
      refresh: location.href,
      cookies: [setCookie],
    };
  }

  #form({ request }: Visiting): (content: Html) => Html {
    const cookie = this.#interactions.sessionToken(request);
    return (content) => formOf(CONNECTIONS, cookie, content);
  }
}

const NOTICES: Readonly<Record<string, string>> = {
  end: 'The program was sent away.',
  connect: 'The account is connected. You can go back to your program.',
  disconnect: 'The account is disconnected.',
};

const queryOf = ({ request }: Visiting): URLSearchParams =>
  new URLSearchParams((request.url ?? '').split('?').slice(1).join('?'));

const nameOf = (which: Disconnect): string => Object.values(which)[0] as string;
