import { formatDuration, randomToken } from '#kernel';
import { hasFactor } from '../second-factors/second-factors.ts';
import type { LiveSession } from '../sessions/session-verifier.ts';
import type { PrimaryProvider } from '../sign-in/elsewhere.ts';
import type { SignInServices } from '../sign-in/open-sign-in.ts';
import { html, type Html } from './html.ts';
import { documentOf, fieldOf, formOf, noticeOf, passkeyForm } from './layout.ts';
import { HOME, nextPath, withNext } from './next-path.ts';
import { continueWith, goesToProvider, leaveFor } from './provider.ts';
import { at, problemOf, statusOf, type Page, type Problems, type Reply, type Visit } from './visit.ts';

/** The second factor after the password. */
export const secondFactorPage = confirmation('/console/sign-in/second-factor', {
  title: 'Confirm that it is you',
  lead: () => 'That was right. Now your second factor.',
});

/** The second factor anew, before something that asks for it. */
export const stepUpPage = confirmation('/console/step-up', {
  title: 'Confirm that it is you',
  lead: ({ lifetimes }) =>
    `What you want to do asks for a proof that is not older than ${formatDuration(lifetimes.proofMs)}.`,
});

interface Words {
  readonly title: string;
  lead(services: SignInServices): string;
}

function confirmation(path: string, words: Words): Page {
  const stepUp = path === '/console/step-up';

  async function view(visit: Visit, live: LiveSession, next: string, problems: Problems): Promise<Reply> {
    const { passkeys } = visit.services.factors;
    const factors = await visit.services.factors.of(live.person.id);
    const cookie = visit.token as string;
    const nonce = randomToken(16);
    const more = html`<input type="hidden" name="next" value="${next}" />`;
    const ways: Html[] = [];
    if (factors.passkeys.length > 0 && passkeys.available) {
      const options = await passkeys.authenticationOptions(live.person.id, live.session.id);
      const problem = at(problems, 'passkey');
      ways.push(
        passkeyForm({ action: path, cookie, ceremony: 'get', options, button: 'Use a passkey', more, problem }),
      );
    }
    if (factors.app) {
      const hint = 'The six digits that your authenticator app shows now.';
      ways.push(codeForm(more, 'code', 'Code from the app', 'one-time-code', hint));
    }
    const provider = stepUp && !hasFactor(factors) ? providerOf(visit, live) : undefined;
    const or = html`<p class="or">or</p>`;
    const body = html`<p class="soft">${words.lead(visit.services)}</p>
      ${noticeOf(at(problems, 'provider'), 'bad')} ${ways.flatMap((way, index) => (index === 0 ? [way] : [or, way]))}
      ${
        factors.recoveryCodes > 0 &&
        html`<details ${at(problems, 'recovery') !== undefined && html`open`}>
          <summary>Use a recovery code</summary>
          ${codeForm(more, 'recovery', 'Recovery code', 'off', 'One of the ten that you kept. Each works once.')}
        </details>`
      }
      ${
        !hasFactor(factors) &&
        (provider === undefined
          ? codeForm(more, 'password', 'Password', 'current-password', 'You have no second factor.')
          : continueWith(provider, { action: path, cookie, next }))
      }`;
    return {
      page: documentOf({ title: words.title, body, assets: visit.assets, nonce }),
      status: statusOf(problems),
      nonce,
    };

    function codeForm(more: Html, name: string, label: string, autocomplete: string, hint: string): Html {
      const type = name === 'password' ? 'password' : 'text';
      const code = type === 'text';
      const focus = name === 'code' && ways.length === 0;
      return formOf(
        path,
        cookie,
        html`${more} ${fieldOf({ name, label, type, autocomplete, hint, code, focus, problem: at(problems, name) })}
          <button class="block">Confirm</button>`,
      );
    }
  }

  return {
    path,

    async show(visit) {
      const live = stepUp ? await visit.activeSession() : await visit.session();
      const next = nextPath(visit.query.get('next'), HOME);
      if (!stepUp && live.stage === 'active') return { to: next };
      const owed = live.stage !== 'active' && !hasFactor(await visit.services.factors.of(live.person.id));
      return owed ? { to: withNext('/console/enrol', next) } : view(visit, live, next, {});
    },

    async send(visit) {
      const live = stepUp ? await visit.activeSession() : await visit.session();
      const form = visit.form(visit.token);
      const next = nextPath(form.get('next'), HOME);
      const provider = stepUp ? providerOf(visit, live) : undefined;
      if (provider !== undefined && goesToProvider(form)) {
        const reply = await leaveFor(visit, provider, { next, anew: true });
        return typeof reply === 'string' ? view(visit, live, next, { provider: reply, status: 503 }) : reply;
      }
      const field = ['passkey', 'code', 'recovery', 'password'].find((name) => form.get(name) !== null) ?? 'code';
      const value = form.get(field) ?? '';
      const { signIn } = visit.services;
      try {
        const proof = field === 'passkey' ? { assertion: value } : { code: value };
        const signedIn =
          field === 'password'
            ? await signIn.passwordAgain(visit.visitor, live, value, visit.device)
            : await signIn.secondFactor(visit.visitor, live, proof, visit.device);
        visit.enter(signedIn.token);
        visit.remember(signedIn.device);
        return { to: next };
      } catch (error) {
        const fields = { SECOND_FACTOR_REFUSED: field, SIGN_IN_THROTTLED: field, SIGN_IN_REFUSED: field };
        return view(visit, live, next, problemOf(error, fields));
      }
    },
  };
}

/** The provider that vouches for the person: where else would they prove who they are, without a password here? */
function providerOf({ elsewhere }: Visit, { person }: LiveSession): PrimaryProvider | undefined {
  const provider = elsewhere.primary();
  return provider?.issuer === person.issuer ? provider : undefined;
}
