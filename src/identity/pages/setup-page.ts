import { Secret } from '#kernel';
import { SHORTEST_PASSWORD } from '../passwords/password-rules.ts';
import { signInError } from '../sign-in/errors.ts';
import { html, type Html } from './html.ts';
import { documentOf, fieldOf, formOf } from './layout.ts';
import { at, problemOf, statusOf, type Page, type Problems, type Reply, type Visit } from './visit.ts';

/** The first administrator, by the link that the start of the server printed. */
export const setupPage: Page = {
  path: '/console/setup',

  async show(visit) {
    const token = visit.query.get('token');
    if (token !== null) return followed(visit, token, setupPage.path);
    if (visit.link === undefined || !(await visit.services.setup.opens(visit.link))) throw dead();
    return setupView(visit, {}, {});
  },

  async send(visit) {
    const form = visit.form(visit.visit);
    const typed = { name: form.get('name') ?? '', displayName: form.get('display-name') ?? '' };
    const password = form.get('password') ?? '';
    if (password !== form.get('again')) {
      return setupView(visit, typed, { again: 'This is not the same as above.', status: 400 });
    }
    try {
      const { token } = await visit.services.setup.redeem(visit.visitor, visit.link ?? '', { ...typed, password });
      visit.unfollow();
      visit.enter(token);
      return { to: '/console/enrol' };
    } catch (error) {
      return setupView(
        visit,
        typed,
        problemOf(error, {
          PASSWORD_REFUSED: 'password',
          SIGN_IN_THROTTLED: 'password',
          NAME_REFUSED: 'name',
          USER_NAME_TAKEN: 'name',
          PROFILE_REFUSED: 'display-name',
        }),
      );
    }
  },
};

function setupView(visit: Visit, typed: { name?: string; displayName?: string }, problems: Problems): Reply {
  const body = html`<p class="soft">
      You will be the first administrator. After the password comes a second factor: an app or a passkey.
    </p>
    ${formOf(
      setupPage.path,
      visit.visit,
      html`${fieldOf({
          name: 'name',
          label: 'Name to sign in with',
          autocomplete: 'username',
          value: typed.name,
          hint: 'Short and without spaces: maria, or an e-mail address.',
          problem: at(problems, 'name'),
          focus: statusOf(problems) === 200,
        })}
        ${fieldOf({
          name: 'display-name',
          label: 'Your name',
          autocomplete: 'name',
          value: typed.displayName,
          hint: 'As others will see it.',
          problem: at(problems, 'display-name'),
        })}
        ${newPasswordFields(problems)} <button class="block">Go on</button>`,
    )}`;
  return { page: documentOf({ title: 'Set up Chatelaine', body, assets: visit.assets }), status: statusOf(problems) };
}

/** A new password, by the link of an administrator. */
export const passwordPage: Page = {
  path: '/console/password',

  async show(visit) {
    const token = visit.query.get('token');
    if (token !== null) return followed(visit, token, passwordPage.path);
    return passwordView(visit, {});
  },

  async send(visit) {
    const form = visit.form(visit.visit);
    const password = form.get('password') ?? '';
    if (password !== form.get('again')) {
      return passwordView(visit, { again: 'This is not the same as above.', status: 400 });
    }
    try {
      await visit.services.passwords.redeem(visit.visitor, visit.link ?? '', password);
      visit.unfollow();
      visit.leave();
      return { to: '/console/sign-in?after=password' };
    } catch (error) {
      return passwordView(visit, problemOf(error, { PASSWORD_REFUSED: 'password' }));
    }
  },
};

async function passwordView(visit: Visit, problems: Problems): Promise<Reply> {
  const person = await visit.services.passwords.linked(visit.link ?? '');
  if (person === undefined) throw dead();
  const body = html`<p class="soft">For <strong>${person.name}</strong>. Every session of this account ends.</p>
    ${formOf(
      passwordPage.path,
      visit.visit,
      html`<input type="hidden" name="username" autocomplete="username" value="${person.name}" />
        ${newPasswordFields(problems)} <button class="block">Set the password</button>`,
    )}`;
  return { page: documentOf({ title: 'Set your password', body, assets: visit.assets }), status: statusOf(problems) };
}

/**
 * The token goes from the address into a cookie, so that it does not stay in the history, on the screen, or
 * in a `Referer`. Nothing is used up by that: link previews and mail scanners follow links too.
 */
async function followed(visit: Visit, token: string, path: string): Promise<Reply> {
  if (!/^[A-Za-z0-9_-]{43}$/.test(token)) throw dead();
  visit.follow(new Secret(token));
  return { to: path };
}

/** Twice, since nobody sees what is typed. */
export const newPasswordFields = (problems: Problems): Html =>
  html`${fieldOf({
    name: 'password',
    label: 'New password',
    type: 'password',
    autocomplete: 'new-password',
    hint: `At least ${SHORTEST_PASSWORD} characters; several words make a good one.`,
    problem: at(problems, 'password'),
  })}
  ${fieldOf({
    name: 'again',
    label: 'New password again',
    type: 'password',
    autocomplete: 'new-password',
    problem: at(problems, 'again'),
  })}`;

const dead = (): Error => signInError('LINK_REFUSED', 'this link does not work, or does not work any more');
