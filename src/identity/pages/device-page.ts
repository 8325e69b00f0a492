import { reveal } from '#kernel';
import type { LiveSession } from '../sessions/session-verifier.ts';
import { html } from './html.ts';
import { documentOf, fieldOf, formOf } from './layout.ts';
import { withNext } from './next-path.ts';
import { at, problemOf, statusOf, type Page, type Problems, type Reply, type Visit } from './visit.ts';

/** A program asks to be let in: the person enters its code, sees what it is, and decides. */
export const devicePage: Page = {
  path: '/console/device',

  async show(visit) {
    const live = await visit.activeSession();
    return codeView(visit, visit.query.get('code') ?? '', live, {});
  },

  async send(visit) {
    const live = await visit.activeSession();
    const form = visit.form(visit.token);
    const code = form.get('code') ?? '';
    const decision = form.get('decision');
    try {
      if (decision === null) return await decisionView(visit, live, code);
      const approve = decision === 'approve';
      await visit.services.programs.decide(visit.visitor, live, code, approve);
      return doneView(visit, approve);
    } catch (error) {
      // Back to this program, and not to where others go after a proof.
      if ((error as { readonly code?: string }).code === 'STEP_UP_REQUIRED') {
        const here = `${devicePage.path}?code=${encodeURIComponent(code.slice(0, 20))}`;
        return { to: withNext('/console/step-up', here) };
      }
      const problems = problemOf(error, { DEVICE_CODE_UNKNOWN: 'code', SIGN_IN_THROTTLED: 'code' });
      return codeView(visit, code, live, problems);
    }
  },
};

function codeView(visit: Visit, code: string, _live: LiveSession, problems: Problems): Reply {
  const body = html`<p class="soft">Enter the code that the program shows, if it was you who started it.</p>
    ${formOf(
      devicePage.path,
      visit.token as string,
      html`${fieldOf({
          name: 'code',
          label: 'Code',
          autocomplete: 'off',
          value: code.slice(0, 20),
          code: true,
          focus: true,
          problem: at(problems, 'code'),
        })} <button class="block">Go on</button>`,
    )}`;
  return { page: documentOf({ title: 'Let a program in', body, assets: visit.assets }), status: statusOf(problems) };
}

/** RFC 8628 §5.4: what is asked for, by whom and from where, before it is given. */
async function decisionView(visit: Visit, live: LiveSession, code: string): Promise<Reply> {
  const waiting = await visit.services.programs.look(visit.visitor, live, code);
  const decide = (decision: string, text: string, kind: string) =>
    formOf(
      devicePage.path,
      visit.token as string,
      html`<input type="hidden" name="code" value="${code}" /><input
          type="hidden"
          name="decision"
          value="${decision}"
        /><button class="${kind}">${text}</button>`,
    );
  const body = html`<p class="user-code">${code.toUpperCase()}</p>
    <p>
      <strong>${waiting.client || 'A program'}</strong> at ${waiting.address} asks to act as
      <strong>${live.person.name}</strong>, with everything that you may do, until you end its session.
    </p>
    <p class="soft">Only go on if you started it yourself just now, and your terminal shows this code.</p>
    <div class="actions">${decide('approve', 'Let it in', '')} ${decide('deny', 'Send it away', 'quiet')}</div>`;
  return { page: documentOf({ title: 'Is this yours?', body, assets: visit.assets }) };
}

function doneView(visit: Visit, approved: boolean): Reply {
  const body = html`<p>
      ${
        approved
          ? 'The program is signed in. You can close this window and go on there.'
          : 'The program was sent away. If you did not start it, somebody else knows a code meant for you: tell an administrator.'
      }
    </p>
    <p class="hint"><a href="/console/account">Your sessions</a></p>`;
  return { page: documentOf({ title: approved ? 'Let in' : 'Sent away', body, assets: visit.assets }) };
}

/** `POST`: a program begins to wait (RFC 8628 §3.1, §3.2). */
export const programStart: Page = {
  path: '/console/device/start',

  async send(visit) {
    const waiting = await visit.services.programs.start(visit.visitor, visit.programForm.get('client_name') ?? '');
    const page = new URL(devicePage.path, visit.services.publicUrl);
    const complete = new URL(page);
    complete.searchParams.set('code', waiting.userCode);
    return {
      json: {
        device_code: reveal(waiting.deviceCode),
        user_code: waiting.userCode,
        verification_uri: page.href,
        verification_uri_complete: complete.href,
        expires_in: waiting.expiresInSeconds,
        interval: waiting.intervalSeconds,
      },
    };
  },
};

/** `POST`: it asks what has become of it (RFC 8628 §3.4, §3.5; errors as in RFC 6749 §5.2). */
export const programPoll: Page = {
  path: '/console/device/token',

  async send(visit) {
    const poll = await visit.services.programs.poll(visit.visitor, visit.programForm.get('device_code') ?? '');
    if (poll.state !== 'approved') return { json: { error: poll.state }, status: 400 };
    return {
      json: {
        access_token: reveal(poll.credential),
        token_type: 'Bearer',
        expires_at: new Date(poll.expiresAt).toISOString(),
      },
    };
  },
};
