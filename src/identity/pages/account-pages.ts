import { hasFactor } from '../second-factors/second-factors.ts';
import type { LiveSession } from '../sessions/session-verifier.ts';
import { originOf } from '../sign-in/visitor.ts';
import { LOCAL_ISSUER } from '../users/user.ts';
import { html, type Html } from './html.ts';
import { documentOf, fieldOf, formOf, noticeOf } from './layout.ts';
import { newPasswordFields } from './setup-page.ts';
import { recoveryCodesView } from './enrol-pages.ts';
import { at, problemOf, statusOf, type Page, type Problems, type Reply, type Visit } from './visit.ts';

const ACCOUNT = '/console/account';

/** Sessions and second factors of the person. */
export const accountPage: Page = {
  path: ACCOUNT,

  async show(visit) {
    const live = await visit.activeSession();
    const cookie = visit.token as string;
    const [sessions, factors] = await Promise.all([
      visit.services.sessions.list(live.person.id),
      visit.services.factors.of(live.person.id),
    ]);
    const action = (path: string, name: string, value: string, text: string, label: string): Html =>
      formOf(
        `${ACCOUNT}/${path}`,
        cookie,
        html`<input type="hidden" name="${name}" value="${value}" /><button class="small danger" aria-label="${label}">
            ${text}
          </button>`,
      );
    const body = html`<p class="soft">${live.person.displayName} · signs in as ${live.person.name}</p>
      ${noticeOf(NOTICES.get(visit.query.get('after') ?? ''))}
      <h2>Your sessions</h2>
      <ul class="rows">
        ${sessions.map((session) => {
          const what = session.kind === 'cli' ? `Command line: ${session.device}` : browserName(session.device);
          return html`<li>
            <div>
              <strong>${what}</strong>${session.id === live.session.id && html`<span class="tag">this one</span>`}
              <p class="hint">
                from ${session.address} · since ${moment(session.createdAt)} · last used ${moment(session.lastSeenAt)}
              </p>
            </div>
            ${
              session.id !== live.session.id &&
              action('end-session', 'session', session.id, 'End', `End the session of ${what}`)
            }
          </li>`;
        })}
      </ul>
      ${
        sessions.length > 1 &&
        html`<div class="actions">
          ${formOf(`${ACCOUNT}/end-others`, cookie, html`<button class="quiet small">End all others</button>`)}
        </div>`
      }
      <h2>Second factors</h2>
      <ul class="rows">
        ${
          factors.app &&
          html`<li>
            <div><strong>Authenticator app</strong></div>
            ${action('remove-factor', 'factor', 'app', 'Remove', 'Remove the authenticator app')}
          </li>`
        }
        ${factors.passkeys.map(
          (passkey) =>
            html`<li>
              <div>
                <strong>${passkey.label}</strong>
                <p class="hint">
                  passkey · since
                  ${moment(passkey.createdAt)}${
                    passkey.lastUsedAt !== null && ` · last used ${moment(passkey.lastUsedAt)}`
                  }
                </p>
              </div>
              ${action('remove-factor', 'factor', passkey.id, 'Remove', `Remove the passkey ${passkey.label}`)}
            </li>`,
        )}
        ${
          hasFactor(factors) &&
          html`<li>
            <div>
              <strong>Recovery codes</strong>
              <p class="hint">${factors.recoveryCodes} of 10 left</p>
            </div>
            ${formOf(`${ACCOUNT}/recovery-codes`, cookie, html`<button class="small quiet">Make new ones</button>`)}
          </li>`
        }
      </ul>
      <div class="actions">
        <a class="button quiet" href="/console/enrol?next=${ACCOUNT}">Add a second factor</a>
        ${
          live.person.issuer === LOCAL_ISSUER &&
          html`<a class="button quiet" href="${ACCOUNT}/password">Change the password</a>`
        }
      </div>`;
    const aside = formOf('/console/sign-out', cookie, html`<button class="small quiet">Sign out</button>`);
    return { page: documentOf({ title: 'Your account', body, assets: visit.assets, wide: true, aside }) };
  },
};

