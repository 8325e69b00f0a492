import { html } from './html.ts';
import { documentOf, fieldOf, formOf, noticeOf } from './layout.ts';
import { HOME, nextPath, withNext } from './next-path.ts';
import { at, problemOf, statusOf, type Page, type Problems, type Reply, type Visit } from './visit.ts';

/** Name and password. */
export const signInPage: Page = {
  path: '/console/sign-in',

  async show(visit) {
    return view(visit, { notice: NOTICES[visit.query.get('after') ?? ''] });
  },

  async send(visit) {
    const form = visit.form(visit.visit);
    const name = form.get('name') ?? '';
    const next = nextPath(form.get('next'), HOME);
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

const NOTICES: Readonly<Record<string, string>> = {
  'sign-out': 'You are signed out.',
  password: 'The password is set. Sign in with it.',
  expired: 'The session has ended. Sign in again.',
};

function view(
  visit: Visit,
  shown: { name?: string; problems?: Problems; next?: string; notice?: string | undefined },
): Reply {
  const problems = shown.problems ?? {};
  const next = shown.next ?? nextPath(visit.query.get('next'), HOME);
  const body = html`${noticeOf(shown.notice)}
  ${formOf(
    signInPage.path,
    visit.visit,
    html`<input type="hidden" name="next" value="${next}" />
      ${fieldOf({
        name: 'name',
        label: 'Name',
        autocomplete: 'username',
        value: shown.name,
        focus: shown.name === undefined,
      })}
      ${fieldOf({
        name: 'password',
        label: 'Password',
        type: 'password',
        autocomplete: 'current-password',
        problem: at(problems, 'password'),
      })}
      <button class="block">Sign in</button>
      <p class="hint">Forgotten the password? An administrator can give you a link that sets a new one.</p>`,
  )}`;
  return { page: documentOf({ title: 'Sign in', body, assets: visit.assets }), status: statusOf(problems) };
}
