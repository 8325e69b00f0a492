import { randomToken, reveal, type Secret } from '#kernel';
import { spelled } from '../second-factors/authenticator-app.ts';
import { qrPath } from '../second-factors/qr-code.ts';
import type { LiveSession } from '../sessions/session-verifier.ts';
import type { Enrolled } from '../sign-in/enrolment.ts';
import { html } from './html.ts';
import { documentOf, fieldOf, formOf, noticeOf, passkeyForm } from './layout.ts';
import { nextPath, withNext } from './next-path.ts';
import { at, problemOf, statusOf, type Page, type Problems, type Reply, type Visit } from './visit.ts';

const ACCOUNT = '/console/account';

/** Which second factor it shall be. */
export const enrolPage: Page = {
  path: '/console/enrol',

  async show(visit) {
    const live = await visit.session();
    const next = nextPath(visit.query.get('next'), ACCOUNT);
    const { available } = visit.services.factors.passkeys;
    const body = html`<p class="soft">
        ${
          live.stage === 'active'
            ? 'A second factor protects the account when somebody finds out the password.'
            : 'This account can change what others may do, so one proof alone is not enough for it.'
        }
      </p>
      <h2>Passkey</h2>
      <p class="soft">Your fingerprint, face or PIN on this device, or a security key. Nothing to type.</p>
      ${
        available
          ? html`<a class="button" href="${withNext('/console/enrol/passkey', next)}">Set up a passkey</a>`
          : noticeOf('Passkeys belong to a host name, and this server is reached by an address.')
      }
      <h2>Authenticator app</h2>
      <p class="soft">An app on your phone that shows six digits, new ones every thirty seconds.</p>
      ${formOf(
        enrolPage.path,
        visit.token as string,
        html`<input type="hidden" name="next" value="${next}" /><button class="${available && 'quiet'}">
            Set up an app
          </button>`,
      )}`;
    return { page: documentOf({ title: 'Set up a second factor', body, assets: visit.assets }) };
  },

  /** Begins with an app. */
  async send(visit) {
    const live = await visit.session();
    const form = visit.form(visit.token);
    await visit.services.enrolment.app(live);
    return { to: withNext(appPage.path, nextPath(form.get('next'), ACCOUNT)) };
  },
};

/** The app: scan, then show that it works. */
export const appPage: Page = {
  path: '/console/enrol/app',

  show: async (visit) => appView(visit, await visit.session(), nextPath(visit.query.get('next'), ACCOUNT), {}),

  async send(visit) {
    const live = await visit.session();
    const form = visit.form(visit.token);
    const next = nextPath(form.get('next'), ACCOUNT);
    try {
      const code = form.get('code') ?? '';
      return await enrolled(visit, live, await visit.services.enrolment.confirmApp(visit.visitor, live, code), next);
    } catch (error) {
      return appView(visit, live, next, problemOf(error, { SECOND_FACTOR_REFUSED: 'code' }));
    }
  },
};

async function appView(visit: Visit, live: LiveSession, next: string, problems: Problems): Promise<Reply> {
  const enrolment = await visit.services.enrolment.begunApp(live);
  if (enrolment === undefined) return { to: withNext(enrolPage.path, next) };
  const { path, side } = qrPath(enrolment.uri);
  const body = html`<p class="soft">Scan this with the app, then enter the code that it shows.</p>
    <svg class="qr" viewBox="0 0 ${side} ${side}" role="img" aria-label="QR code for the authenticator app">
      <path d="${path}" />
    </svg>
    <details>
      <summary>Cannot scan?</summary>
      <p class="hint">Enter this key in the app, as a time-based one:</p>
      <p class="seed">${spelled(enrolment.seed)}</p>
    </details>
    ${formOf(
      appPage.path,
      visit.token as string,
      html`<input type="hidden" name="next" value="${next}" />
        ${fieldOf({
          name: 'code',
          label: 'Code from the app',
          autocomplete: 'one-time-code',
          code: true,
          problem: at(problems, 'code'),
        })}
        <button class="block">Confirm</button>`,
    )}`;
  return { page: documentOf({ title: 'Authenticator app', body, assets: visit.assets }), status: statusOf(problems) };
}

/** The passkey: a name for it, then the browser asks. */
export const passkeyPage: Page = {
  path: '/console/enrol/passkey',

  show: async (visit) => passkeyView(visit, await visit.session(), nextPath(visit.query.get('next'), ACCOUNT), {}),

  async send(visit) {
    const live = await visit.session();
    const form = visit.form(visit.token);
    const next = nextPath(form.get('next'), ACCOUNT);
    const label = labelOf(form.get('label'));
    try {
      const json = form.get('passkey') ?? '';
      return await enrolled(
        visit,
        live,
        await visit.services.enrolment.addPasskey(visit.visitor, live, json, label),
        next,
      );
    } catch (error) {
      return passkeyView(visit, live, next, problemOf(error, { SECOND_FACTOR_REFUSED: 'passkey' }));
    }
  },
};

async function passkeyView(visit: Visit, live: LiveSession, next: string, problems: Problems): Promise<Reply> {
  const nonce = randomToken(16);
  const options = await visit.services.enrolment.passkeyOptions(live);
  const body = html`<p class="soft">Your browser will ask for a fingerprint, a PIN or a security key.</p>
    ${passkeyForm({
      action: passkeyPage.path,
      cookie: visit.token as string,
      ceremony: 'create',
      options,
      button: 'Set up the passkey',
      problem: at(problems, 'passkey'),
      more: html`<input type="hidden" name="next" value="${next}" /> ${fieldOf({
          name: 'label',
          label: 'Name of this passkey',
          autocomplete: 'off',
          value: 'This device',
          hint: 'So that you can tell it from others later.',
        })}`,
    })}
    <p class="hint"><a href="${withNext(enrolPage.path, next)}">Another way</a></p>`;
  return {
    page: documentOf({ title: 'Passkey', body, assets: visit.assets, nonce }),
    status: statusOf(problems),
    nonce,
  };
}

async function enrolled(visit: Visit, live: LiveSession, done: Enrolled, next: string): Promise<Reply> {
  visit.enter(done.token);
  visit.remember(await visit.services.signIn.remember(live.person, visit.device));
  return done.recoveryCodes === undefined ? { to: next } : recoveryCodesView(visit, done.recoveryCodes, next);
}

/** The codes, shown this once. */
export function recoveryCodesView(visit: Visit, codes: readonly Secret[], next: string): Reply {
  const body = html`<p>
      When the second factor is lost, one of these lets you in instead. Each works once. Print them or keep them in a
      password safe: they are not shown again.
    </p>
    <ol class="codes">
      ${codes.map((code) => html`<li>${reveal(code)}</li>`)}
    </ol>
    <a class="button" href="${next}">I have kept them</a>`;
  return { page: documentOf({ title: 'Recovery codes', body, assets: visit.assets }) };
}

const labelOf = (typed: string | null): string =>
  (typed ?? '')
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '')
    .trim()
    .slice(0, 60) || 'Passkey';
