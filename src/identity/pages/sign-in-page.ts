import { html } from './html.ts';
import { documentOf, fieldOf, formOf, noticeOf } from './layout.ts';
import { HOME, nextPath, withNext } from './next-path.ts';
import { continueWith, goesToProvider, leaveFor } from './provider.ts';
import { at, problemOf, statusOf, type Page, type Problems, type Reply, type Visit } from './visit.ts';

/** At the identity provider where there is one, or by name and password. */
export const signInPage: Page = {
  path: '/console/sign-in',

  async show(visit) {
    return view(visit, { notice: NOTICES.get(visit.query.get('after') ?? '') });
  },

  async send(visit) {
    const form = visit.form(visit.visit);
    const name = form.get('name') ?? '';
    const next = nextPath(form.get('next'), HOME);
    const provider = visit.elsewhere.primary();
    if (provider !== undefined && goesToProvider(form)) {
      const reply = await leaveFor(visit, provider, { next, anew: false });
      return typeof reply === 'string' ? view(visit, { next, problems: { provider: reply, status: 503 } }) : reply;
    }
    let problems: Problems;
    try {
      const presented = { name, password: form.get('password') ?? '', device: visit.device };
      const { session, token, device } = await visit.services.signIn.password(visit.visitor, presented);
      visit.enter(token);
      if (device !== undefined) visit.remember(device);
      if (session.stage === 'enrolment') return { to: withNext('/console/enrol', next) };
      if (session.stage === 'second-factor') return { to: withNext('/console/sign-in/second-factor', next) };
      return { to: next };
    } catch (error) {
      problems = problemOf(error, {
        SIGN_IN_REFUSED: 'password',
        SIGN_IN_THROTTLED: 'password',
        SIGN_IN_BUSY: 'password',
      });
    }
    return view(visit, { name, problems, next });
  },
};

/** By `after` of the address, which anybody writes. */
const NOTICES: ReadonlyMap<string, string> = new Map([
  ['sign-out', 'You are signed out.'],
  ['password', 'The password is set. Sign in with it.'],
  ['expired', 'The session has ended. Sign in again.'],
]);

function view(
  visit: Visit,
  shown: { name?: string; problems?: Problems; next?: string; notice?: string | undefined },
): Reply {
  const problems = shown.problems ?? {};
  const next = shown.next ?? nextPath(visit.query.get('next'), HOME);
  const provider = visit.elsewhere.primary();
  const tried = shown.name !== undefined;
  const local = formOf(
    signInPage.path,
    visit.visit,
    html`<input type="hidden" name="next" value="${next}" />
      ${fieldOf({
        name: 'name',
        label: 'Name',
        autocomplete: 'username',
        value: shown.name,
        focus: provider === undefined && !tried,
      })}
      ${fieldOf({
        name: 'password',
        label: 'Password',
        type: 'password',
        autocomplete: 'current-password',
        problem: at(problems, 'password'),
      })}
      <button class="block${provider !== undefined && ' quiet'}">Sign in</button>
      <p class="hint">Forgotten the password? An administrator can give you a link that sets a new one.</p>`,
  );
  const body =
    provider === undefined
      ? html`${noticeOf(shown.notice)} ${local}`
      : html`${noticeOf(shown.notice)} ${noticeOf(at(problems, 'provider'), 'bad')}
          <div class="field">${continueWith(provider, { action: signInPage.path, cookie: visit.visit, next })}</div>
          <details ${(tried || at(problems, 'provider') !== undefined) && html`open`}>
            <summary>Sign in with a name and a password</summary>
            ${local}
          </details>`;
  return { page: documentOf({ title: 'Sign in', body, assets: visit.assets }), status: statusOf(problems) };
}