/** A new password in the place of the old one. */
export const changePasswordPage: Page = {
  path: `${ACCOUNT}/password`,

  show: async (visit) => passwordView(visit, await visit.activeSession(), {}),

  async send(visit) {
    const live = await visit.activeSession();
    const form = visit.form(visit.token);
    const next = form.get('password') ?? '';
    if (next !== form.get('again')) {
      return passwordView(visit, live, { again: 'This is not the same as above.', status: 400 });
    }
    try {
      const wanted = { current: form.get('current') ?? '', next };
      const { token } = await visit.services.passwords.change(visit.visitor, live, wanted);
      visit.enter(token);
      visit.remember(await visit.services.signIn.remember(live.person, visit.device));
      return { to: `${ACCOUNT}?after=password` };
    } catch (error) {
      const fields = { SIGN_IN_REFUSED: 'current', SIGN_IN_THROTTLED: 'current', PASSWORD_REFUSED: 'password' };
      return passwordView(visit, live, problemOf(error, fields));
    }
  },
};

function passwordView(visit: Visit, { person }: LiveSession, problems: Problems): Reply {
  const body = html`<p class="soft">All other sessions end.</p>
    ${formOf(
      changePasswordPage.path,
      visit.token as string,
      html`<input type="hidden" name="username" autocomplete="username" value="${person.name}" /> ${fieldOf({
          name: 'current',
          label: 'Current password',
          type: 'password',
          autocomplete: 'current-password',
          problem: at(problems, 'current'),
          focus: statusOf(problems) === 200,
        })}
        ${newPasswordFields(problems)} <button class="block">Change the password</button>`,
    )}
    <p class="hint"><a href="${ACCOUNT}">Leave it as it is</a></p>`;
  return { page: documentOf({ title: 'Change the password', body, assets: visit.assets }), status: statusOf(problems) };
}

/** The small forms of the account page. */
export const accountActions: readonly Page[] = [
  action(`${ACCOUNT}/end-session`, async (visit, live, form) => {
    await visit.services.sessions.end(
      originOf(visit.visitor, live.person, live.session.id),
      live.person.id,
      form.get('session') ?? '',
    );
    return { to: `${ACCOUNT}?after=ended` };
  }),
  action(`${ACCOUNT}/end-others`, async (visit, live) => {
    await visit.services.sessions.endAll(
      originOf(visit.visitor, live.person, live.session.id),
      live.person.id,
      live.session.id,
    );
    return { to: `${ACCOUNT}?after=ended` };
  }),
  action(`${ACCOUNT}/remove-factor`, async (visit, live, form) => {
    const factor = form.get('factor') ?? '';
    const what = factor === 'app' ? ('app' as const) : { passkey: factor };
    await visit.services.enrolment.remove(visit.visitor, live, what);
    return { to: `${ACCOUNT}?after=removed` };
  }),
  action(`${ACCOUNT}/recovery-codes`, async (visit, live) =>
    recoveryCodesView(visit, await visit.services.enrolment.renewRecoveryCodes(visit.visitor, live), ACCOUNT),
  ),
];

/** Signing out works whatever the session has become. */
export const signOutPage: Page = {
  path: '/console/sign-out',

  async send(visit) {
    const live = await visit.session();
    visit.form(visit.token);
    await visit.services.signIn.signOut(visit.visitor, live);
    visit.leave();
    return { to: '/console/sign-in?after=sign-out' };
  },
};

function action(path: string, act: (visit: Visit, live: LiveSession, form: URLSearchParams) => Promise<Reply>): Page {
  return {
    path,
    async send(visit) {
      const live = await visit.activeSession();
      return await act(visit, live, visit.form(visit.token));
    },
  };
}

/** By `after` of the address, which anybody writes. */
const NOTICES: ReadonlyMap<string, string> = new Map([
  ['ended', 'Ended. Nobody comes in by it any more.'],
  ['removed', 'Removed.'],
  ['password', 'The password is changed, and all other sessions have ended.'],
]);

const moment = (at: number): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ') + ' UTC';

/** What a person recognises of a `User-Agent`; all of it where nothing is recognised. */
export function browserName(userAgent: string): string {
  const browser = [/Edg\/\d+/, /OPR\/\d+/, /Firefox\/\d+/, /Chrome\/\d+/, /Version\/\d+(?=.*Safari)/]
    .map((pattern) => pattern.exec(userAgent)?.[0])
    .find((found) => found !== undefined);
  const system = ['Android', 'iPhone', 'iPad', 'Windows', 'Mac OS X', 'Linux'].find((name) => userAgent.includes(name));
  if (browser === undefined) return userAgent === '' ? 'A browser' : userAgent.slice(0, 80);
  const name = browser.split('/')[0] as string;
  const said = { Edg: 'Edge', OPR: 'Opera', Version: 'Safari' }[name] ?? name;
  return system === undefined ? said : `${said} on ${system === 'Mac OS X' ? 'macOS' : system}`;
}
